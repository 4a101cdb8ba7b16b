// What a classifier sees of one person, steadied as Python's Steady does it: a mean of the numbers
// over the last moments, the surer ones weighing more. Uses features() of classifier.js.
import {FACTS} from './facts.js';

const {RIM, STEADY_TIME, LEAST, MAX_GAP} = FACTS.classifier;
const {MIN_KNOWN} = FACTS.training;
const WEIGHTS = FACTS.classifier.features.weights;

// What classifier.js asks for, which has no modules; a classifier adds its labels and samples.
globalThis.POSES = {...FACTS.classifier.script, features: FACTS.classifier.features};

export class Body {
  constructor() {
    this.time = -Infinity;
    this.all = 0;
    this.sums = WEIGHTS.map(() => 0);
    this.weights = WEIGHTS.map(() => 0);
  }

  // Adds a pose at a time in seconds, in a picture of that size. Returns {values, known}, of which
  // known says how sure each value is, 0 to 1.
  update(pose, time, {width, height}) {
    const {values, known} = features(pose.keypoints.filter(({score, position: {x, y}}) =>
      Number.isFinite(score) && x > RIM * width && x < width - RIM * width
        && y > RIM * height && y < height - RIM * height));
    const passed = time - this.time;
    const kept = passed >= 0 && passed <= MAX_GAP ? Math.exp(-passed / STEADY_TIME) : 0;
    this.time = time;
    this.all = kept * this.all + 1;
    this.sums = this.sums.map((sum, i) => kept * sum + values[i] * known[i]);
    this.weights = this.weights.map((sum, i) => kept * sum + known[i]);
    const sure = this.weights.map(sum => sum / this.all > LEAST ? sum / this.all : 0);
    return {values: sure.map((is, i) => is ? this.sums[i] / this.weights[i] : 0), known: sure};
  }
}

export function knownWeight({known}) {
  return known.reduce((sum, sure, i) => sum + sure * WEIGHTS[i], 0);
}

// Whether enough is known to compare a body with others.
export function usable(body) {
  return knownWeight(body) >= MIN_KNOWN * WEIGHTS.reduce((sum, weight) => sum + weight, 0);
}
