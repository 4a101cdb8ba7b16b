// A PoseNet: what its maps say of an image, in the image's own pixels.
//
// As posesuite/engine/families/posenet.py and single_pose.py, for networks that end in raw maps.
import {PoseNetError} from '../errors.js';
import {PARTS} from '../parts.js';

const KEYPOINTS = PARTS.length, EDGES = KEYPOINTS - 1;
const STRIDES = [8, 16, 32];  // input pixels per cell, of the published networks

export class PoseNetwork {
  /** Throws a PoseNetError with the code 'bad-model' if the network's outputs are no PoseNet's. */
  constructor(network, decoder) {
    this._network = network;
    this._decoder = decoder;
    this._order = rawOutputs(network.outputs);
    this._maps = [];  // of the last image
    this._placement = null;
    const [, rows] = network.outputs[this._order[0]].shape;
    this.stride = STRIDES.find(stride => Math.ceil(network.height / stride) === rows) ??
        Math.round((network.height - 1) / Math.max(1, rows - 1));
  }

  get input() {
    return {width: this._network.width, height: this._network.height};
  }

  /**
   * Runs the network on an image, {data, width, height}, RGBA.
   * Returns the milliseconds: {image, network}.
   */
  async look(image) {
    const start = performance.now();
    const {rgb, scaleX, scaleY} = this._decoder.fit(image, this.input.width, this.input.height);
    const fitted = performance.now();
    this._placement = {scaleX, scaleY, width: image.width, height: image.height};
    const outputs = await this._network.run(rgb);
    this._maps = this._order.map(i => ({...this._network.outputs[i], data: outputs[i]}));
    return {image: fitted - start, network: performance.now() - fitted};
  }

  /** The poses of everybody; options: as of PoseNet.estimateMultiplePoses, all of them. */
  multiple(options) {
    if (this._maps.length === 2) return [this.single(options)];
    return this._decoder.decode(this._maps, {...options, stride: this.stride})
        .map(pose => this._inImage(pose, options.flipHorizontal));
  }

  /** The pose of one person: each part where its heatmap is highest, plus the offset there. */
  single({flipHorizontal}) {
    const [heatmaps, offsets] = this._maps;
    const [, , columns] = heatmaps.shape;
    const scores = new Float32Array(KEYPOINTS), places = new Float64Array(2 * KEYPOINTS);
    for (let part = 0; part < KEYPOINTS; ++part) {
      const cell = highest(heatmaps.data, part);
      const row = Math.floor(cell / columns), column = cell % columns;
      const at = cell * 2 * KEYPOINTS + part;
      scores[part] = sigmoid(value(heatmaps, cell * KEYPOINTS + part));
      places[2 * part] = value(offsets, at) + row * this.stride;
      places[2 * part + 1] = value(offsets, at + KEYPOINTS) + column * this.stride;
    }
    const score = scores.reduce((sum, each) => sum + each, 0) / KEYPOINTS;
    return this._inImage({places, scores, score}, flipHorizontal);
  }

  /** A part's scores, or those of the likeliest part of each cell; part: its name, or undefined. */
  heatmap(part) {
    if (this._placement === null) throw new PoseNetError('image', 'there was no image yet');
    const [heatmaps] = this._maps;
    const [, height, width] = heatmaps.shape;
    const first = part === undefined ? 0 : PARTS.indexOf(part);
    const last = part === undefined ? KEYPOINTS - 1 : first;
    const scores = new Float32Array(height * width);
    for (let cell = 0; cell < scores.length; ++cell) {
      let logit = -Infinity;
      for (let i = first; i <= last; ++i) {
        logit = Math.max(logit, value(heatmaps, cell * KEYPOINTS + i));
      }
      scores[cell] = sigmoid(logit);
    }
    const {scaleX, scaleY, width: imageWidth, height: imageHeight} = this._placement;
    return {width, height, scores, left: 0.5 / scaleX - 0.5, top: 0.5 / scaleY - 0.5,
      cellWidth: this.stride / scaleX, cellHeight: this.stride / scaleY, imageWidth, imageHeight};
  }

  /** A pose as JSON has it, in pixels of the image and not outside of it. */
  _inImage({places, scores, score}, flip) {
    const {scaleX, scaleY, width, height} = this._placement;
    const keypoints = PARTS.map((part, i) => {
      const x = within((places[2 * i + 1] + 0.5) / scaleX - 0.5, width - 1);
      const y = within((places[2 * i] + 0.5) / scaleY - 0.5, height - 1);
      return {part, score: scores[i], position: {x: flip ? width - 1 - x : x, y}};
    });
    return {score, keypoints};
  }
}

/**
 * Where heatmaps, short offsets and mid offsets are among a network's outputs: known by their
 * channels, and displacements backward ('bwd') from forward by their names.
 */
function rawOutputs(outputs) {
  const withChannels = channels => outputs.map((_, i) => i).filter(i =>
    outputs[i].shape.length === 4 && outputs[i].shape[3] === channels &&
    !outputs[i].name.includes('long'));
  const maps = [withChannels(KEYPOINTS)[0], withChannels(2 * KEYPOINTS)[0]];
  const backward = i => outputs[i].name.includes('bwd') ? 1 : 0;
  const displacements = withChannels(2 * EDGES).sort((a, b) => backward(a) - backward(b));
  const both = withChannels(4 * EDGES).slice(0, 1);
  const mid = both.length ? both : displacements;
  if (maps.includes(undefined) || !both.length && ![0, 2].includes(displacements.length)) {
    throw new PoseNetError('bad-model', "the model's outputs are not those of a PoseNet");
  }
  return [...maps, ...mid];
}

function value(map, index) {
  const stored = map.data[index];
  return map.type === 'float32' ? stored : map.scale * (stored - map.zeroPoint);
}

function highest(heatmaps, part) {
  let best = part;
  for (let i = part; i < heatmaps.length; i += KEYPOINTS) {
    if (heatmaps[i] > heatmaps[best]) best = i;
  }
  return (best - part) / KEYPOINTS;
}

function sigmoid(logit) {
  return 1 / (1 + Math.exp(-logit)) || 0;  // NaN is no evidence
}

function within(place, last) {
  return Math.min(Math.max(place, 0), last) || 0;
}
