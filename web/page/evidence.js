// Where a picture may show a person, by every trace that the network has of one: as
// posesuite/privacy/evidence.py, in fewer views and without a second network.
import {FACTS} from './facts.js';

const {EVIDENCE, PARTS, RIM, RIM_FACTOR, BODY, POSE_MARGIN} = FACTS.privacy;
const ENLARGED = 2;  // factor by which parts are enlarged; they overlap by half

// A picture as a whole and in parts, each also mirrored: [{image, left, top, scale, mirrored}].
export function viewsOf(whole) {
  const {width, height} = whole, parts = [[0, 0, width, height, 1]];
  for (let row = 0; row < 2 * ENLARGED - 1; row++)
    for (let column = 0; column < 2 * ENLARGED - 1; column++)
      parts.push([Math.floor(column * width / 2 / ENLARGED), Math.floor(row * height / 2 / ENLARGED),
        Math.ceil(width / ENLARGED), Math.ceil(height / ENLARGED), ENLARGED]);
  return parts.flatMap(([left, top, w, h, scale]) => [false, true].map(mirrored => {
    const image = new OffscreenCanvas(w, h), pen = image.getContext('2d');
    if (mirrored) pen.setTransform(-1, 0, 0, 1, w, 0);
    pen.drawImage(whole, -left, -top);
    return {image, left, top, scale, mirrored};
  }));
}

export class Evidence {
  // room: with cell (pixels of a cell's side), columns, rows and alone (factor of all scores).
  constructor({cell, columns, rows, alone}) {
    Object.assign(this, {cell, columns, rows, alone});
    this.boxes = new Uint8Array(columns * rows);  // 1 where a pose was seen
    this.scores = new Map();  // highest score of each cell by the view's scale
  }

  // heat: of the view, as PoseNet.heatmap() returns it.
  add({image, left, top, scale, mirrored}, poses, heat) {
    const across = mirrored ? x => image.width - 1 - x : x => x;
    this.addPoses(poses, ({x, y}) => ({x: left + across(x), y: top + y}));
    if (!this.scores.has(scale)) this.scores.set(scale, new Float32Array(this.boxes.length));
    const scores = this.scores.get(scale);
    const middle = (this.cell - 1) / 2;
    for (let row = 0; row < this.rows; row++)
      for (let column = 0; column < this.columns; column++) {
        const x = column * this.cell + middle - left, y = row * this.cell + middle - top;
        if (x < 0 || y < 0 || x >= image.width || y >= image.height) continue;
        const score = highest(heat, (across(x) - heat.left) / heat.cellWidth, (y - heat.top) / heat.cellHeight);
        const i = row * this.columns + column;
        scores[i] = Math.max(scores[i], score);
      }
  }

  // Those of the poses that may be people. place: from their pixels to the picture's.
  addPoses(poses, place = point => point) {
    for (const {score, keypoints} of poses) {
      if (score < EVIDENCE) continue;
      const points = keypoints.map(({position}) => place(position));
      const xs = points.map(({x}) => x), ys = points.map(({y}) => y);
      const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
      const margin = POSE_MARGIN * Math.max(right - left, bottom - top);
      const cell = (value, most) => Math.min(Math.max(Math.floor(value / this.cell), 0), most - 1);
      for (let row = cell(top - margin, this.rows); row <= cell(bottom + margin, this.rows); row++)
        this.boxes.fill(1, row * this.columns + cell(left - margin, this.columns),
          row * this.columns + cell(right + margin, this.columns) + 1);
    }
  }

  // Cells that may show a person, 1 or 0. factor: of the scores; within: the only cells whose scores
  // count; without it poses count as well.
  doubtful(factor = 1, within = null) {
    const found = within ? new Uint8Array(this.boxes.length) : this.boxes.slice();
    const edge = Math.max(1, Math.round(RIM * this.columns));
    for (const [scale, scores] of this.scores) {
      const least = factor * this.alone * PARTS[scale];
      const traces = Uint8Array.from(scores, (score, i) => {
        const column = i % this.columns, row = Math.floor(i / this.columns);
        const rim = Math.min(column, this.columns - 1 - column, row, this.rows - 1 - row) < edge;
        return (!within || within[i]) && score >= (rim ? RIM_FACTOR : 1) * least ? 1 : 0;
      });
      widened(traces, this.columns, BODY * this.columns / scale).forEach((is, i) => { found[i] |= is; });
    }
    return found;
  }
}

// The highest of the four scores around a place in a heat map.
function highest({width, height, scores}, x, y) {
  const columns = [Math.floor(x), Math.ceil(x)].map(at => Math.min(Math.max(at, 0), width - 1));
  const rows = [Math.floor(y), Math.ceil(y)].map(at => Math.min(Math.max(at, 0), height - 1));
  return Math.max(...rows.flatMap(row => columns.map(column => scores[row * width + column])));
}

// Cells and all within a radius in cells of them, 1 or 0.
export function widened(cells, columns, radius) {
  const rows = cells.length / columns, found = new Uint8Array(cells.length);
  const reach = Math.floor(radius);
  const widths = Array.from({length: 2 * reach + 1}, (_, i) =>
    Math.floor(Math.sqrt(radius ** 2 - (i - reach) ** 2)));
  cells.forEach((is, i) => {
    if (!is) return;
    const column = i % columns, row = Math.floor(i / columns);
    for (let y = Math.max(0, row - reach); y <= Math.min(rows - 1, row + reach); y++) {
      const width = widths[y - row + reach];
      found.fill(1, y * columns + Math.max(0, column - width),
        y * columns + Math.min(columns - 1, column + width) + 1);
    }
  });
  return found;
}
