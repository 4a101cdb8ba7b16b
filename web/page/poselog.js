// A pose log as docs/pose_logs.md describes it: a header, then a line of JSON a frame.
import {FACTS} from './facts.js';

const MAX_BYTES = 1 << 28;  // of a log, which is held in memory until it is saved

export class PoseLog {
  // source: where the frames come from; model: its name, or undefined; size: of the first frame.
  constructor(source, model, {width, height}) {
    Object.assign(this, {width, height, frames: 0, bytes: 0});
    const header = {version: FACTS.log.VERSION, source: printable(source),
      ...(model && {model: printable(model)}), width, height, start: new Date().toISOString()};
    this.lines = [];
    this.append(header);
  }

  get full() { return this.bytes > MAX_BYTES; }

  // people: poses by id, in pixels of the frame; time: seconds since the source began.
  add({width, height, time, people, events = []}) {
    const size = width !== this.width || height !== this.height ? {width, height} : {};
    this.append({frame: this.frames++, time: rounded(time, 4), ...size,
      poses: [...people].map(([id, pose]) => ({id, ...published(pose)})),
      ...(events.length && {events})});
  }

  append(value) {
    const line = JSON.stringify(value) + '\n';
    this.bytes += line.length;
    this.lines.push(line);
  }

  get blob() { return new Blob(this.lines, {type: 'application/x-ndjson'}); }
}

// A pose as PoseNet's users know it: positions to a hundredth of a pixel, scores to four places.
export function published({score, keypoints}) {
  return {score: rounded(score, 4), keypoints: keypoints.map(({part, score, position}) => ({
    part, score: rounded(score, 4),
    position: {x: rounded(position.x, 2), y: rounded(position.y, 2)}}))};
}

// Hands a file to the visitor.
export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// For names of files: 2026-11-21T14-03-00, local time.
export function stamp() {
  const now = new Date();
  return new Date(now - 60000 * now.getTimezoneOffset()).toISOString().slice(0, 19)
    .replaceAll(':', '-');
}

export function rounded(value, places) { return Math.round(value * 10 ** places) / 10 ** places; }

// What Python's isprintable lets pass: names of files may have other spaces than the usual one.
export function isPrintable(text) { return !/[\p{C}\p{Z}]/u.test(text.replaceAll(' ', '')); }

function printable(text) {
  return Array.from(text, letter => isPrintable(letter) ? letter : '?').slice(0, 1000).join('');
}
