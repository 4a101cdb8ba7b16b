// The picture, or black, with a heat map and everybody's skeleton.
import {paintHeat, paintPicture, paintSkeletons} from './painting.js';
import {Palette} from './look.js';

export class SkeletonView {
  constructor() { this.palette = new Palette(); }

  async see(frame, net, {heat}) {
    frame.heat = heat && await net.heatmap(heat === 'all' ? undefined : heat);
    this.palette.keep(frame.people);
  }

  paint(pen, {image, people, heat}, {mirrored, bare, partScore}) {
    paintPicture(pen, bare ? '#000' : image, mirrored);
    if (heat) paintHeat(pen, heat, mirrored);
    paintSkeletons(pen, people, mirrored, id => this.palette.of(id), null, partScore);
  }
}
