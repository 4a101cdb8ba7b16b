// How a person is drawn, as look_of of posesuite/display/overlay.py has it, and in which colour.
import {FACTS} from './facts.js';

const {LINE_WIDTH, LETTER, MIN_LETTER, MAX_LETTER, DIGIT} = FACTS.look;
const {threshold: THRESHOLD} = FACTS.skeleton;
const [NOSE, EYES, EARS] = [FACTS.face.slice(0, 1), FACTS.face.slice(1, 3), FACTS.face.slice(3)];
const SHOULDERS = ['leftShoulder', 'rightShoulder'].map(name => FACTS.parts.indexOf(name));
const clipped = (value, low, high) => Math.min(Math.max(value, low), high);

// Line width, neck, the number's height and place; null if nothing of the pose is drawn.
// width, height: of the picture in pixels; threshold: keypoints that score less are not drawn.
export function lookOf({keypoints}, id, width, height, threshold = THRESHOLD) {
  const points = keypoints.map(({score, position}) =>
    score >= threshold && Number.isFinite(position.x + position.y) && position);
  const all = points.filter(Boolean);
  if (!all.length) return null;
  const some = parts => parts.map(part => points[part]).filter(Boolean);
  const xs = all.map(point => point.x), ys = all.map(point => point.y);
  const size = Math.hypot(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  const widest = Math.max(1, Math.round(LINE_WIDTH * Math.hypot(width, height)));
  const line = Math.min(Math.max(1, Math.round(LINE_WIDTH * size)), widest);
  const letter = Math.min(clipped(LETTER * size, MIN_LETTER, MAX_LETTER), height / 4);
  const head = [some(FACTS.face), some(SHOULDERS), all].find(list => list.length);
  const room = width - 1 - DIGIT * letter * String(id).length;
  let left = Math.max(...head.map(point => point.x)) + 2 * line + letter / 2;
  if (left > room)  // then on the other side of the head
    left = Math.min(...head.map(point => point.x)) - (width - room) - 2 * line;
  const top = Math.min(...head.map(point => point.y));
  return {line, neck: neck(some), letter,
    number: [clipped(left, 0, room), clipped(top, letter + 1, height - 2)]};
}

// From the nose, or the middle of eyes or ears, to the middle of the shoulders.
function neck(some) {
  const middle = list => ['x', 'y'].map(axis =>
    list.reduce((sum, point) => sum + point[axis], 0) / list.length);
  const head = [NOSE, EYES, EARS].map(some).find(list => list.length), ends = some(SHOULDERS);
  return head && ends.length === 2 ? [middle(head), middle(ends)] : null;
}

// Colours of people, [r, g, b], which they keep while they are in view.
export class Palette {
  constructor() { this.given = new Map(); }

  of(id) {
    if (!this.given.has(id)) {
      const uses = FACTS.colors.map(color =>
        [...this.given.values()].filter(other => other === color).length);
      this.given.set(id, FACTS.colors[uses.indexOf(Math.min(...uses))]);
    }
    return this.given.get(id);
  }

  keep(ids) { for (const id of this.given.keys()) if (!ids.has(id)) this.given.delete(id); }
}
