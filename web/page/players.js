// What people want to be heard, by their wrists: posesuite/music/players.py and pitch.py. The right
// wrist's height is the pitch, the left one's the volume, from the hips to above the head.
import {FACTS} from './facts.js';

const {SCALES, NOTE_NAMES, MAX_PLAYERS, MIN_SCORE, WRIST_TIMEOUT, PLACE_TIMEOUT, REACH,
  TORSO_IN_WIDTHS, MIN_TORSO, BODY_TIME, HYSTERESIS, LOG_ODDS, WINDOW, SECOND_DIFFERENCE,
  UNCERTAIN_FRAMES} = FACTS.music;
const part = name => FACTS.parts.indexOf(name);
const SHOULDERS = [part('leftShoulder'), part('rightShoulder')];
const HIPS = [part('leftHip'), part('rightHip')];
const LEFT_WRIST = part('leftWrist'), RIGHT_WRIST = part('rightWrist');

// The MIDI notes of a scale, from low to high, ending on its first note. key: semitones above C;
// octave: that of the lowest note, where 4 begins at middle C, which is note 60.
export function notes(scale, key, octave, octaves) {
  const semitones = SCALES[scale], first = 12 * (octave + 1) + key;
  return [...Array.from({length: octaves}, (_, i) => semitones.map(x => first + 12 * i + x)).flat(),
    first + 12 * octaves + semitones[0]];
}

export function noteName(number) { return NOTE_NAMES[number % 12] + (Math.floor(number / 12) - 1); }

// One who plays. sound: {note, volume} or null; ladder: [y of the lowest note, of the highest].
export class Player {
  constructor(ladder) {
    this.notes = ladder;
    this.pitch = new Steps(ladder);
    this.volume = 0;
    this.forget();
  }

  // What is to be heard. pose: null while nobody is visible; time: seconds.
  update(pose, time) {
    if (!(time - this.time >= 0 && time - this.time < WRIST_TIMEOUT)) this.forget();
    if (pose) {
      this.measure(pose, time - this.time);
      this.time = time;
      const left = this.height(pose, LEFT_WRIST), right = this.height(pose, RIGHT_WRIST);
      if (left !== null) {
        this.volume = Math.min(Math.max(left, 0), 1);
        this.leftSeen = time;
      }
      if (right !== null) {
        if (time - this.rightSeen >= WRIST_TIMEOUT) this.pitch = new Steps(this.notes);
        this.pitch.follow(right);
        this.rightSeen = time;
      }
    }
    const heard = time - Math.min(this.leftSeen, this.rightSeen) < WRIST_TIMEOUT;
    this.sound = heard ? {note: this.pitch.note, volume: this.volume} : null;
    return this.sound;
  }

  // Plays other notes.
  tune(ladder) {
    this.notes = ladder;
    this.pitch = new Steps(ladder);
  }

  forget() {
    this.sound = this.ladder = null;
    this.time = this.leftSeen = this.rightSeen = -Infinity;
  }

  measure(pose, step) {
    let ladder = ladderOf(pose, this.ladder);
    if (ladder && this.ladder) {
      const share = 1 - Math.exp(-step / BODY_TIME);
      ladder = ladder.map((y, i) => this.ladder[i] + share * (y - this.ladder[i]));
    }
    this.ladder = ladder || this.ladder;
  }

  // The height of a keypoint on the ladder: 0 to 1, or beyond; null if it does not count.
  height(pose, id) {
    const {position, score} = pose.keypoints[id];
    if (score < MIN_SCORE || !this.ladder) return null;
    const [low, high] = this.ladder;
    return (low - position.y) / (low - high);
  }
}

// The y of the hips and of REACH above them; null if too little is visible. Without hips the torso
// is as long as before, or as the width of the shoulders suggests if that is more.
function ladderOf({keypoints}, before) {
  const sure = ids => ids.map(id => keypoints[id]).filter(({score}) => score >= MIN_SCORE)
    .map(({position}) => position);
  const middle = points => ({x: points.reduce((sum, {x}) => sum + x, 0) / points.length,
    y: points.reduce((sum, {y}) => sum + y, 0) / points.length});
  const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
  const ends = sure(SHOULDERS), lower = sure(HIPS);
  if (!ends.length) return null;
  const top = middle(ends);
  let torso, low;
  if (lower.length) {
    torso = distance(top, middle(lower));
    low = middle(lower).y;
  } else {
    torso = Math.max(TORSO_IN_WIDTHS * (ends.length === 2 ? distance(...ends) : 0),
      before ? (before[0] - before[1]) / REACH : 0);
    low = top.y + torso;
  }
  return torso >= MIN_TORSO ? [low, low - REACH * torso] : null;
}

// The note at a wrist, which changes once the evidence for another one is strong enough.
class Steps {
  constructor(ladder) {
    this.notes = ladder;
    this.note = ladder[0];
    this.places = [];
    this.step = 0;
  }

  // height: of the wrist, 0 at the lowest note and 1 at the highest; it may lie beyond.
  follow(height) {
    const place = height * (this.notes.length - 1), {places} = this;
    places.push(place);
    if (places.length > WINDOW) places.shift();
    if (places.length === 1) this.start(place);
    if (places.length < 3) return;
    // Second differences leave out even movement, and their median leaves out jumps.
    const seconds = places.slice(2).map((x, i) => Math.abs(x - 2 * places[i + 1] + places[i]))
      .sort((a, b) => a - b);
    const trembling = seconds[Math.floor((seconds.length - 1) / 2)] / SECOND_DIFFERENCE;
    this.move(place, trembling * (1 + UNCERTAIN_FRAMES / places.length));
  }

  start(place) {
    this.step = this.nearest(place);
    this.note = this.notes[this.step];
    this.evidence = [[1, 0, 0], [-1, 0, 0]];  // side, Page's cumulative sum, and its frames
  }

  move(place, deviation) {
    const threshold = LOG_ODDS * deviation ** 2 / (2 * HYSTERESIS);
    for (const entry of this.evidence) {
      const [side] = entry, total = entry[1] + side * (place - this.step) - .5 - HYSTERESIS;
      const frames = entry[2] + 1;
      [entry[1], entry[2]] = total > 0 ? [total, frames] : [0, 0];
      if (total > threshold && this.nearest(this.step + side) !== this.step) {
        // The mean distance in these frames, without what chance may have added.
        const mean = .5 + HYSTERESIS + total / frames - deviation / Math.sqrt(frames);
        this.start(this.step + side * Math.max(1, even(mean)));
        break;
      }
    }
  }

  nearest(place) { return Math.min(Math.max(even(place), 0), this.notes.length - 1); }
}

// Those who play, and whose places these are. A newcomer gets the first free place, and keeps it
// until PLACE_TIMEOUT after they were seen last. Others wait.
export class Trio {
  constructor(ladders) {
    this.players = ladders.slice(0, MAX_PLAYERS).map(ladder => new Player(ladder));
    this.places = new Map();
    this.seen = new Map();
  }

  // people: poses by id; time: seconds. Returns what each place wants to be heard.
  update(people, time) {
    const places = new Map([...this.places].filter(([id]) => {
      const ago = time - this.seen.get(id);
      return people.has(id) || ago >= 0 && ago < PLACE_TIMEOUT;
    }));
    for (const id of [...people.keys()].sort((a, b) => a - b)) {
      const taken = new Set(places.values());
      const free = this.players.findIndex((_, place) => !taken.has(place));
      if (!places.has(id) && free >= 0) places.set(id, free);
    }
    this.seen = new Map([...places.keys()].map(id =>
      [id, people.has(id) ? time : this.seen.get(id)]));
    this.places = places;
    const owners = new Map([...places].map(([id, place]) => [place, id]));
    return this.players.map((player, place) =>
      player.update(people.get(owners.get(place)) || null, time));
  }
}

function even(x) { return Math.abs(x % 1) === .5 ? 2 * Math.round(x / 2) : Math.round(x); }
