// Where pictures come from: the visitor's camera, a clip or a picture. One at a time.
import {openCamera} from '../posenet.js';

const NEXT_TIMEOUT = 250;  // milliseconds to the next frame, for browsers that announce none
const MAX_SIDE = 4096;  // pixels of a picture; larger ones are made smaller

// A camera or a clip. kind: 'camera' or 'clip'; name: for people.
class Video {
  constructor(kind, name, video) {
    Object.assign(this, {kind, name, video, begun: performance.now(), drawn: -1});
  }

  get width() { return this.video.videoWidth; }
  get height() { return this.video.videoHeight; }
  get live() { return this.kind === 'camera'; }

  // Whether it shows the visitor, who then expects a mirror.
  get facesVisitor() {
    return this.live && this.video.srcObject.getVideoTracks()[0].getSettings().facingMode !== 'environment';
  }

  get ended() { return this.video.ended; }

  // Seconds since the source began.
  get time() {
    return this.live ? (performance.now() - this.begun) / 1000 : this.video.currentTime;
  }

  // Whether there is a newer frame than the one that was drawn, when there is one or after a while.
  async next() {
    await new Promise(resolve => {
      const {video} = this;
      let asked = null;
      const timer = setTimeout(() => {
        if (asked !== null) video.cancelVideoFrameCallback(asked);
        resolve();
      }, NEXT_TIMEOUT);
      const came = () => {
        clearTimeout(timer);
        resolve();
      };
      if (video.requestVideoFrameCallback) asked = video.requestVideoFrameCallback(came);
      else requestAnimationFrame(came);
    });
    return this.video.currentTime !== this.drawn;
  }

  draw(pen) {
    this.drawn = this.video.currentTime;
    pen.drawImage(this.video, 0, 0);
  }

  async play(fromStart = false) {
    if (fromStart) this.video.currentTime = 0;
    await this.video.play();
  }

  pause() { this.video.pause(); }

  close() {
    this.video.pause();
    for (const track of this.video.srcObject?.getTracks() || []) track.stop();
    if (this.video.src) URL.revokeObjectURL(this.video.src);
    this.video.srcObject = null;
    this.video.removeAttribute('src');
  }
}

class Picture {
  constructor(name, bitmap) {
    Object.assign(this, {kind: 'picture', name, bitmap, live: false, ended: true, time: 0,
      facesVisitor: false});
    const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    this.width = Math.round(bitmap.width * scale);
    this.height = Math.round(bitmap.height * scale);
  }

  async next() {
    await new Promise(resolve => setTimeout(resolve, NEXT_TIMEOUT));
    return false;
  }

  draw(pen) { pen.drawImage(this.bitmap, 0, 0, this.width, this.height); }
  async play() {}
  pause() {}
  close() { this.bitmap.close(); }
}

// onLost: called when the camera is unplugged. Fails with a message for people.
export async function fromCamera(deviceId, onLost) {
  const wanted = {width: {ideal: 640}, height: {ideal: 480}, frameRate: {ideal: 30}};
  const stream = await openCamera(deviceId ? {...wanted, deviceId: {exact: deviceId}}
                                           : {...wanted, facingMode: 'user'});
  const [track] = stream.getVideoTracks();
  track.addEventListener('ended', onLost);
  const video = element();
  video.srcObject = stream;
  await ready(video, 'the camera');
  const source = new Video('camera', track.label || 'camera', video);
  source.deviceId = track.getSettings().deviceId;
  return source;
}

// A clip or a picture from a file that the visitor chose. Fails with a message for people.
export async function fromFile(file) {
  if (file.type.startsWith('image/')) {
    const bitmap = await createImageBitmap(file).catch(() => {
      throw new Error(`This browser cannot read the picture ${file.name}.`);
    });
    return new Picture(file.name, bitmap);
  }
  const video = element();
  video.src = URL.createObjectURL(file);
  await ready(video, file.name);
  if (!video.videoWidth) throw new Error(`${file.name} has no picture, only sound.`);
  return new Video('clip', file.name, video);
}

// The cameras, [{id, name}]; names are known only after one was opened.
export async function cameras() {
  const devices = await navigator.mediaDevices?.enumerateDevices() || [];
  return devices.filter(device => device.kind === 'videoinput').map((device, i) =>
    ({id: device.deviceId, name: device.label || `Camera ${i + 1}`}));
}

function element() {
  return Object.assign(document.createElement('video'), {muted: true, playsInline: true});
}

async function ready(video, name) {
  try {
    await video.play();
  } catch (error) {
    throw new Error(`This browser cannot play ${name}: ${error.message}`);
  }
}
