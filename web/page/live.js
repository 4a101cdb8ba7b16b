// The loop: takes the newest frame of a source, has its people found, and shows both together. The
// frame that is shown is the one in which they were found, so skeletons fit.

const STALL_TIMEOUT = 5;  // seconds without a new picture until the camera counts as frozen

export class Live {
  // find: async function from a frame {image (a canvas), width, height, time, fresh, source} that
  // finds and shows its people. fail: called with an error of it. stalled: called with whether the
  // camera has delivered nothing for a while.
  constructor(find, fail, stalled) {
    Object.assign(this, {find, fail, stalled, source: null, paused: false, changed: false});
    this.shots = new OffscreenCanvas(1, 1);
    this.wake = () => {};
  }

  // Plays a source in place of the one before.
  start(source) {
    this.stop();
    this.source = source;
    this.paused = false;
    this.run(source);
  }

  stop() {
    this.source?.close();
    this.source = null;
  }

  pause(paused) {
    this.paused = paused;
    if (paused) this.source?.pause();
    else this.source?.play(this.source.ended).catch(this.fail);
  }

  // Looks at the latest frame once more, where no new one comes.
  refresh() {
    this.changed = true;
    this.wake();
  }

  async run(source) {
    let fresh = true, since = performance.now();
    while (this.source === source) {
      if (fresh || this.changed) {
        this.changed = false;
        try {
          await this.look(source, fresh);
        } catch (error) {
          if (this.source === source) this.fail(error);
        }
      }
      const waking = new Promise(resolve => { this.wake = resolve; });
      fresh = await Promise.race([source.next(), waking]) === true && !this.paused;
      if (fresh || this.paused || document.hidden) since = performance.now();
      if (source.live) this.stalled(performance.now() - since > 1000 * STALL_TIMEOUT);
    }
  }

  async look(source, fresh) {
    const {width, height} = source;
    if (!width || !height) return;
    const image = this.shots;
    if (fresh) {
      if (image.width !== width || image.height !== height) Object.assign(image, {width, height});
      source.draw(image.getContext('2d', {willReadFrequently: true}));
    }
    await this.find({image, width: image.width, height: image.height, time: source.time, fresh, source});
  }
}
