// What every function fails with: a code for programs, one line for people.
export class PoseNetError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'PoseNetError';
    this.code = code;
  }
}
