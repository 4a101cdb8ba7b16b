// Paints a picture, a heat map and people on the canvas, mirrored or not.
import {FACTS} from './facts.js';
import {lookOf} from './look.js';
import {paintPeople} from './skeleton.js';

// Colours of a heat map from 0 to 1: some of Inferno's.
const INFERNO = [[0, 0, 4], [51, 9, 96], [120, 28, 109], [187, 55, 84], [237, 105, 37],
                 [252, 181, 25], [252, 255, 164]];

// image: a canvas, or a colour for the whole picture.
export function paintPicture(pen, image, mirrored) {
  const {width, height} = pen.canvas;
  if (typeof image === 'string') {
    pen.fillStyle = image;
    pen.fillRect(0, 0, width, height);
  } else {
    within(pen, mirrored, () => pen.drawImage(image, 0, 0));
  }
}

// heat: as PoseNet.heatmap returns it.
export function paintHeat(pen, heat, mirrored) {
  const {width, height, scores, left, top, cellWidth, cellHeight} = heat;
  const pixels = new ImageData(width, height);
  scores.forEach((score, i) => {
    const at = Math.min(Math.max(score, 0), 1) * (INFERNO.length - 1), low = Math.floor(at);
    const high = Math.min(low + 1, INFERNO.length - 1);
    for (let channel = 0; channel < 3; channel++)
      pixels.data[4 * i + channel] = INFERNO[low][channel]
        + (at - low) * (INFERNO[high][channel] - INFERNO[low][channel]);
    pixels.data[4 * i + 3] = 255 * (.25 + .65 * score);  // low scores darken the picture a little
  });
  const map = new OffscreenCanvas(width, height);
  map.getContext('2d').putImageData(pixels, 0, 0);
  within(pen, mirrored, () => pen.drawImage(
    map, left + .5 - cellWidth / 2, top + .5 - cellHeight / 2, width * cellWidth, height * cellHeight));
}

// people: poses by id, a Map. colorOf: a function from an id to [r, g, b]. labels: lists by id.
// threshold: keypoints that score less are not drawn.
export function paintSkeletons(pen, people, mirrored, colorOf, labels, threshold) {
  const {width, height} = pen.canvas;
  paintPeople(pen, [...people].map(([id, pose]) => {
    const shown = mirrored ? mirror(pose, width) : pose;
    return {...shown, id: String(id), color: colorOf(id), labels: labels?.get(id),
      look: lookOf(shown, id, width, height, threshold)};
  }), {...FACTS.skeleton, threshold});
}

// The pose as it is seen in a mirror; left and right stay the person's own.
export function mirror(pose, width) {
  return {...pose, keypoints: pose.keypoints.map(keypoint => ({...keypoint,
    position: {x: width - 1 - keypoint.position.x, y: keypoint.position.y}}))};
}

function within(pen, mirrored, paint) {
  pen.save();
  if (mirrored) {
    pen.translate(pen.canvas.width, 0);
    pen.scale(-1, 1);
  }
  paint();
  pen.restore();
}
