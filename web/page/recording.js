// Records what the canvas shows, with the synthesizer's sound if there is one, as a video file.
import {save, stamp} from './poselog.js';

const TYPES = ['video/mp4;codecs=avc1.42E01F,mp4a.40.2', 'video/webm;codecs=vp9,opus',
               'video/webm;codecs=vp8,opus', 'video/webm', 'video/mp4'];
const CHUNK = 1000;  // milliseconds

export class Recording {
  // canvas: what is shown. sound: a MediaStream, or null. onEnd: called when it has ended, also
  // when the browser ends it.
  constructor(canvas, sound, onEnd) {
    if (!window.MediaRecorder) throw new Error('This browser cannot record.');
    const stream = canvas.captureStream();
    for (const track of sound?.getAudioTracks() || []) stream.addTrack(track);
    const type = TYPES.find(type => MediaRecorder.isTypeSupported(type));
    this.recorder = new MediaRecorder(stream, type && {mimeType: type});
    this.chunks = [];
    this.recorder.ondataavailable = ({data}) => { if (data.size) this.chunks.push(data); };
    this.recorder.onstop = () => {
      for (const track of stream.getVideoTracks()) track.stop();
      if (this.chunks.length) {
        const [kind] = this.recorder.mimeType.split(';');
        save(new Blob(this.chunks, {type: kind}), `poses-${stamp()}.${kind.split('/')[1]}`);
      }
      onEnd();
    };
    this.recorder.start(CHUNK);
  }

  stop() { if (this.recorder.state !== 'inactive') this.recorder.stop(); }
}
