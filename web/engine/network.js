// A network that runs in LiteRT.js.
import {PoseNetError} from '../errors.js';
import {readModel} from './model_file.js';

const MAX_THREADS = 4;
// A module with a relaxed instruction on vectors.
const RELAXED_SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10,
    15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11);
const MAX_SIDE = 4096;  // pixels of the input
// From a pixel's 0..255 to a float's -1..1, as posesuite/engine/image.py computes it.
const FLOATS = Float32Array.from({length: 256},
    (_, i) => Math.fround(i * Math.fround(1 / 127.5)) - 1);

/** Whether the browser runs LiteRT.js's faster build, which alone has threads. */
export function hasRelaxedSimd() {
  return WebAssembly.validate(RELAXED_SIMD);
}

export class Network {
  /**
   * litert: the module @litertjs/core, loaded. bytes: a model file, an ArrayBuffer, which is changed.
   * Throws a PoseNetError with the code 'bad-model'.
   */
  static async load(litert, bytes) {
    const {inputs, outputs} = readModel(bytes);
    const [batch, height, width, channels] = inputs[0]?.shape ?? [];
    if (inputs.length !== 1 || inputs[0].shape.length !== 4 || batch !== 1 || channels !== 3 ||
        Math.min(height, width) < 1 || Math.max(height, width) > MAX_SIDE) {
      const shapes = inputs.map(input => `[${input.shape.join(', ')}]`).join(', ');
      throw new PoseNetError('bad-model', `the model's input ${shapes} is no image [1, height, ` +
          `width, 3] of up to ${MAX_SIDE} pixels a side`);
    }
    const other = [...inputs, ...outputs].find(({type}) => !['uint8', 'float32'].includes(type));
    if (other) {
      throw new PoseNetError('bad-model', `the model's ${other.name} is ${other.type}: browsers run ` +
          'models whose inputs and outputs are uint8 or float32');
    }
    try {
      const model = await litert.loadAndCompile(new Uint8Array(bytes), {accelerator: 'wasm',
        cpuOptions: {numThreads: self.crossOriginIsolated && hasRelaxedSimd() ?
            Math.min(MAX_THREADS, navigator.hardwareConcurrency) : 1}});
      return new Network(litert, model, inputs[0], outputs);
    } catch (error) {
      throw new PoseNetError('bad-model', `the model does not load: ${error.message}`);
    }
  }

  constructor(litert, model, input, outputs) {
    this._litert = litert;
    this._model = model;
    this._input = input;
    this.outputs = outputs;
    [, this.height, this.width] = input.shape;
    this._floats = new Float32Array(input.type === 'float32' ? this.width * this.height * 3 : 0);
  }

  /** rgb: the image, a Uint8Array. Returns the outputs as typed arrays, in the order of outputs. */
  async run(rgb) {
    if (this._input.type === 'float32') {
      for (let i = 0; i < rgb.length; ++i) this._floats[i] = FLOATS[rgb[i]];
    }
    const input = new this._litert.Tensor(this._input.type === 'float32' ? this._floats : rgb,
        this._input.shape);
    let outputs = [];
    try {
      outputs = await this._model.run(input);
      return outputs.map(output => output.toTypedArray());
    } finally {
      for (const tensor of [input, ...outputs]) tensor.delete();
    }
  }
}
