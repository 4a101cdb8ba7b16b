// What a page shows, as something that can be sent to a worker.
import {PoseNetError} from './errors.js';

const MAX_SIDE = 16384;  // pixels

/**
 * An ImageData as it is, anything else as an ImageBitmap of its own pixels.
 * Throws a PoseNetError with the code 'image'.
 */
export async function frameOf(image) {
  const {width, height} = sizeOf(image);
  if (!(width > 0 && height > 0)) {
    throw bad(`${nameOf(image)} has no pixels${isVideo(image) ? ' yet: await its play()' :
      isElement(image) ? ' yet: await its decode()' : ''}`);
  }
  if (width > MAX_SIDE || height > MAX_SIDE) {
    throw bad(`an image has up to ${MAX_SIDE} pixels a side, got ${width}x${height}`);
  }
  if (image instanceof ImageData) {
    if (image.data.BYTES_PER_ELEMENT !== 1) throw bad('an ImageData must have 8 bits a channel');
    return image;
  }
  try {
    return await createImageBitmap(image, {premultiplyAlpha: 'none', colorSpaceConversion: 'none'});
  } catch (error) {
    throw bad(error.name === 'SecurityError' ?
        `${nameOf(image)} is of another server, which does not allow reading it (crossOrigin)` :
        `${nameOf(image)} cannot be read: ${error.message}`);
  }
}

function bad(message) {
  return new PoseNetError('image', message);
}

function isElement(image) {
  return typeof HTMLImageElement === 'function' && image instanceof HTMLImageElement;
}

function isVideo(image) {
  return typeof HTMLVideoElement === 'function' && image instanceof HTMLVideoElement;
}

function nameOf(image) {
  return `the ${image?.constructor?.name ?? typeof image}`;
}

function sizeOf(image) {
  if (isVideo(image)) {  // before its first frame it has a size but no pixels
    return image.readyState < HTMLMediaElement.HAVE_CURRENT_DATA ? {width: 0, height: 0} :
        {width: image.videoWidth, height: image.videoHeight};
  }
  if (isElement(image)) return {width: image.naturalWidth, height: image.naturalHeight};
  const kinds = ['HTMLCanvasElement', 'OffscreenCanvas', 'ImageBitmap', 'ImageData', 'VideoFrame'];
  if (!kinds.some(kind => typeof self[kind] === 'function' && image instanceof self[kind])) {
    throw bad('need an HTMLImageElement, HTMLVideoElement, HTMLCanvasElement or ImageData, got ' +
        (image === null ? 'null' : image?.constructor?.name ?? typeof image));
  }
  return {width: image.displayWidth ?? image.width, height: image.displayHeight ?? image.height};
}
