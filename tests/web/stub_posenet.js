// Instead of web/posenet.js in tests of the page: it finds in each image what the next frame of
// poses.json has, and its heatmaps have a spot at each keypoint.
export {openCamera} from './camera.js';
const LISTED = [{name: 'stub', url: 'models/rendered.tflite',
  inputResolution: {width: 481, height: 353}}];
export async function models() { return LISTED; }
export async function load() {
  const stub = globalThis.stub = {frames: await (await fetch('poses.json')).json()};
  let looked = -1, size;
  const poses = () => stub.frames[looked % stub.frames.length];
  return {
    model: LISTED[0], timing: {image: 1, network: 2, decoder: 3},
    async estimateMultiplePoses(image, {scoreThreshold = 0.2, maxDetections = 10} = {}) {
      size = {width: image.width, height: image.height};
      looked++;
      return structuredClone(poses()).filter(({score}) => score >= scoreThreshold)
        .slice(0, maxDetections);
    },
    async estimateSinglePose(image) { return (await this.estimateMultiplePoses(image))[0]; },
    async heatmap(part) {
      const cells = 16, scores = new Float32Array(cells * cells);
      for (const {keypoints} of poses())
        for (const {part: name, score, position: {x, y}} of keypoints) {
          const column = Math.floor(x / size.width * cells);
          const row = Math.floor(y / size.height * cells);
          if (!part || part === name) scores[row * cells + column] = score;
        }
      const [cellWidth, cellHeight] = [size.width / cells, size.height / cells];
      return {width: cells, height: cells, scores, cellWidth, cellHeight, left: cellWidth / 2,
        top: cellHeight / 2, imageWidth: size.width, imageHeight: size.height};
    },
    dispose() {}};
}
