// What a classifier sees of one person, steadied as Python's Track and Steady do it: a median of each
// keypoint over a moment, then a mean of the numbers. Uses features() of classifier.js.
import {FACTS} from './facts.js';

const {STEADY, RIM, MIN_SCORE, STEADY_TIME, MAX_GAP} = FACTS.classifier;
const {MIN_KNOWN} = FACTS.training;
const WEIGHTS = FACTS.classifier.features.weights;

// What classifier.js asks for, which has no modules; a classifier adds its labels and samples.
globalThis.POSES = {...FACTS.classifier.script, features: FACTS.classifier.features};

export class Body {
  constructor() {
    this.raw = [];
    this.time = -Infinity;
    this.sums = WEIGHTS.map(() => 0);
    this.weights = WEIGHTS.map(() => 0);
  }

  // Adds a pose at a time in seconds, in a picture of that size. Returns {values, known}.
  update(pose, time, {width, height}) {
    this.raw.push({time, places: pose.keypoints.map(({score, position: {x, y}}) =>
      score >= MIN_SCORE && x > RIM * width && x < width - RIM * width
        && y > RIM * height && y < height - RIM * height ? {x, y} : null)});
    while (time - this.raw[0].time > STEADY) this.raw.shift();
    const {values, known} = features(this.medians());
    const passed = time - this.time;
    const kept = passed >= 0 && passed <= MAX_GAP ? Math.exp(-passed / STEADY_TIME) : 0;
    this.time = time;
    this.sums = this.sums.map((sum, i) => kept * sum + (known[i] ? values[i] : 0));
    this.weights = this.weights.map((sum, i) => kept * sum + (known[i] ? 1 : 0));
    return {values: this.sums.map((sum, i) => this.weights[i] > .1 ? sum / this.weights[i] : 0),
      known: this.weights.map(sum => sum > .1)};
  }

  medians() {
    return FACTS.parts.flatMap((part, i) => {
      const some = this.raw.map(({places}) => places[i]).filter(Boolean);
      if (!some.length) return [];
      const [x, y] = ['x', 'y'].map(axis => {
        const sorted = some.map(place => place[axis]).sort((a, b) => a - b);
        return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[sorted.length >> 1]) / 2;
      });
      return [{part, score: 1, position: {x, y}}];
    });
  }
}

export function knownWeight({known}) {
  return known.reduce((sum, is, i) => sum + (is ? WEIGHTS[i] : 0), 0);
}

// Whether enough is known to compare a body with others.
export function usable(body) {
  return knownWeight(body) >= MIN_KNOWN * WEIGHTS.reduce((sum, weight) => sum + weight, 0);
}
