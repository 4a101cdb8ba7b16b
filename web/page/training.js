// Trains a classifier of nearest neighbours: posesuite/activities/training.py, without the check by
// recordings that were left out. The numbers of each body are those of body.js.
import {knownWeight} from './body.js';
import {FACTS} from './facts.js';
import {rounded} from './poselog.js';

const {BLOCKS, WITHIN, MARGIN, SINGLE, LOWEST, HIGHEST, SINGLE_LOWEST, SINGLE_HIGHEST, WITH_OTHER,
  WHOLE, CHANGES, KNOWN, NEIGHBOURS, FAR, MAX_SAMPLES, NEAR, TURNS, AHEAD, ORDER, SIGNS} = FACTS.training;
const {FORMAT, VERSION, HOLD, NEGATIVE, features: definition} = FACTS.classifier;
const STEP = 20;  // bodies that are compared before the page may go on
const WEIGHTS = definition.weights;
const COLUMNS = Object.fromEntries(FACTS.classifier.script.pairs.map(([part, origin], i) =>
  [`${part} ${origin}`, 2 * i]));  // of x

// recordings: [{label, bodies: [{values, known}]}]. Returns the content of a file of
// pose_trainer.py. It takes seconds, in steps between which the page goes on. Fails with a message.
export async function train(recordings) {
  const shown = recordings.filter(recording => recording.bodies.length);
  const labels = [...new Set(shown.map(recording => recording.label))].sort(byCodePoint);
  if (!labels.some(label => !NEGATIVE.includes(label)))
    throw new Error('No recording shows enough of a person: at least the shoulders and a limb '
      + 'must be in view.');
  const parts = labels.flatMap(label => partsOf(shown.filter(each => each.label === label)));
  const limits = [];
  for (const label of labels)
    limits.push(await limit(parts.filter(part => part.label === label))
      + (labels.some(each => NEGATIVE.includes(each)) ? WITH_OTHER : 0));
  const mirror = !await tellsSides(fit(parts, labels, false), limits);
  const count = label => shown.filter(recording => recording.label === label).length;
  return {format: FORMAT, version: VERSION, kind: 'classifier',
    about: {trained: new Date().toISOString().slice(0, 19) + '+00:00', mirrored: mirror,
      frames: shown.reduce((sum, {bodies}) => sum + bodies.length, 0),
      recordings: Object.fromEntries(labels.map(label => [label, count(label)]))},
    hold: HOLD, features: definition,
    labels: labels.map((name, i) => ({name, limit: rounded(limits[i], 4)})),
    samples: fit(parts, labels, mirror).map(({label, body}) =>
      ({label, values: sample(body).map(x => x === null ? null : rounded(x, 3))}))};
}

// The recordings of one label, or the blocks of the only one, which stand for several.
function partsOf(recordings) {
  if (recordings.length > 1)
    return recordings.map(({label, bodies}) => ({label, bodies, single: false}));
  const [{label, bodies}] = recordings;
  const edge = i => even(bodies.length * i / BLOCKS);
  return Array.from({length: BLOCKS}, (_, i) =>
    ({label, bodies: bodies.slice(edge(i), edge(i + 1)), single: true}))
    .filter(part => part.bodies.length);
}

// The samples of all labels, [{label, body}].
function fit(parts, labels, mirror) {
  return labels.flatMap((name, label) => {
    const bodies = whole(parts.filter(part => part.label === name).flatMap(part => part.bodies));
    const all = mirror ? [...bodies, ...bodies.map(reflected)] : bodies;
    return samplesOf(all, MAX_SAMPLES * (mirror ? 2 : 1)).map(body => ({label, body}));
  });
}

// Those that stand for some bodies, as they are and turned by all TURNS.
function samplesOf(bodies, most) {
  const kept = thinned(bodies, most).map(knownTo);
  return [kept, ...TURNS.map(degrees => kept.map(body => turned(body, degrees)))].flat();
}

// A body of which a number is known or not, as a file has it.
function knownTo({values, known}) {
  const is = known.map(sure => Number(sure >= KNOWN));
  return {values: values.map((x, i) => x * is[i]), known: is};
}

// Those bodies of which about as much is known as of most: half a body is like too many.
function whole(bodies) {
  const known = bodies.map(knownWeight), least = WHOLE * quantile(known, .75);
  return bodies.filter((_, i) => known[i] >= least);
}

// At most so many bodies that stand for all: each next one is the farthest from those before.
function thinned(bodies, most) {
  if (!bodies.length) return [];
  const mean = WEIGHTS.reduce((sum, weight) => sum + weight, 0) / WEIGHTS.length;
  const rows = bodies.map(({values}) => values.map((x, i) => x * Math.sqrt(WEIGHTS[i] / mean)));
  const square = (a, b) => a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length;
  const median = WEIGHTS.map((_, i) => quantile(rows.map(row => row[i]), .5));
  const fromMedian = rows.map(row => square(row, median));
  const chosen = [fromMedian.indexOf(Math.min(...fromMedian))];
  const nearest = rows.map(() => Infinity);
  while (chosen.length < most) {
    rows.forEach((row, i) => { nearest[i] = Math.min(nearest[i], square(row, rows[chosen.at(-1)])); });
    const farthest = nearest.indexOf(Math.max(...nearest));
    if (nearest[farthest] <= NEAR ** 2) break;
    chosen.push(farthest);
  }
  return chosen.sort((a, b) => a - b).map(i => bodies[i]);
}

// How far a body may be from a label's samples, from how far its recordings are from each other.
async function limit(parts) {
  const near = [];
  for (const part of parts) {
    const others = whole(parts.filter(each => each !== part).flatMap(each => each.bodies));
    const samples = samplesOf(others, MAX_SAMPLES).map(sample);
    for (const body of part.bodies) {
      const distance = nearestMean(body, samples);
      if (distance < FAR) near.push(distance);
    }
    await breath();
  }
  const within = near.length ? quantile(near, WITHIN) : 0;
  return parts[0].single ? Math.min(Math.max(SINGLE * within, SINGLE_LOWEST), SINGLE_HIGHEST)
                         : Math.min(Math.max(MARGIN * within, LOWEST), HIGHEST);
}

// Whether somebody of a label looks in a mirror like another label, as with hands raised.
async function tellsSides(samples, limits) {
  const groups = limits.map((_, label) => samples.filter(each => each.label === label));
  const rows = groups.map(group => group.map(({body}) => sample(body)));
  for (const [label, group] of groups.entries()) {
    let others = 0;
    for (const [number, {body}] of group.entries()) {
      const mirrored = reflected(body);
      if (rows.some((own, i) => {
        if (i === label) return false;
        const after = nearestMean(mirrored, own);
        return after <= limits[i] && after < CHANGES * nearestMean(body, own);
      })) others++;
      if (number % STEP === 0) await breath();
    }
    if (others > group.length / 2) return true;
  }
  return false;
}

// The mean distance from the nearest samples.
function nearestMean({values, known}, samples) {
  const best = [];
  for (const other of samples) {
    const found = distance(values, known, other);
    if (best.length < NEIGHBOURS || found < best.at(-1)) {
      best.push(found);
      best.sort((a, b) => a - b);
      best.length = Math.min(best.length, NEIGHBOURS);
    }
  }
  return best.length ? best.reduce((sum, x) => sum + x, 0) / best.length : FAR;
}

// Somebody who moves alike in a mirror, with left and right changed over.
function reflected({values, known}) {
  return {values: ORDER.map((from, i) => values[from] * SIGNS[i]), known: ORDER.map(from => known[from])};
}

// A body that has turned on the spot by so much, to the picture's right. A limb that looks short
// points towards the camera or away from it: arms and thighs ahead, shins behind.
function turned({values, known}, degrees) {
  const sine = Math.sin(degrees * Math.PI / 180), cosine = Math.cos(degrees * Math.PI / 180);
  const ahead = known.at(-2) && values.at(-2) < 0 ? -1 : 1, after = [...values];
  for (const [end, joint, top] of [['WRIST', 'ELBOW', 'SHOULDER'], ['ANKLE', 'KNEE', 'HIP']]) {
    const [left, right] = ['LEFT', 'RIGHT'].map(side => {
      let total = 0;
      for (const [part, origin] of [[joint, top], [end, joint]]) {
        const at = COLUMNS[`${side}_${part} ${side}_${origin}`], x = values[at], y = values[at + 1];
        const depth = ahead * Math.sign(AHEAD[part])
          * Math.sqrt(Math.max(AHEAD[part] ** 2 - x * x - y * y, 0));
        const move = known[at] ? x * (cosine - 1) + depth * sine : 0;
        after[at] += move;
        total += move;
      }
      after[COLUMNS[`${side}_${end} ${side}_${top}`]] += total;
      return total;
    });
    after[COLUMNS[`LEFT_${end} RIGHT_${end}`]] += left - right;
  }
  after.push(Math.min(Math.max(after.pop() + sine, -1), 1));
  return {values: after.map((x, i) => known[i] ? x : 0), known};
}

// As classifier.js has it.
function sample({values, known}) { return values.map((x, i) => known[i] ? x : null); }

// As NumPy has it: between two values by their distance.
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b), at = share * (sorted.length - 1);
  const low = Math.floor(at), high = Math.ceil(at);
  return sorted.length ? sorted[low] + (at - low) * (sorted[high] - sorted[low]) : 0;
}

function even(x) { return x % 1 === .5 ? 2 * Math.round(x / 2) : Math.round(x); }

function byCodePoint(a, b) { return a < b ? -1 : Number(a > b); }

function breath() { return new Promise(resolve => setTimeout(resolve)); }
