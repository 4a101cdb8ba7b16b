// Says what people do, by a classifier's file of pose_trainer.py or of the page's own trainer: the
// answers of classifier.js, held for a time, as posesuite/activities/classifier.py has it.
import {Body} from './body.js';
import {FACTS} from './facts.js';
import {rounded} from './poselog.js';

const {FORMAT, VERSION, NONE, RELEASE, FLICKER, UNSEEN, MAX_LABELS, MAX_LABEL, script,
  features: definition} = FACTS.classifier;

export class Watch {
  // content: of a file, as checked() returns it.
  constructor(content) {
    this.hold = content.hold;
    this.labels = content.labels.map(label => label.name);
    this.people = new Map();
    globalThis.POSES = {...script, ...content, features: definition};
  }

  // people: poses by id; time: seconds; size: {width, height} of the picture. Returns
  // labels (lists by id), events (what begins now) and latest (the answers of classifier.js, by id).
  update(people, time, size) {
    for (const id of this.people.keys()) if (!people.has(id)) this.people.delete(id);
    const labels = new Map(), events = [], latest = new Map();
    for (const [id, pose] of people) {
      if (!this.people.has(id)) this.people.set(id, {body: new Body(), holds: new Map()});
      const {body, holds} = this.people.get(id);
      const answer = classifyFeatures(body.update(pose, time, size));
      latest.set(id, answer);
      if (answer.label !== NONE && !holds.has(answer.label)) holds.set(answer.label, new Hold());
      for (const label of [...holds.keys()].sort())
        if (holds.get(label).update(label === answer.label, time, this.hold))
          events.push({event: label, id, time: rounded(time, 4),
            value: rounded(answer.confidence, 3)});
      const active = [...holds.keys()].filter(label => holds.get(label).active);
      labels.set(id, active.includes(answer.label) ? [answer.label] : active.slice(0, 1));
    }
    return {labels, events, latest};
  }
}

// Whether something has held long enough, and not ended for long enough.
class Hold {
  constructor() { Object.assign(this, {active: false, begun: Infinity, last: -Infinity, known: -Infinity}); }

  // Whether it becomes active now. seconds: for which it must hold.
  update(holds, time, seconds) {
    if (time - this.known > UNSEEN && !(holds && this.active)) this.reset();
    this.known = time;
    if (holds) {
      this.last = time;
      this.begun = Math.min(this.begun, time);
    } else if (time - this.last > (this.active ? RELEASE : Math.min(FLICKER, RELEASE))) {
      this.reset();
    }
    const begins = holds && !this.active && time - this.begun >= seconds;
    this.active = this.active || begins;
    return begins;
  }

  reset() { Object.assign(this, {active: false, begun: Infinity}); }
}

// The content of a classifier's file. Fails with a message for people.
export function checked(text, name) {
  let content = null;
  try { content = JSON.parse(text); } catch { /* said below */ }
  const need = (holds, words) => { if (!holds) throw new Error(`${name}: ${words}.`); };
  const among = (value, low, high) => Number.isFinite(value) && value >= low && value <= high;
  const rows = (value, columns) => Array.isArray(value) && value.every(row =>
    Array.isArray(row) && row.length === columns && row.every(Number.isFinite));
  need(content?.format === FORMAT, 'this is no classifier of pose_trainer.py');
  need(content.version === VERSION, `it needs version ${VERSION} of the format`);
  need(content.kind === 'classifier', 'it has rules; this page takes what pose_trainer.py trains');
  const {labels, samples, layers = []} = content;
  need(content.features?.name === definition.name
    && String(content.features.numbers) === String(definition.numbers),
  'it was trained with other features than this release has: train it again');
  need(Array.isArray(labels) && labels.length > 0 && labels.length <= MAX_LABELS
    && labels.every(label => typeof label?.name === 'string' && label.name
      && label.name.length <= MAX_LABEL && among(label.limit, 1e-3, 9)), 'its labels are damaged');
  need(Array.isArray(samples) && samples.length > 0 && samples.every(sample =>
    Number.isInteger(sample?.label) && among(sample.label, 0, labels.length - 1)
    && Array.isArray(sample.values) && sample.values.length === definition.numbers.length
    && sample.values.every(value => value === null || among(value, -4, 4))),
  'its samples are damaged');
  need(among(content.hold, 0, 3600), 'its hold is damaged');
  let width = definition.numbers.length;
  for (const layer of Array.isArray(layers) ? layers : [null]) {
    need(Array.isArray(layer?.bias) && layer.bias.every(Number.isFinite)
      && Array.isArray(layer.weights) && layer.weights.length === width
      && rows(layer.weights, layer.bias.length), 'its layers are damaged');
    width = layer.bias.length;
  }
  need(!layers.length || width === labels.length, 'its layers are damaged');
  return {...content, layers: layers.length ? layers : undefined};
}
