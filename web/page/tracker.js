// Follows people from frame to frame and steadies their keypoints: posesuite/pose/tracker.py in
// small. A pose belongs to the nearest person of about its size who was seen a moment ago.
import {FACTS} from './facts.js';

const {PAIRS, WEIGHTS, SHOULDERS, HIPS, NEAR, NEAR_SIZE, MIN_TORSO} = FACTS.tracker;
const {MIN_CUTOFF, BETA, SPEED_CUTOFF, MAX_STEP} = FACTS.smoothing;
const MEMORY = 1;  // seconds for which somebody who is not seen is remembered, at least
const MEMORY_FRAMES = 4;  // the same in frames, where they come slowly
const MAX_GAP = 5;  // seconds between two frames after which nobody is known any more
const SPEED_TIME = 0.3;  // seconds over which the speed of a person is averaged

export class Tracker {
  constructor() {
    this.people = [];
    this.ids = 0;
    this.time = this.pace = 0;
  }

  // The poses by the ids of their persons, a Map. Ids count from 1 and are never given twice.
  // time: seconds; when it jumps, nobody is known any more. smooth: whether keypoints are steadied.
  update(poses, time, smooth = true) {
    const step = time - this.time;
    this.time = time;
    if (step < 0 || step > MAX_GAP) this.people = [];
    else this.pace += .2 * (step - this.pace);
    const memory = Math.max(MEMORY, MEMORY_FRAMES * this.pace);
    this.people = this.people.filter(person => time - person.seen <= memory);
    const seen = poses.map(measured), found = new Map();
    for (const [person, i] of this.pairs(seen, step)) {
      person.correct(seen[i], time);
      found.set(i, person);
    }
    return new Map(poses.map((pose, i) => {
      if (!found.has(i)) {
        found.set(i, new Person(++this.ids, seen[i], time));
        this.people.push(found.get(i));
      }
      const person = found.get(i);
      person.smooth(pose, time);
      return [person.id, smooth ? person.steady(pose) : pose];
    }));
  }

  // The nearest persons and poses, each in one pair at most.
  pairs(seen, step) {
    const near = [];
    for (const person of this.people)
      seen.forEach((pose, i) => {
        const x = person.x + step * person.vx, y = person.y + step * person.vy;
        const gap = Math.hypot(pose.x - x, pose.y - y) / person.torso;
        const size = Math.abs(Math.log(pose.torso / person.torso));
        if (gap < NEAR && size < NEAR_SIZE) near.push([gap + size, person, i]);
      });
    near.sort((a, b) => a[0] - b[0]);
    const people = new Set(), poses = new Set();
    return near.filter(([, person, i]) => {
      if (people.has(person) || poses.has(i)) return false;
      people.add(person);
      poses.add(i);
      return true;
    }).map(([, person, i]) => [person, i]);
  }
}

class Person {
  constructor(id, {x, y, torso}, time) {
    Object.assign(this, {id, x, y, torso, vx: 0, vy: 0, seen: time, points: null, filtered: -1});
  }

  correct({x, y, torso}, time) {
    const step = time - this.seen, share = step / (step + SPEED_TIME);
    if (step > 0) {
      this.vx += share * ((x - this.x) / step - this.vx);
      this.vy += share * ((y - this.y) / step - this.vy);
    }
    Object.assign(this, {x, y, torso, seen: time});
  }

  // The One Euro filter of posesuite/pose/smoothing.py.
  smooth({keypoints}, time) {
    const step = time - this.filtered;
    this.filtered = time;
    if (!this.points || !(step > 0 && step <= MAX_STEP)) {
      this.points = keypoints.map(({position: {x, y}}) => ({x, y, vx: 0, vy: 0}));
      return;
    }
    const gain = cutoff => 1 / (1 + 1 / (2 * Math.PI * cutoff * step));
    keypoints.forEach(({position}, i) => {
      const point = this.points[i], scale = step * this.torso;
      point.vx += gain(SPEED_CUTOFF) * ((position.x - point.x) / scale - point.vx);
      point.vy += gain(SPEED_CUTOFF) * ((position.y - point.y) / scale - point.vy);
      const share = gain(MIN_CUTOFF + BETA * Math.hypot(point.vx, point.vy));
      point.x += share * (position.x - point.x);
      point.y += share * (position.y - point.y);
    });
  }

  steady(pose) {
    return {...pose, keypoints: pose.keypoints.map((keypoint, i) =>
      ({...keypoint, position: {x: this.points[i].x, y: this.points[i].y}}))};
  }
}

// Where a pose is, by the middles between its left and right parts, and how long its torso is.
function measured({keypoints}) {
  const middles = PAIRS.map(([a, b]) => {
    const {position: p, score: s} = keypoints[a], {position: q, score: t} = keypoints[b];
    return {x: (p.x + q.x) / 2, y: (p.y + q.y) / 2, score: Math.min(s, t)};
  });
  let x = 0, y = 0, sum = 0;
  middles.forEach((middle, i) => {
    const weight = WEIGHTS[i] * middle.score + 1e-3;
    x += weight * middle.x;
    y += weight * middle.y;
    sum += weight;
  });
  const top = middles[SHOULDERS], bottom = middles[HIPS];
  const torso = Math.max(MIN_TORSO, Math.hypot(top.x - bottom.x, top.y - bottom.y));
  return {x: x / sum, y: y / sum, torso};
}
