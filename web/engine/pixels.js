// The pixels of what a page sent.
let context;

/** image: an ImageBitmap, which is closed, or {data, width, height}. Returns the latter, RGBA. */
export function pixelsOf(image) {
  if (!(image instanceof ImageBitmap)) return image;
  const {width, height} = image;
  if (context === undefined || context.canvas.width !== width ||
      context.canvas.height !== height) {
    context = new OffscreenCanvas(width, height).getContext('2d', {willReadFrequently: true});
  }
  context.globalCompositeOperation = 'copy';  // nothing of the image before shines through
  context.drawImage(image, 0, 0);
  image.close();
  return context.getImageData(0, 0, width, height);
}
