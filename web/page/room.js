// The picture of the room without its people: posesuite/privacy/ in small. A look takes LOOK seconds
// of frames. Their mean is shown where nothing moved and where the network, which examines the mean
// as a whole and in enlarged parts, each also mirrored, sees no trace of a person. All else is grey.
// Later looks show what has been without trace or change for minutes, and hide what shows a trace.
import {FACTS} from './facts.js';
import {Evidence, viewsOf, widened} from './evidence.js';

const {GREY, CELL, EVIDENCE, REMAINS, BETRAYS, NOISE_FACTOR, MIN_NOISE, MAX_NOISE, JOIN, MARGIN, PATIENCE, MIN_SHARE, FIRST_DISTANCE,
  MAX_DISTANCE, MOVED_FOR, UNCHANGED, CHANGE_MARGIN, OUTDATED, MAX_OUTDATED, CALM, CALM_AT_RIM,
  CALM_RIM} = FACTS.privacy;
const LOOK = 3;  // seconds of frames of a look
const INTERVAL = 0.25;  // seconds from one to the next
const LEAST_FRAMES = 8;  // of a look
const MAX_GAP = 2;  // seconds between two frames of a look
const WIDTH = 640;  // pixels of a picture in which cells have CELL pixels; in larger ones they grow
const NEIGHBOURS = 2;  // cells around a moving one that move, too; noise is alone
const VIEWS_A_FRAME = 2;  // that are examined in a frame's time
const WAITING = 'Waiting for everyone to leave the picture …';

export class Room {
  // size: width and height of the pictures. alone: factor of the scores that are evidence.
  constructor({width, height}, alone = 1) {
    Object.assign(this, {width, height, alone});
    this.cell = Math.max(CELL, Math.round(CELL * width / WIDTH));
    this.columns = Math.ceil(width / this.cell);
    this.rows = Math.ceil(height / this.cell);
    this.image = new OffscreenCanvas(width, height);  // of the room; grey where it is not shown
    this.frame = new OffscreenCanvas(width, height);
    this.pen = this.frame.getContext('2d', {willReadFrequently: true});
    this.drop();
  }

  get share() { return this.shown.reduce((sum, is) => sum + is, 0) / this.shown.length; }

  // Forgets the picture and starts again.
  drop(doubt = '') {
    const count = this.columns * this.rows;
    this.doubt = doubt;
    this.text = WAITING + doubt;
    this.known = false;  // whether a first look has succeeded
    this.shown = new Uint8Array(count);
    this.pixels = new ImageData(this.width, this.height);
    this.calmLevels = this.shownLevels = this.look = this.differsSince = this.waitsSince = null;
    this.seenAt = -Infinity;
    this.calmSince = new Float64Array(count);
    this.distance = FIRST_DISTANCE;
    this.render();
  }

  // Uses a frame: image: a canvas; poses: all that score EVIDENCE or more; time: seconds.
  // examine: a function from a canvas to a promise of {poses, heat}.
  async see(image, poses, time, examine) {
    const somebody = poses.some(pose => pose.score >= EVIDENCE);
    this.waitsSince ??= time;
    if (!this.known && somebody && time - this.waitsSince < PATIENCE) {
      this.look = null;
      this.text = WAITING + this.doubt;
      return;
    }
    if (this.look?.views) {
      if (await this.look.examine(examine)) {
        this.conclude(this.look, time);
        this.look = null;
      }
    } else {
      this.look?.evidence.addPoses(poses);
      if (time >= this.seenAt && time < this.seenAt + INTERVAL) return;
      this.seenAt = time;
      this.sample(image, poses, time);
    }
    if (!this.known && this.look)
      this.text = `Looking at the room: ${Math.round(100 * this.look.progress)} %.${this.doubt}`;
  }

  // Uses a frame's pixels: to see that the camera has not moved, and for a look.
  sample(image, poses, time) {
    this.pen.drawImage(image, 0, 0);
    const {data} = this.pen.getImageData(0, 0, this.width, this.height), levels = this.levelsOf(data);
    if (this.known && this.moved(levels, time)) return;
    if (!this.look && (!this.known || time >= this.lookAt)) {
      this.look = new Look(this, levels, time);
      this.look.evidence.addPoses(poses);
    }
    if (this.look && !this.look.add(data, levels, time)) this.look = null;
  }

  conclude(look, time) {
    if (!this.known) {
      const doubted = either(look.evidence.doubtful(), look.moving);
      this.calmLevels = look.levels.slice();
      this.shownLevels = look.levels.slice();
      this.calmSince.fill(time);
      this.show(doubted.map(is => 1 - is), look);
      if (this.share < MIN_SHARE) {
        this.shown.fill(0);
        this.render();
        this.doubt = ' Too much of the picture looked like people: clear the view or move the camera.';
        return;
      }
      this.known = true;
    } else {
      this.learn(look, time);
      this.distance = Math.min(2 * this.distance, MAX_DISTANCE);
    }
    this.lookAt = time + this.distance;
    this.text = `${Math.round(100 * this.share)} % of the room is shown; the grey rest may be people.`;
  }

  // A later look: what is calm for long enough is shown, what shows a trace is hidden.
  learn(look, time) {
    const around = cells => widened(cells, this.columns, CHANGE_MARGIN * this.columns);
    const changed = this.spread(changeOf(look.levels, this.calmLevels).map(x => Number(x > UNCHANGED)));
    const restless = either(look.moving, changed, look.evidence.doubtful(REMAINS));
    restless.forEach((is, i) => {
      if (!is) return;
      this.calmSince[i] = time;
      for (let channel = 0; channel < 3; channel++)
        this.calmLevels[3 * i + channel] = look.levels[3 * i + channel];
    });
    // A shown part that still looks the same, but has evidence now, should not have been shown.
    const since = changeOf(look.levels, this.shownLevels);
    const other = around(since.map(x => Number(x > UNCHANGED)));
    const same = this.shown.map((is, i) => is && !look.moving[i] && !other[i] ? 1 : 0);
    let hidden = look.evidence.doubtful(BETRAYS, same);
    // What was shown has gone for good: it may have been a person.
    const gone = this.shown.map((is, i) => is && !restless[i] && since[i] > OUTDATED ? 1 : 0);
    if (gone.reduce((sum, is) => sum + is, 0) <= MAX_OUTDATED * gone.length)
      hidden = either(hidden, around(gone));
    this.shown = this.shown.map((is, i) => is && !hidden[i] ? 1 : 0);
    const edge = Math.max(1, Math.round(CALM_RIM * this.columns));
    this.show(this.shown.map((is, i) => {
      const column = i % this.columns, row = Math.floor(i / this.columns);
      const rim = Math.min(column, this.columns - 1 - column, row, this.rows - 1 - row) < edge;
      return !is && time - this.calmSince[i] >= (rim ? CALM_AT_RIM : CALM) ? 1 : 0;
    }), look);
  }

  // Shows cells as a look saw them.
  show(cells, look) {
    cells.forEach((is, i) => {
      if (!is) return;
      this.shown[i] = 1;
      for (let channel = 0; channel < 3; channel++)
        this.shownLevels[3 * i + channel] = look.levels[3 * i + channel];
      this.eachPixel(i, pixel => {
        for (let channel = 0; channel < 3; channel++)
          this.pixels.data[pixel + channel] = look.mean[pixel + channel];
      });
    });
    this.render();
  }

  render() {
    this.shown.forEach((is, i) => this.eachPixel(i, pixel => {
      if (!is) this.pixels.data.fill(GREY, pixel, pixel + 3);
      this.pixels.data[pixel + 3] = 255;
    }));
    this.image.getContext('2d').putImageData(this.pixels, 0, 0);
  }

  // Whether the camera was moved: then everything is forgotten.
  moved(levels, time) {
    const since = changeOf(levels, this.shownLevels);
    let cells = 0, other = 0;
    this.shown.forEach((is, i) => {
      cells += is;
      other += is && since[i] > OUTDATED ? 1 : 0;
    });
    if (other <= cells / 2) this.differsSince = null;
    else this.differsSince ??= time;
    if (this.differsSince === null || time - this.differsSince < MOVED_FOR) return false;
    this.drop(' The camera was moved.');
    return true;
  }

  // What moves, and what it surrounds: the inside of somebody who sways a little never changes.
  spread(cells) { return widened(cells, this.columns, (1 / JOIN / 2 + 1 / MARGIN) * this.columns); }

  eachPixel(cell, act) {
    const left = cell % this.columns * this.cell, top = Math.floor(cell / this.columns) * this.cell;
    const right = Math.min(left + this.cell, this.width);
    for (let y = top; y < Math.min(top + this.cell, this.height); y++)
      for (let x = left; x < right; x++) act(4 * (y * this.width + x));
  }

  // The mean colour of each cell, three levels of 255.
  levelsOf(data) {
    const {cell, columns, width, height} = this;
    const levels = new Float64Array(3 * columns * this.rows);
    for (let y = 0, pixel = 0; y < height; y++) {
      const high = Math.min(cell, height - y + y % cell);
      for (let left = 0, i = 3 * columns * Math.floor(y / cell); left < width; left += cell, i += 3) {
        const right = Math.min(left + cell, width), area = (right - left) * high;
        for (let x = left; x < right; x++, pixel += 4)
          for (let channel = 0; channel < 3; channel++)
            levels[i + channel] += data[pixel + channel] / area;
      }
    }
    return levels;
  }
}

// Some seconds of frames, their mean, and what the network sees in it.
class Look {
  constructor(room, levels, time) {
    Object.assign(this, {room, begun: time, last: time, frames: 0, views: null});
    this.sums = new Float32Array(4 * room.width * room.height);
    this.low = levels.slice();
    this.high = levels.slice();
    this.first = levels;
    this.levels = new Float64Array(levels.length);
    this.evidence = new Evidence(room);
  }

  get progress() {
    return this.views ? .5 + .5 * (1 - this.views.length / this.all)
                      : .5 * Math.min(1, (this.last - this.begun) / LOOK);
  }

  // Adds a frame; false if this look is void because time has jumped.
  add(data, levels, time) {
    if (time < this.last || time - this.last > MAX_GAP) return false;
    this.last = time;
    this.frames++;
    const factor = gain(levels, this.first);  // of a lamp that flickers, a camera that adapts
    levels.forEach((level, i) => {
      this.low[i] = Math.min(this.low[i], factor * level);
      this.high[i] = Math.max(this.high[i], factor * level);
      this.levels[i] += level;
    });
    for (let i = 0; i < data.length; i++) this.sums[i] += data[i];
    if (time - this.begun >= LOOK && this.frames >= LEAST_FRAMES) this.compose();
    return true;
  }

  compose() {
    this.mean = Uint8ClampedArray.from(this.sums, sum => sum / this.frames);
    this.levels = this.levels.map(sum => sum / this.frames);
    const {room} = this;
    this.moving = room.spread(this.restless());
    room.pen.putImageData(new ImageData(this.mean, room.width, room.height), 0, 0);
    const whole = new OffscreenCanvas(room.width, room.height);
    whole.getContext('2d').drawImage(room.frame, 0, 0);
    this.views = viewsOf(whole);
    this.all = this.views.length;
  }

  // The cells that move, by more than the noise of most.
  restless() {
    const {columns, rows} = this.room, varies = new Float64Array(columns * rows);
    this.low.forEach((low, i) => {
      const cell = Math.floor(i / 3);
      varies[cell] = Math.max(varies[cell], this.high[i] - low);
    });
    const noise = Math.min(Math.max(MIN_NOISE, NOISE_FACTOR * median(varies)), MAX_NOISE);
    const moves = varies.map(by => Number(by > noise));
    return moves.map((is, i) => {
      let around = 0;
      for (const row of [-columns, 0, columns])
        for (const column of [-1, 0, 1]) around += moves[i + row + column] || 0;
      return is && around > NEIGHBOURS ? 1 : 0;
    });
  }

  // Lets the network examine some views; true after the last one.
  async examine(examine) {
    for (const view of this.views.splice(0, VIEWS_A_FRAME)) {
      const {poses, heat} = await examine(view.image);
      this.evidence.add(view, poses, heat);
    }
    return !this.views.length;
  }
}

// By how many levels cells differ, of the colour that differs most; light that changes everywhere by
// one factor does not count.
function changeOf(levels, before) {
  const factor = gain(levels, before), found = new Float64Array(levels.length / 3);
  levels.forEach((level, i) => {
    const cell = Math.floor(i / 3);
    found[cell] = Math.max(found[cell], Math.abs(factor * level - before[i]));
  });
  return found;
}

// The factor that makes levels as bright as others.
function gain(levels, others) {
  const some = levels.filter((_, i) => i % 16 === 0);
  return median(some.map((level, i) => (others[16 * i] + 1) / (level + 1)));
}

function median(values) { return values.slice().sort()[values.length >> 1]; }

function either(...masks) { return masks[0].map((_, i) => masks.some(mask => mask[i]) ? 1 : 0); }
