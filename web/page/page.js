// The page: a source of pictures, a network that finds their people, and a view of both.
import {load, models} from '../posenet.js';
import {AnonymousView} from './anonymous_view.js';
import {FACTS} from './facts.js';
import {Live} from './live.js';
import {MusicView} from './music_view.js';
import {PoseLog, published, save, stamp} from './poselog.js';
import {Recording} from './recording.js';
import {SkeletonView} from './skeleton_view.js';
import {Tracker} from './tracker.js';
import {TrainerView} from './trainer_view.js';
import {cameras, fromCamera, fromFile} from './sources.js';
import {complain, element, fill, on, press, settings, watchControls, write} from './controls.js';

const FOUND_FROM = 0.2;  // score from which poses are looked for; those below the slider are not shown
const RATE_TIME = 1;  // seconds over which the frames a second are counted
const SAID_AFTER = 1000;  // milliseconds for which a number of people must last until it is said
const STALLED = 'The camera has delivered no new picture for some seconds.';

const canvas = element('canvas'), pen = canvas.getContext('2d');
const views = {skeletons: new SkeletonView(), anonymous: new AnonymousView(),
  music: new MusicView(), trainer: new TrainerView()};
const live = new Live(find, failed, stalled);
let net = null;  // a promise of the network, or of null if it does not load
let noNetwork = '';  // why
let networkName = '';
const networks = new Map();  // {config (of load), name, label} of those that may be chosen, by ids
let tracker = new Tracker(), latest = null, log = null, recording = null, times = [], said = null;

// Finds the people of a frame and shows them, in the view that is chosen.
async function find(frame) {
  const chosen = settings(), view = views[chosen.view], network = await net;
  if (!network) return;
  const threshold = Math.min(FOUND_FROM, chosen.poseScore, view.evidence ?? 1);
  const found = chosen.single && !view.evidence
    ? [await network.estimateSinglePose(frame.image)]
    : await network.estimateMultiplePoses(frame.image, {scoreThreshold: threshold,
      maxDetections: Math.max(chosen.most, view.evidence ? 10 : 1), nmsRadius: chosen.radius});
  const sure = found.filter(pose => pose.score >= chosen.poseScore)
    .slice(0, chosen.single ? 1 : chosen.most);
  Object.assign(frame, {faint: found, model: networkName,
    people: tracker.update(sure, frame.time, chosen.smooth && frame.source.kind !== 'picture')});
  await view.see(frame, network, chosen);
  if (live.source !== frame.source) return;
  if (settings().view === chosen.view) {
    latest = frame;
    paint(frame, view);
  }
  if (frame.fresh) note(frame, network);
}

function paint(frame, view) {
  if (canvas.width !== frame.width || canvas.height !== frame.height)
    Object.assign(canvas, {width: frame.width, height: frame.height});
  view.paint(pen, frame, settings());
}

// Counts the frame, and adds it to the log.
function note(frame, network) {
  if (log && log.source === frame.source) {
    log.add(frame);
    if (log.full) endLog('The pose log is full, and was saved.');
    else write(element('log'), `Save the pose log (${log.frames})`);
  }
  const now = performance.now() / 1000;
  times = [...times.filter(time => now - time < RATE_TIME), now];
  const rate = times.length > 1 ? ((times.length - 1) / (now - times[0])).toFixed(1) : '–';
  const {kind} = frame.source;
  write(element('rate'), `${kind === 'picture' ? '' : `${rate} frames a second · `}network ${
    network.timing.network.toFixed(0)} ms`);
  say(frame.people.size);
}

// Says how many people are in the picture, once that has lasted.
function say(count) {
  const text = count === 0 ? 'Nobody in the picture' : count === 1 ? '1 person' : `${count} people`;
  if (said?.text !== text) {
    clearTimeout(said?.timer);
    const wait = live.source?.kind === 'picture' ? 0 : SAID_AFTER;
    said = {text, timer: setTimeout(() => write(element('state'), text), wait)};
  }
}

function state(text) {
  clearTimeout(said?.timer);
  said = null;
  write(element('state'), text);
  write(element('rate'), '');
}

function play(source) {
  endLog();
  recording?.stop();
  for (const view of Object.values(views)) view.reset?.();
  tracker = new Tracker();
  times = [];
  latest = null;
  complain(noNetwork);
  state(noNetwork ? 'No network' : 'Looking …');
  element('mirrored').checked = source.facesVisitor;
  blank();
  live.start(source);
  canvas.setAttribute('aria-label', `${source.kind}: ${source.name}, with skeletons`);
  write(element('caption'), source.live ? source.name : `${source.name}, ${source.width}x${source.height}`);
  for (const id of ['stop', 'save-poses', 'log', 'record']) element(id).disabled = false;
  element('pause').disabled = source.kind === 'picture';
  write(element('pause'), 'Pause');
  if (source.video) source.video.onended = () => { write(element('pause'), 'Play again'); views.music.rest(); };
}

function stop(text = 'Stopped') {
  endLog();
  recording?.stop();
  live.stop();
  latest = null;
  views.music.rest();
  for (const id of ['pause', 'stop', 'save-poses', 'log', 'record']) element(id).disabled = true;
  state(text);
  blank();
  write(element('caption'), 'Start the camera or open a file.');
}

// No picture that was shown before stays on the canvas.
function blank() {
  pen.fillStyle = '#000';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  if (settings().view === 'anonymous') views.anonymous.blank(pen);
}

function failed(error) {
  if (error.code === 'disposed') return;  // another network was chosen meanwhile
  complain(error.message);
  views.music.rest();
}

function stalled(is) {
  const shown = element('error').textContent;
  if (is) {
    complain(STALLED);
    latest = null;
    views.music.rest();
    blank();
  } else if (shown === STALLED) {
    complain('');
  }
}

async function start(deviceId) {
  element('camera').disabled = true;
  try {
    const source = await fromCamera(deviceId, () => {
      if (live.source !== source) return;
      stop('No camera');
      complain(`The camera was disconnected at ${new Date().toLocaleTimeString()}. Connect it and press Camera.`);
    });
    play(source);
    const known = await cameras();
    fill(element('devices'), known.map(({id, name}) => [id, name]));
    element('devices').value = source.deviceId;
    element('devices').hidden = known.length < 2;
  } finally {
    element('camera').disabled = false;
  }
}

function endLog(text) {
  if (!log) return;
  save(log.blob, `poses-${stamp()}.jsonl`);
  log = null;
  press(element('log'), false, 'Start a pose log');
  if (text) complain(text);
}

function useNetwork(id) {
  const {config, name} = networks.get(id);
  fill(element('model'), [...networks].map(([key, {label}]) => [key, label]));
  element('model').value = id;
  const before = net;
  before?.then(network => network?.dispose());
  noNetwork = '';
  complain('');
  state('Loading the network …');
  net = load(config).then(network => {
    networkName = name;
    state(live.source ? 'Looking …' : 'Ready');
    live.refresh();
    return network;
  }, withoutNetwork);
}

function withoutNetwork(error) {
  noNetwork = error.message;
  state('No network');
  complain(noNetwork);
  return null;
}

on('camera', 'click', () => start());
on('devices', 'change', event => start(event.target.value));
on('file', 'change', async ({target}) => {
  const [file] = target.files;
  target.value = '';
  if (file) play(await fromFile(file));
});
on('model-file', 'change', ({target}) => {
  const [file] = target.files;
  target.value = '';
  if (!file) return;
  networks.set(file.name, {config: {modelFile: file}, name: file.name, label: file.name});
  useNetwork(file.name);
});
on('stop', 'click', () => stop());
on('pause', 'click', () => {
  const paused = !live.paused && !(live.source.ended);
  live.pause(paused);
  write(element('pause'), paused ? 'Play' : 'Pause');
  if (paused) views.music.rest();
});
on('save-poses', 'click', () => {
  const poses = latest ? [...latest.people.values()].map(published) : [];
  save(new Blob([JSON.stringify(poses) + '\n'], {type: 'application/json'}), `poses-${stamp()}.json`);
});
on('log', 'click', () => {
  if (log) return endLog();
  if (!latest) throw new Error('Nothing has been looked at yet.');
  log = new PoseLog(latest.source.name, latest.model, latest);
  log.source = latest.source;
  press(element('log'), true, 'Save the pose log (0)');
  if (latest.source.kind === 'picture') {
    log.add(latest);
    endLog();
  }
});
on('record', 'click', () => {
  if (recording) return recording.stop();
  recording = new Recording(canvas, settings().view === 'music' ? views.music.stream : null, error => {
    recording = null;
    press(element('record'), false, 'Record video');
    if (error) complain(`The recording has ended: ${error.message}`);
  });
  press(element('record'), true, 'Stop recording');
});

watchControls(control => {
  if (control.id === 'model') return useNetwork(control.value);
  if (control.type === 'file') return;
  if (control.name === 'view') {
    recording?.stop();  // of another view, which may show more
    views.music.rest();
    latest = null;
    blank();
  }
  if (latest) paint(latest, views[settings().view]);
  live.refresh();
});
fill(element('heat'), [['', 'none'], ['all', 'all parts'], ...FACTS.parts.map(part => [part, part])]);
navigator.serviceWorker?.register('service_worker.js').catch(() => { /* it works online all the same */ });
try {
  for (const {url, name, inputResolution: {width, height}} of await models())
    networks.set(url, {config: {modelUrl: url}, name,
      label: `${width}x${height} (${/rendered/.test(url) ? 'suite' : 'Google'})`});
  if (!networks.size) throw new Error('There is no network here: choose a file under Settings.');
  useNetwork([...networks.keys()][0]);
} catch (error) {
  withoutNetwork(error);
}
