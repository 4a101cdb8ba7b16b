// PoseNet in a browser, with the interface of @tensorflow-models/posenet. See README.md.

/** The keypoints, in the order in which a pose has them. Left and right are the person's own. */
export type Part =
    'nose' | 'leftEye' | 'rightEye' | 'leftEar' | 'rightEar' | 'leftShoulder' | 'rightShoulder' |
    'leftElbow' | 'rightElbow' | 'leftWrist' | 'rightWrist' | 'leftHip' | 'rightHip' | 'leftKnee' |
    'rightKnee' | 'leftAnkle' | 'rightAnkle';

/** The 17 parts, in order. */
export const PARTS: readonly Part[];

/** Pixels of the image that was given: the middle of its first pixel is 0, 0. */
export interface Position {
  x: number;
  y: number;
}

export interface Keypoint {
  part: Part;
  /** 0 to 1 */
  score: number;
  position: Position;
}

export interface Pose {
  /** 0 to 1: the mean of the keypoints' scores that no better pose claims */
  score: number;
  /** 17 of them, in the order of PARTS */
  keypoints: Keypoint[];
}

/**
 * Coordinates are in pixels of the image itself (naturalWidth, videoWidth), not of the element.
 */
export type ImageSource =
    HTMLImageElement | HTMLVideoElement | HTMLCanvasElement | OffscreenCanvas | ImageBitmap |
    ImageData;

/** Which network to load. What is left out may be anything. */
export interface ModelConfig {
  architecture?: 'MobileNetV1';
  outputStride?: 8 | 16 | 32;
  /** In pixels; the model of the nearest size is taken. A number means a square. */
  inputResolution?: number | {width: number, height: number};
  multiplier?: 0.5 | 0.75 | 1;
  /** A .tflite file, Google's and ours with or without PosenetDecoderOp; the rest is then unused. */
  modelUrl?: string | URL;
  /** A .tflite file that the visitor chose; in place of modelUrl. */
  modelFile?: Blob;
}

/** A model file of this folder, as models.json lists it. */
export interface ModelInfo {
  name: string;
  url: string;
  architecture: 'MobileNetV1';
  outputStride: number;
  multiplier: number;
  inputResolution: {width: number, height: number};
  bytes: number;
  sha256: string;
}

export interface SinglePoseOptions {
  /** Flip x, for a picture that is shown mirrored. Left and right stay the person's own. */
  flipHorizontal?: boolean;
}

export interface MultiplePosesOptions extends SinglePoseOptions {
  /** 1 to 1000; 10 by default */
  maxDetections?: number;
  /** 0 to 1, of the part with which a pose begins and of the pose; 0.2 by default */
  scoreThreshold?: number;
  /** In pixels of the network's input: nearer than this is the same keypoint; 10 by default */
  nmsRadius?: number;
}

/** A part's scores in the last image. */
export interface Heatmap {
  /** Cells */
  width: number;
  height: number;
  /** 0 to 1; row by row */
  scores: Float32Array;
  /**
   * The middle of cell [column, row] is at x = left + column * cellWidth and
   * y = top + row * cellHeight, in pixels of the image. Cells at the right or at the bottom may lie
   * outside of it.
   */
  left: number;
  top: number;
  cellWidth: number;
  cellHeight: number;
  /** Of the image, in pixels */
  imageWidth: number;
  imageHeight: number;
}

/** Milliseconds that the last image took in the worker. */
export interface Timing {
  /** Getting the pixels and fitting them into the network's input */
  image: number;
  network: number;
  decoder: number;
}

export class PoseNet {
  /** What was loaded; without name, url and multiplier if it is not in models.json. */
  readonly model: Partial<ModelInfo> & {
    inputResolution: {width: number, height: number}, outputStride: number
  };
  /** Of the last image; zeros before the first. */
  readonly timing: Timing;

  /** The pose of the one person in an image: right for one person only, and never missing. */
  estimateSinglePose(image: ImageSource, options?: SinglePoseOptions): Promise<Pose>;

  /** The poses of everybody in an image, best first. */
  estimateMultiplePoses(image: ImageSource, options?: MultiplePosesOptions): Promise<Pose[]>;

  /** A part's scores in the last image; without a part, of the likeliest one in each cell. */
  heatmap(part?: Part): Promise<Heatmap>;

  /** Ends the worker. What is pending fails with the code 'disposed'. */
  dispose(): void;
}

/** Loads a network into a worker of its own. */
export function load(config?: ModelConfig): Promise<PoseNet>;

/** The model files of this folder. */
export function models(): Promise<ModelInfo[]>;

/**
 * The stream of a camera, for a <video>'s srcObject. Fails with a PoseNetError that says what to do:
 * no camera, no permission, in use by another program, not a secure page.
 */
export function openCamera(constraints?: MediaTrackConstraints): Promise<MediaStream>;

export type ErrorCode =
    'no-webassembly' |  // or no SIMD in it
    'no-model' |        // this folder has none as wanted
    'bad-model' |       // the file is no network that runs here
    'network' |         // a file could not be fetched
    'image' |           // not an image, without pixels, or not readable
    'options' |         // an option is out of range
    'disposed' |
    'no-camera' | 'no-permission' | 'camera-in-use' | 'not-secure' |
    'internal';

/** Every function fails with one of these. The message is one line for users. */
export class PoseNetError extends Error {
  readonly code: ErrorCode;
}
