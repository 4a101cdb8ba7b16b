// Records what the canvas shows, with the synthesizer's sound if there is one, as a video file.
import {save, stamp} from './poselog.js';

// Codecs by what is recorded; a browser that knows none of them chooses its own.
const TYPES = {
  silent: ['video/mp4;codecs=avc1.42E01F', 'video/webm;codecs=vp9', 'video/webm;codecs=vp8'],
  sound: ['video/mp4;codecs=avc1.42E01F,mp4a.40.2', 'video/webm;codecs=vp9,opus',
          'video/webm;codecs=vp8,opus'],
};
const CHUNK = 1000;  // milliseconds

export class Recording {
  // canvas: what is shown. sound: a MediaStream, or null. onEnd: called when it has ended, with
  // the error if the browser ends it.
  constructor(canvas, sound, onEnd) {
    if (!window.MediaRecorder) throw new Error('This browser cannot record.');
    const stream = canvas.captureStream();
    for (const track of sound?.getAudioTracks() || []) stream.addTrack(track);
    const type = TYPES[stream.getAudioTracks().length ? 'sound' : 'silent'].find(
      type => MediaRecorder.isTypeSupported(type));
    this.recorder = new MediaRecorder(stream, type && {mimeType: type});
    this.chunks = [];
    this.recorder.ondataavailable = ({data}) => { if (data.size) this.chunks.push(data); };
    const end = error => {
      for (const track of stream.getVideoTracks()) track.stop();
      this.recorder.onstop = this.recorder.onerror = null;
      if (this.chunks.length) {
        const [kind] = this.recorder.mimeType.split(';');
        save(new Blob(this.chunks, {type: kind}), `poses-${stamp()}.${kind.split('/')[1]}`);
      }
      onEnd(error);
    };
    this.recorder.onstop = () => end(null);
    this.recorder.onerror = ({error}) => end(error);
    this.recorder.start(CHUNK);
  }

  stop() { if (this.recorder.state !== 'inactive') this.recorder.stop(); }
}
