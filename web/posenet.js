// PoseNet in a browser, with the interface of @tensorflow-models/posenet: see posenet.d.ts.
//
// The network and the decoder are in a worker. Nothing is sent anywhere.
import {PoseNetError} from './errors.js';
import {frameOf} from './frames.js';
import {PARTS} from './parts.js';
import {chooseModel, models} from './models.js';

export {openCamera} from './camera.js';
export {PoseNetError, PARTS, models};

const SINGLE = {flipHorizontal: false};
const MULTIPLE = {...SINGLE, maxDetections: 10, scoreThreshold: 0.2, nmsRadius: 10};
const RANGES = {maxDetections: [1, 1000], scoreThreshold: [0, 1], nmsRadius: [0, 1e6]};
// A module with one instruction on a vector.
const SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1,
    8, 0, 65, 0, 253, 15, 253, 98, 11);

export async function load(config = {}) {
  checkBrowser();
  const listed = await chooseModel(config);
  const worker = new AskedWorker();
  try {
    const loaded = await worker.ask('load',
        {model: config.modelFile ?? listed.url, sha256: listed.sha256});
    return new PoseNet(worker, {...listed, ...loaded});
  } catch (error) {
    worker.end(error);
    throw error;
  }
}

export class PoseNet {
  constructor(worker, model) {
    this._worker = worker;
    this.model = Object.freeze(model);
    this.timing = {image: 0, network: 0, decoder: 0};
    this._spare = undefined;  // memory for an image
  }

  async estimateSinglePose(image, options = {}) {
    const [pose] = await this._estimate(image, {...checked(options, SINGLE), single: true});
    return pose;
  }

  async estimateMultiplePoses(image, options = {}) {
    return this._estimate(image, checked(options, MULTIPLE));
  }

  async heatmap(part) {
    if (part !== undefined && part !== null && !PARTS.includes(part)) {
      throw new PoseNetError('options', `there is no part ${part}: the parts are ${PARTS.join(', ')}`);
    }
    return this._worker.ask('heatmap', {part: part ?? undefined});
  }

  dispose() {
    this._worker.end(new PoseNetError('disposed', 'this PoseNet was disposed of'));
  }

  async _estimate(image, options) {
    const frame = this._sendable(await frameOf(image));
    const {poses, timing, data} = await this._worker.ask('estimate', {image: frame, options},
        [frame.data?.buffer ?? frame]);
    this._spare = data;
    this.timing = timing;
    return poses;
  }

  /** An ImageBitmap as it is; a copy of an ImageData's pixels, in memory that goes to and fro. */
  _sendable(frame) {
    if (!(frame instanceof ImageData)) return frame;
    const {data: pixels, width, height} = frame;
    const data = this._spare?.length === pixels.length ? this._spare :
      new Uint8ClampedArray(pixels.length);
    this._spare = undefined;  // until it is back
    data.set(pixels);
    return {data, width, height};
  }
}

/** A worker that answers each question, or fails each one once it has ended. */
class AskedWorker {
  constructor() {
    this._waiting = new Map();
    this._asked = 0;
    this._ended = null;
    this._worker = new Worker(new URL('./worker.js', import.meta.url));
    this._worker.onmessage = ({data: {id, result, error}}) => {
      const {resolve, reject} = this._waiting.get(id);
      this._waiting.delete(id);
      if (error) reject(new PoseNetError(error.code, error.message));
      else resolve(result);
    };
    this._worker.onerror = event => {
      event.preventDefault();
      this.end(new PoseNetError('internal', event.message ? `the worker failed: ${event.message}` :
          'the worker does not start: is worker.js beside posenet.js?'));
    };
  }

  ask(call, values, transfer = []) {
    if (this._ended) return Promise.reject(this._ended);
    return new Promise((resolve, reject) => {
      const id = this._asked++;
      this._waiting.set(id, {resolve, reject});
      this._worker.postMessage({id, call, ...values}, transfer);
    });
  }

  /** Ends the worker; what is pending fails with an error, and so does what is asked later. */
  end(error) {
    this._ended ??= error;
    this._worker.terminate();
    for (const {reject} of this._waiting.values()) reject(this._ended);
    this._waiting.clear();
  }
}

function checkBrowser() {
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(SIMD)) {
    throw new PoseNetError('no-webassembly', 'this browser has no WebAssembly with SIMD: it takes ' +
        'Chrome or Edge 114, Firefox 114, Safari 16.4, or a newer one; some browsers turn it off in ' +
        'their strictest mode');
  }
  if (typeof OffscreenCanvas !== 'function') {
    throw new PoseNetError('no-webassembly', 'this browser has no OffscreenCanvas: it takes Chrome ' +
        'or Edge 114, Firefox 114, Safari 16.4, or a newer one');
  }
}

/** Options with their defaults. Throws a PoseNetError with the code 'options'. */
function checked(options, defaults) {
  const all = {...defaults};
  for (const name of Object.keys(defaults)) {
    if (options[name] === undefined) continue;
    const given = options[name], [low, high] = RANGES[name] ?? [];
    if (low !== undefined && !(typeof given === 'number' && given >= low && given <= high &&
        (name !== 'maxDetections' || Number.isInteger(given)))) {
      throw new PoseNetError('options', `${name} must be ${low} to ${high}, got ${given}`);
    }
    all[name] = low === undefined ? Boolean(given) : given;
  }
  return all;
}
