// Up to three people play: their arms, their notes, their volume.
import {FACTS} from './facts.js';
import {paintPicture, paintSkeletons} from './painting.js';
import {Trio, noteName, notes} from './players.js';
import {Band} from './sound.js';
import {element, fill, press, write} from './controls.js';

const {SCALES, NOTE_NAMES, OCTAVES, INSTRUMENTS} = FACTS.music;
const COLORS = [[0, 255, 255], [255, 0, 255], [255, 255, 0]], WAITING = [150, 150, 150];
const NAMES = ['Guitar', 'Bass', 'Voice'];

export class MusicView {
  constructor() {
    fill(element('scale'), Object.keys(SCALES).map(name => [name, name]));
    fill(element('key'), NOTE_NAMES.map((name, i) => [i, name]));
    this.band = null;
    this.tuned = '';
    element('sound').addEventListener('click', () => this.band ? this.silence() : this.begin());
    addEventListener('visibilitychange', () => { if (document.hidden) this.rest(); });
  }

  get stream() { return this.band?.stream.stream || null; }

  begin() {
    this.band = new Band();
    press(element('sound'), true, 'Sound off');
  }

  silence() {
    this.band?.close();
    this.band = null;
    press(element('sound'), false, 'Sound on');
  }

  // Nobody plays any more: the source has ended, or another view is shown.
  rest() {
    this.band?.play([]);
    write(element('notes'), '');
  }

  async see(frame, net, {scale, key, octaves, loudness}) {
    this.tune(scale, key, octaves);
    this.sounds = this.trio.update(frame.people, frame.time);
    if (this.band) {
      this.band.loudness = loudness;
      this.band.play(frame.fresh ? this.sounds : []);
    }
    write(element('notes'), this.sounds.flatMap((sound, place) =>
      sound ? [`${NAMES[place]} ${noteName(sound.note)}`] : []).join(', '));
  }

  tune(...tuning) {
    if (String(tuning) === this.tuned) return;
    const [scale, key, octaves] = tuning;
    const ladders = INSTRUMENTS.map((_, place) => notes(scale, key, OCTAVES[place], octaves));
    if (this.trio) this.trio.players.forEach((player, place) => player.tune(ladders[place]));
    else this.trio = new Trio(ladders);
    this.tuned = String(tuning);
  }

  paint(pen, {image, people}, {mirrored, partScore}) {
    const {places, players} = this.trio;
    const labels = new Map([...people.keys()].map(id => {
      const sound = places.has(id) && this.sounds[places.get(id)];
      return [id, sound ? [noteName(sound.note)] : []];
    }));
    paintPicture(pen, image, mirrored);
    for (const [id, place] of places)
      if (people.has(id)) this.paintLadder(pen, people.get(id), players[place], COLORS[place], mirrored);
    paintSkeletons(pen, people, mirrored, id => places.has(id) ? COLORS[places.get(id)] : WAITING,
      labels, partScore);
  }

  // A ruler of the notes beside the right shoulder, a bar of the volume beside the left one.
  paintLadder(pen, {keypoints}, {ladder, notes: all, sound}, color, mirrored) {
    if (!ladder) return;
    const {width} = pen.canvas, [low, high] = ladder, gap = .2 * (low - high);
    const shoulder = name => keypoints[FACTS.parts.indexOf(name)].position.x;
    const seen = x => mirrored ? width - 1 - x : x;
    const right = shoulder('rightShoulder'), left = shoulder('leftShoulder');
    const out = right < left ? -gap : gap, tick = Math.max(3, width / 90);
    const at = (x, y, w, h, style) => {
      pen.fillStyle = style;
      pen.fillRect(x, y, w, h);
    };
    const ruler = seen(right + out), bar = seen(left - out);
    all.forEach((note, i) => {
      const y = low + i / (all.length - 1) * (high - low), lit = sound?.note === note;
      at(ruler - (lit ? 2 : 1) * tick, y - (lit ? 2 : 1), (lit ? 4 : 2) * tick, lit ? 4 : 2,
        lit ? `rgb(${color})` : '#d2d2d2');
    });
    at(bar - tick, high, 2 * tick, low - high, 'rgb(0 0 0 / .5)');
    if (sound) at(bar - tick, low + sound.volume * (high - low), 2 * tick, sound.volume * (low - high),
      `rgb(${color})`);
  }
}
