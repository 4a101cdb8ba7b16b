// Collects poses under labels, trains on them, and shows what everybody does.
import {Body, usable} from './body.js';
import {FACTS} from './facts.js';
import {Palette} from './look.js';
import {paintPicture, paintSkeletons} from './painting.js';
import {PoseLog, isPrintable, save, stamp} from './poselog.js';
import {train} from './training.js';
import {Watch, checked} from './watch.js';
import {complain, element, on, settings, write} from './controls.js';

const INTERVAL = 0.1;  // seconds between poses that are kept
const MAX_RECORDINGS = 400;
const {MAX_BYTES, MIN_SCORE, NONE} = FACTS.classifier;

export class TrainerView {
  constructor() {
    this.palette = new Palette();
    this.labels = new Map();  // recordings by label, [{label, bodies, log}]
    this.recording = null;
    this.watch = this.content = null;
    on('add', 'click', () => this.add(element('label').value));
    on('label', 'keydown', event => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      this.add(element('label').value);
    });
    on('train', 'click', () => this.train());
    on('save-classifier', 'click', () => save(new Blob([JSON.stringify(this.content) + '\n'],
      {type: 'application/json'}), `classifier-${stamp()}.json`));
    on('classifier', 'change', event => this.open(event.target));
  }

  // Another source has another clock.
  reset() {
    this.end();
    if (this.content) this.watch = new Watch(this.content);
  }

  async see(frame) {
    if (frame.fresh) this.collect(frame);
    this.palette.keep(frame.people);
    if (this.watch && frame.source.kind === 'picture') return this.label(frame);
    const found = frame.fresh && this.watch?.update(frame.people, frame.time, frame);
    if (found) [this.shown, frame.events] = [found.labels, found.events];
    for (const {event, id} of frame.events || [])
      write(element('training'), `Person ${id}: ${event}`);
    return undefined;
  }

  // In a picture nothing can be held for a time: what people do at the moment counts.
  label(frame) {
    const {latest} = new Watch(this.content).update(frame.people, frame.time, frame);
    this.shown = new Map([...latest].map(([id, {label}]) => [id, label === NONE ? [] : [label]]));
  }

  paint(pen, {image, people}, {mirrored, partScore}) {
    paintPicture(pen, image, mirrored);
    paintSkeletons(pen, people, mirrored, id => this.palette.of(id), this.shown, partScore);
  }

  // Labels, as check_label of recordings.py accepts them: they may name folders.
  add(label) {
    label = label.trim();
    if (!/^[^.\-\\/:*?"<>|][^\\/:*?"<>|]{0,59}$/u.test(label) || !isPrintable(label))
      throw new Error('A label needs 1 to 60 letters, digits, spaces, - or _, and begins with none of .-');
    complain('');
    element('label').value = '';
    if (!this.labels.has(label)) this.labels.set(label, []);
    this.list();
  }

  list() {
    const items = [...this.labels].map(([label, recordings]) => {
      const item = document.createElement('li'), name = document.createElement('span');
      const frames = recordings.reduce((sum, {bodies}) => sum + bodies.length, 0);
      name.textContent = `${label}: ${recordings.length} ${recordings.length === 1 ? 'recording' :
        'recordings'}, ${frames} poses`;
      const button = (text, about, act) => {
        const made = Object.assign(document.createElement('button'), {type: 'button', textContent: text});
        made.setAttribute('aria-label', about);
        made.addEventListener('click', act);
        return made;
      };
      const records = this.recording?.label === label;
      const record = button(records ? 'Stop' : 'Record', `${records ? 'Stop recording' : 'Record'} ${label}`,
        () => records ? this.end() : this.begin(label));
      record.dataset.active = records;
      const keep = button('Save', `Save the recordings of ${label} as pose logs`, () => this.save(label));
      const remove = button('Delete', `Delete ${label}`, () => this.delete(label));
      keep.disabled = !recordings.length;
      item.append(name, record, keep, remove);
      return item;
    });
    const focused = document.activeElement?.getAttribute('aria-label');
    element('labels').replaceChildren(...items);
    if (focused) element('labels').querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
    element('train').disabled = ![...this.labels.values()].some(recordings => recordings.length);
  }

  begin(label) {
    this.end();
    const count = [...this.labels.values()].reduce((sum, list) => sum + list.length, 0);
    if (count >= MAX_RECORDINGS) return complain(`There are ${count} recordings: delete some.`);
    this.recording = {label, bodies: [], body: new Body(), log: null, begun: null, last: -Infinity};
    write(element('training'), 'Waiting for a frame …');
    return this.list();
  }

  // Adds the largest person of a frame to the recording, after the countdown.
  collect(frame) {
    const {recording} = this, {countdown, length} = settings(), {people, time} = frame;
    if (!recording) return;
    recording.begun ??= time;
    const passed = time - recording.begun;
    if (passed < 0 || passed >= countdown + length) return this.end();
    if (passed < countdown)
      return write(element('training'), `${recording.label}: ${Math.ceil(countdown - passed)} …`);
    write(element('training'),
      `Recording ${recording.label}: ${Math.ceil(countdown + length - passed)} s`);
    const [largest] = [...people].sort(([, a], [, b]) => heightOf(b) - heightOf(a));
    if (!largest || time - recording.last < INTERVAL) return undefined;
    recording.last = time;
    recording.log ??= new PoseLog(frame.source.name, frame.model, frame);
    recording.log.add({...frame, people: new Map([[1, largest[1]]]), events: []});
    const body = recording.body.update(largest[1], time, frame);
    if (usable(body)) recording.bodies.push(body);
    return undefined;
  }

  end() {
    const {recording} = this;
    if (!recording) return;
    this.recording = null;
    if (recording.bodies.length) this.labels.get(recording.label)?.push(recording);
    write(element('training'), recording.bodies.length ?
      `Recorded ${recording.bodies.length} poses of ${recording.label}.` :
      'Nobody was seen: at least the shoulders and a limb must be in view.');
    this.list();
  }

  // As pose_trainer.py reads them: put them into a folder of the label's name.
  save(label) {
    this.labels.get(label).forEach(({log}, i) => save(log.blob, `${label}-${stamp()}-${i + 1}.jsonl`));
  }

  delete(label) {
    if (this.recording?.label === label) this.recording = null;
    this.labels.delete(label);
    this.list();
  }

  async train() {
    const button = element('train');
    write(element('training'), 'Training …');
    button.disabled = true;
    try {
      const before = performance.now();
      this.use(await train([...this.labels.values()].flat()));
      const seconds = ((performance.now() - before) / 1000).toFixed(1);
      write(element('training'), `Trained in ${seconds} s: ${this.watch.labels.join(', ')}.`);
    } finally {
      button.disabled = false;
    }
  }

  async open(input) {
    const [file] = input.files;
    input.value = '';
    if (!file) return;
    if (file.size > MAX_BYTES) throw new Error(`${file.name} has more than ${MAX_BYTES} bytes.`);
    this.use(checked(await file.text(), file.name));
    complain('');
    write(element('training'), `Opened ${file.name}: ${this.watch.labels.join(', ')}.`);
  }

  use(content) {
    this.content = content;
    this.watch = new Watch(content);
    element('save-classifier').disabled = false;
  }
}

function heightOf({keypoints}) {
  const ys = keypoints.filter(({score}) => score >= MIN_SCORE).map(({position}) => position.y);
  return ys.length ? Math.max(...ys) - Math.min(...ys) : 0;
}
