// The visitor's camera.
import {PoseNetError} from './errors.js';

const REASONS = {
  NotAllowedError: ['no-permission', 'the camera may not be used: allow it for this page, in the ' +
      "browser's address bar"],
  SecurityError: ['no-permission', 'the browser forbids pages the camera: its settings say so'],
  NotFoundError: ['no-camera', 'there is no camera'],
  OverconstrainedError: ['no-camera', 'no camera is as asked for'],
  NotReadableError: ['camera-in-use', 'the camera does not start: does another program use it?'],
  AbortError: ['camera-in-use', 'the camera does not start: does another program use it?'],
};

/** The stream of a camera; constraints: of its video. Throws a PoseNetError. */
export async function openCamera(constraints = {}) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new PoseNetError('not-secure', 'browsers give pages the camera over https and from this ' +
        'very machine (http://127.0.0.1) only');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: Object.keys(constraints).length ? constraints : true, audio: false});
  } catch (error) {
    const [code, message] = REASONS[error.name] ?? ['no-camera', `no camera: ${error.message}`];
    throw new PoseNetError(code, message);
  }
}
