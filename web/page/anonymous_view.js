// The room without its people, and their skeletons. Nothing of a live picture is ever painted.
import {FACTS} from './facts.js';
import {Palette} from './look.js';
import {paintPicture, paintSkeletons} from './painting.js';
import {Room} from './room.js';
import {element, write} from './controls.js';

const {EVIDENCE, BUNDLED, GREY} = FACTS.privacy;
const BLANK = `rgb(${GREY} ${GREY} ${GREY})`;

export class AnonymousView {
  constructor() {
    this.palette = new Palette();
    this.evidence = EVIDENCE;  // the network is to find whoever scores as little
    this.room = null;
    element('again').addEventListener('click', () => this.room?.drop());
  }

  // Another source shows another room.
  reset() {
    this.room = null;
    write(element('room'), 'No frame yet.');
  }

  async see(frame, net, {radius}) {
    const {image, width, height, time, fresh, faint} = frame;
    if (this.room?.width !== width || this.room?.height !== height)
      this.room = new Room({width, height}, /rendered/.test(net.model.url) ? BUNDLED : 1);
    const examine = async view => ({
      poses: await net.estimateMultiplePoses(view, {scoreThreshold: EVIDENCE, nmsRadius: radius}),
      heat: await net.heatmap()});
    if (fresh) await this.room.see(image, faint, time, examine);
    write(element('room'), this.room.text);
    this.palette.keep(frame.people);
  }

  paint(pen, {people}, {mirrored, partScore}) {
    paintPicture(pen, this.room ? this.room.image : BLANK, mirrored);
    paintSkeletons(pen, people, mirrored, id => this.palette.of(id), null, partScore);
  }

  // What is shown before the first frame of this view.
  blank(pen) { paintPicture(pen, BLANK, false); }
}
