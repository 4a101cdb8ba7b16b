// The worker of a PoseNet: it loads a network, and answers what posenet.js asks.
//
// A classic worker, not a module, because LiteRT.js loads its script by importScripts.
'use strict';

const BASE = new URL('./', self.location);
const MODULES = ['engine/decoder', 'engine/fetched', 'engine/network', 'engine/pixels',
  'engine/posenet', 'litert/index'];
let modules, net;

/** Everything that MODULES export, and the started decoder; LiteRT.js is started, too. */
async function start() {
  const loaded = await Promise.all(MODULES.map(name => import(`${BASE}${name}.js`)));
  const all = Object.assign({}, ...loaded);
  const threads = self.crossOriginIsolated && all.hasRelaxedSimd();  // see docs/web.md
  self.Module = {  // what LiteRT.js's script looks for
    locateFile: name => `${BASE}litert/${name}`,
    mainScriptUrlOrBlob: `${BASE}litert/litert_wasm_threaded_internal.js`,
  };
  const [decoder] = await Promise.all([
    all.fetched(`${BASE}decoder/decoder.wasm`).then(all.startDecoder),
    all.loadLiteRt(`${BASE}litert/`, {threads}),
  ]);
  return {...all, decoder};
}

const ANSWERS = {
  /** model: an address, whose content may have a known sha256, or a Blob. */
  async load({model, sha256}) {
    modules = await start();
    const {Network, PoseNetwork, fetched, decoder} = modules;
    const bytes = await (model instanceof Blob ? model : await fetched(model, sha256)).arrayBuffer();
    net = new PoseNetwork(await Network.load(modules, bytes), decoder);
    return {inputResolution: net.input, outputStride: net.stride};
  },

  /**
   * image: an ImageBitmap, or {data, width, height}, RGBA, whose data goes back with the answer.
   * options: all of them, and `single`.
   */
  async estimate({image, options}) {
    const start = performance.now();
    const pixels = modules.pixelsOf(image);
    const read = performance.now() - start;
    const timing = await net.look(pixels);
    const looked = performance.now();
    const poses = options.single ? [net.single(options)] : net.multiple(options);
    return {poses, data: image.data, timing: {image: read + timing.image, network: timing.network,
      decoder: performance.now() - looked}};
  },

  async heatmap({part}) {
    return net.heatmap(part);
  },
};

async function answer({id, call, ...rest}) {
  try {
    const result = await ANSWERS[call](rest);
    self.postMessage({id, result}, result.data ? [result.data.buffer] : []);
  } catch (error) {
    const own = error.name === 'PoseNetError';
    self.postMessage({id, error: {code: own ? error.code : 'internal',
      message: own ? error.message : `the worker failed: ${error.message ?? error}`}});
  }
}

let last = Promise.resolve();  // one after the other: a network looks at one image at a time
self.onmessage = ({data}) => {
  last = last.then(() => answer(data));
};
