// Makes the players heard: a guitar, a bass and a voice of the Web Audio API's oscillators.

const ATTACK = 0.02, RELEASE = 0.12;  // seconds, time constants of the volume
const GLIDE = 0.012;  // seconds, time constant of the pitch

export class Band {
  // Browsers start sound only for a click or a key, so this is called from one.
  constructor() {
    this.context = new AudioContext({latencyHint: 'interactive'});
    this.master = this.context.createGain();
    const limiter = this.context.createDynamicsCompressor();
    this.master.connect(limiter).connect(this.context.destination);
    this.stream = this.context.createMediaStreamDestination();  // for a recording
    limiter.connect(this.stream);
    this.voices = [guitar, bass, voice].map(make => make(this.context, this.master));
  }

  set loudness(share) { this.master.gain.setTargetAtTime(share, this.context.currentTime, ATTACK); }

  // sounds: {note, volume} or null for each place.
  play(sounds) {
    const now = this.context.currentTime;
    this.voices.forEach(({pitches, gain}, place) => {
      const sound = sounds[place];
      gain.gain.setTargetAtTime(sound ? sound.volume : 0, now, sound ? ATTACK : RELEASE);
      if (sound)
        for (const {frequency} of pitches)
          frequency.setTargetAtTime(440 * 2 ** ((sound.note - 69) / 12), now, GLIDE);
    });
  }

  close() { return this.context.close(); }
}

function oscillators(context, type, detunes, target) {
  return detunes.map(detune => {
    const oscillator = new OscillatorNode(context, {type, detune});
    oscillator.connect(target);
    oscillator.start();
    return oscillator;
  });
}

// Each returns its oscillators and the gain that is its volume.
function guitar(context, output) {
  const gain = new GainNode(context, {gain: 0});
  const curve = Float32Array.from({length: 1025}, (_, i) => Math.tanh(5 * (i / 512 - 1)) * .35);
  const drive = new WaveShaperNode(context, {curve, oversample: '2x'});
  drive.connect(new BiquadFilterNode(context, {type: 'lowpass', frequency: 3200})).connect(gain)
    .connect(output);
  const input = new GainNode(context, {gain: .3});
  input.connect(drive);
  return {pitches: oscillators(context, 'sawtooth', [-5, 6], input), gain};
}

function bass(context, output) {
  const gain = new GainNode(context, {gain: 0});
  const filter = new BiquadFilterNode(context, {type: 'lowpass', frequency: 700, Q: 1});
  filter.connect(new GainNode(context, {gain: .9})).connect(gain).connect(output);
  return {pitches: oscillators(context, 'triangle', [0], filter), gain};
}

function voice(context, output) {
  const gain = new GainNode(context, {gain: 0});
  const mix = new GainNode(context, {gain: .5});
  mix.connect(gain).connect(output);
  const mouth = new GainNode(context, {gain: .5});
  for (const [frequency, level] of [[800, 1], [1150, .5], [2900, .2]])  // formants of "aah"
    mouth.connect(new BiquadFilterNode(context, {type: 'bandpass', frequency, Q: 7}))
      .connect(new GainNode(context, {gain: 3 * level})).connect(mix);
  const pitches = oscillators(context, 'sawtooth', [-4, 4], mouth);
  const vibrato = new OscillatorNode(context, {frequency: 5.2});
  const depth = new GainNode(context, {gain: 12});  // cents
  vibrato.connect(depth);
  for (const {detune} of pitches) depth.connect(detune);
  vibrato.start();
  return {pitches, gain};
}
