// decoder.wasm: images into a network's input, and poses out of a network's maps.
import {PoseNetError} from '../errors.js';

const KEYPOINTS = 17, EDGES = 16;
const TYPES = {float32: 1, uint8: 3, int8: 9};  // TensorFlow Lite's numbers, as in decoder.h
const WORD = 4;  // bytes
const MAP_WORDS = 7, MAPS = 5, OPTIONS_WORDS = 5;
const POSE_WORDS = 3 * KEYPOINTS + 1;  // y and x of each keypoint, their scores, the pose's score

/** Compiles and starts decoder.wasm. code: a Response. */
export async function startDecoder(code) {
  const imports = new Proxy({}, {get: () => () => 52});  // files, which it never uses: "no such call"
  const module = await WebAssembly.compile(await code.arrayBuffer());
  const instance = await WebAssembly.instantiate(module, {wasi_snapshot_preview1: imports});
  instance.exports._initialize();
  return new Decoder(instance.exports);
}

export class Decoder {
  constructor(exports) {
    this._wasm = exports;
    this._blocks = new Map();
  }

  /**
   * Fits an image into a network's input, its aspect ratio kept.
   *
   * image: {data, width, height}, RGBA. width, height: of the input.
   * Returns {rgb, scaleX, scaleY}: the input, good until the next call, and its pixels per pixel of
   * the image.
   */
  fit(image, width, height) {
    const bytes = width * height * 3;
    const pixels = this._block('image', image.data.length);
    const canvas = this._block('canvas', bytes), covered = this._block('covered', 2 * WORD);
    this._bytes(pixels, image.data.length).set(image.data);
    this._wasm.posenet_fit(pixels, image.width, image.height, canvas, width, height, covered);
    const [across, down] = new Int32Array(this._wasm.memory.buffer, covered, 2);
    return {rgb: this._bytes(canvas, bytes), scaleX: across / image.width,
      scaleY: down / image.height};
  }

  /**
   * Decodes maps.
   *
   * maps: heatmaps, short offsets, mid offsets forward and backward, as {data, type, shape, scale,
   *     zeroPoint}, or heatmaps, short offsets and both mid offsets in one.
   * options: {maxDetections, scoreThreshold, nmsRadius, stride}.
   * Returns poses as {score, scores, places}: 17 scores, and y and x in pixels of the input.
   */
  decode(maps, options) {
    const features = this._block('features', MAPS * MAP_WORDS * WORD);
    const places = maps.map((map, i) => this._copy(`map${i}`, map.data));
    const all = maps.map((map, i) => ({...map, place: places[i]}));
    const both = all[2];
    if (maps.length === 3) {  // forward before backward
      all.push({...both, place: both.place + 2 * EDGES * both.data.BYTES_PER_ELEMENT});
    }
    const at = this._block('options', OPTIONS_WORDS * WORD), count = this._block('count', WORD);
    const poses = this._block('poses', options.maxDetections * POSE_WORDS * WORD);
    const view = new DataView(this._wasm.memory.buffer);
    for (let i = 0; i < MAPS; ++i) writeMap(view, features + i * MAP_WORDS * WORD, all[i]);
    view.setInt32(at, options.maxDetections, true);
    view.setInt32(at + WORD, options.stride, true);
    view.setFloat32(at + 2 * WORD, options.scoreThreshold, true);
    view.setFloat32(at + 3 * WORD, options.nmsRadius, true);
    view.setInt32(at + 4 * WORD, maps.length === 3 ? 1 : 0, true);  // as in raw_decoder.py
    const error = this._wasm.posenet_decode(features, at, poses, count);
    if (error) throw new PoseNetError('options', this._text(error));
    return this._poses(poses, new Int32Array(this._wasm.memory.buffer, count, 1)[0]);
  }

  _poses(place, count) {
    return Array.from({length: count}, (_, i) => {
      const words = new Float32Array(this._wasm.memory.buffer, place + i * POSE_WORDS * WORD,
          POSE_WORDS);
      return {places: words.slice(0, 2 * KEYPOINTS),
        scores: words.slice(2 * KEYPOINTS, 3 * KEYPOINTS), score: words[3 * KEYPOINTS]};
    });
  }

  _copy(name, data) {
    const place = this._block(name, data.byteLength);
    this._bytes(place, data.byteLength)
        .set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return place;
  }

  /** Memory by its use: the same each time, unless more is needed. */
  _block(name, bytes) {
    const block = this._blocks.get(name) ?? {place: 0, bytes: 0};
    if (block.bytes < bytes) {
      this._blocks.delete(name);
      this._wasm.posenet_release(block.place);
      const place = this._wasm.posenet_allocate(bytes);
      if (!place) throw new PoseNetError('image', 'not enough memory for an image of this size');
      this._blocks.set(name, {place, bytes});
    }
    return this._blocks.get(name).place;
  }

  _bytes(place, length) {
    return new Uint8Array(this._wasm.memory.buffer, place, length);
  }

  _text(place) {
    const bytes = new Uint8Array(this._wasm.memory.buffer, place);
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
  }
}

function writeMap(view, place, map) {
  const [, height, width, channels] = map?.shape ?? [1, 0, 0, 0];
  [map?.place ?? 0, TYPES[map?.type] ?? 0, height, width, channels]
      .forEach((word, i) => view.setInt32(place + i * WORD, word, true));
  view.setFloat32(place + 5 * WORD, map?.scale ?? 0, true);
  view.setInt32(place + 6 * WORD, map?.zeroPoint ?? 0, true);
}
