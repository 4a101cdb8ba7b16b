// Which model file a page gets.
import {PoseNetError} from './errors.js';
import {fetched} from './engine/fetched.js';

const SMALLEST = {width: 481, height: 353};  // what is loaded if no size is asked for

/** The model files of this folder. */
export async function models() {
  const response = await fetched(new URL('./models.json', import.meta.url));
  return (await response.json()).map(
      model => ({...model, url: new URL(model.url, import.meta.url).href}));
}

/** The listed model that fits a ModelConfig best, or {url} of modelUrl. Throws a PoseNetError. */
export async function chooseModel(config) {
  if (config.modelFile) return {};
  if (config.modelUrl) return {url: new URL(config.modelUrl, document.baseURI).href};
  const listed = await models();
  const fits = listed.filter(model => ['architecture', 'outputStride', 'multiplier'].every(
      name => config[name] === undefined || config[name] === model[name]));
  if (fits.length === 0) {
    const wanted = ['architecture', 'outputStride', 'multiplier']
        .filter(name => config[name] !== undefined).map(name => `${name} ${config[name]}`);
    throw new PoseNetError('no-model', `there is no model with ${wanted.join(', ') || 'anything'} ` +
        `here, only ${listed.map(describe).join('; ') || 'none'}`);
  }
  const size = sizeOf(config.inputResolution);
  const distance = ({inputResolution: {width, height}}) =>
    Math.abs(Math.log(width * height / (size.width * size.height)));
  return fits.reduce((best, model) => distance(model) < distance(best) ? model : best);
}

function sizeOf(resolution) {
  const {width, height} = typeof resolution === 'number' ?
      {width: resolution, height: resolution} : resolution ?? SMALLEST;
  if (!(width > 0 && height > 0)) {
    throw new PoseNetError('options', 'inputResolution must be a number of pixels or {width, height}');
  }
  return {width, height};
}

function describe({name, architecture, outputStride, multiplier}) {
  return `${name} (${architecture}, outputStride ${outputStride}, multiplier ${multiplier})`;
}
