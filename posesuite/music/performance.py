"""Turns the players' sounds into MIDI messages, by a clock that the caller moves. No audio."""
import math
from typing import Callable, Dict, NamedTuple, Optional, Sequence, Tuple

from posesuite.music.output import (
    ALL_SOUND_OFF,
    DATA_LSB,
    DATA_MSB,
    EXPRESSION,
    RPN_LSB,
    RPN_MSB,
    Kind,
    Output,
)
from posesuite.music.pitch import BEND_RANGE
from posesuite.music.players import Sound

MAX_EXPRESSION = 127  # largest value of the controller
WHEEL_CENTRE = 8192  # position of the pitch wheel without a bend, and its distance to either end
# Registered parameter 0, the pitch wheel's range in semitones; then no parameter is selected, so
# that later data entries change nothing.
SET_BEND_RANGE = ((RPN_MSB, 0), (RPN_LSB, 0), (DATA_MSB, BEND_RANGE), (DATA_LSB, 0),
                  (RPN_MSB, 127), (RPN_LSB, 127))
STEP = 0.005  # seconds between two updates of a volume or bend
RAMP = 0.03  # seconds in which these reach a frame's values, about the time until the next frame


class Touch(NamedTuple):
    """How the volume is split into velocity and expression, and how finely it is sent.

    Synthesizers multiply the two: by the curve that General MIDI recommends, the level is
    40 log10(velocity / 127) + 40 log10(expression / 127) dB. So that the volume is not applied
    twice, the expression is scaled by soft / velocity: a note that begins softly (velocity `soft`)
    can still grow to full expression, and one that begins loudly has less expression at the same
    level. The level depends on the volume alone, whatever it was when the note began.
    """
    soft: int  # velocity of a note that begins at volume 0, 1 to 127
    loud: int  # velocity of a note that begins at volume 1, soft to 127
    level_step: float  # dB; smaller changes of the expression are not sent
    pitch_step: float  # semitones; smaller changes of the bend are not sent

    def velocity(self, volume: float) -> int:
        """The velocity of a note that begins at a volume of 0 to 1."""
        return round(self.soft + volume * (self.loud - self.soft))

    def expression(self, volume: float, velocity: int) -> int:
        """The expression (0 to 127) for a volume of 0 to 1 of a note with this velocity."""
        return round(volume * (self.soft / velocity) * MAX_EXPRESSION)

    def differs(self, kind: Kind, old: int, new: int) -> bool:
        """Whether a change of the expression or of the bend is large enough to be sent."""
        if kind == Kind.BEND:
            return old != new and abs(new - old) >= self.pitch_step / BEND_RANGE * WHEEL_CENTRE
        if not old or not new:
            return old != new
        return old != new and abs(40 * math.log10(new / old)) >= self.level_step


# FluidSynth gets every step at a constant velocity: in a SoundFont the velocity also changes the
# timbre, and its measured loudness follows the left wrist by the expression alone.
FINE = Touch(100, 100, 0.0, 0.0)
# Files and ports get velocities that a sequencer shows and instruments respond to, and only the
# changes that are heard: the ear's limits are about 1 dB and 5 cents (Zwicker and Fastl,
# Psychoacoustics, chapter 7). A MIDI cable carries only about 1000 messages a second.
MIDI = Touch(64, 127, 0.5, 0.05)


class Performance:
    """Plays the sounds of all places on one output.

    programs: of General MIDI (0 to 127), one a place; place n plays on channel n.
    now: the time at which the clock starts, in seconds.
    """

    def __init__(self, output: Output, touch: Touch, programs: Sequence[int], now: float) -> None:
        self._output, self._now = output, now
        self._channels = [_Channel(number, self._send, touch, program)
                          for number, program in enumerate(programs)]
        for number, program in enumerate(programs):
            self._send(Kind.PROGRAM | number, program)
            for control in SET_BEND_RANGE:
                self._send(Kind.CONTROL | number, *control)

    def _send(self, *message: int) -> None:
        self._output.send(bytes(message))

    def play(self, sounds: Sequence[Optional[Sound]], now: float,
             programs: Sequence[int] = ()) -> None:
        """Starts what each place wants to be heard from `now` on; None is silence.

        programs: of the places, if they may have changed.
        """
        self.advance(now)
        for channel, program in zip(self._channels, programs):
            channel.change(program)
        for channel, sound in zip(self._channels, sounds):
            channel.play(sound, now)

    def silence(self, now: float) -> None:
        """Lets every note fade within RAMP."""
        self.play([None] * len(self._channels), now)

    def advance(self, until: float) -> None:
        """Moves the clock, and with it the volumes, the bends and the output, in steps."""
        while self._now < until:
            self._now = min(self._now + STEP, until)
            self._output.advance(self._now)
            for channel in self._channels:
                channel.advance(self._now)


class _Channel:
    """The sounds of one place on a MIDI channel, one note at a time."""

    def __init__(self, number: int, send: Callable[..., None], touch: Touch,
                 program: int) -> None:
        self._number, self._send, self._touch = number, send, touch
        self._program = program
        self._note: Optional[int] = None  # MIDI note number of what sounds
        self._velocity = touch.soft
        self._fades = False  # whether it is on its way to volume 0, which ends the note
        # Volume and bend move from the first pair to the second one, beginning at a time.
        self._from = self._to = (0.0, 0.0)
        self._since = 0.0
        self._sent: Dict[Kind, int] = {}  # the expression and bend that were sent last

    def change(self, program: int) -> None:
        """Ends what sounds, if another instrument is to play."""
        if program != self._program:
            if self._note is not None:
                self._end()
            self._program = program
            self._send(Kind.PROGRAM | self._number, program)

    def play(self, sound: Optional[Sound], now: float) -> None:
        here = self._at(now)
        if sound is None:
            if self._note is not None and not self._fades:
                self._fades = True
                self._from, self._to, self._since = here, (0.0, here[1]), now
            return
        if self._fades:
            self._end()
        old, begins = self._note, self._note != sound.note
        if old is None:
            here = sound.volume, sound.bend  # the attack is the instrument's own
        elif begins:
            here = here[0], sound.bend
        self._from, self._to, self._since = here, (sound.volume, sound.bend), now
        if begins:
            self._velocity = self._touch.velocity(sound.volume)
        self._note = sound.note
        self._send_controllers(now, exactly=begins)
        if begins:
            self._send(Kind.NOTE_ON | self._number, sound.note, self._velocity)
            if old is not None:
                self._send(Kind.NOTE_OFF | self._number, old, 0)

    def advance(self, now: float) -> None:
        self._send_controllers(now)
        if self._fades and now >= self._since + RAMP:
            self._end()

    def _end(self) -> None:
        """Ends the note together with its release, which may last for seconds."""
        self._send(Kind.NOTE_OFF | self._number, self._note, 0)
        self._send(Kind.CONTROL | self._number, ALL_SOUND_OFF, 0)
        self._note, self._fades = None, False

    def _at(self, now: float) -> Tuple[float, float]:
        """Volume and bend at a time."""
        share = min(1.0, (now - self._since) / RAMP)
        (volume, bend), (next_volume, next_bend) = self._from, self._to
        return volume + share * (next_volume - volume), bend + share * (next_bend - bend)

    def _send_controllers(self, now: float, exactly: bool = False) -> None:
        """Sends the volume and bend of `now` if they differ from what was sent.

        exactly: also by less than the touch's steps, as for a note that begins.
        """
        if self._note is None:
            return
        volume, bend = self._at(now)
        wheel = max(0, min(round(WHEEL_CENTRE * (1 + bend / BEND_RANGE)), 2 * WHEEL_CENTRE - 1))
        expression = self._touch.expression(volume, self._velocity)
        if self._is_due(Kind.CONTROL, expression, exactly):
            self._send(Kind.CONTROL | self._number, EXPRESSION, expression)
        if self._is_due(Kind.BEND, wheel, exactly):
            self._send(Kind.BEND | self._number, wheel & 0x7F, wheel >> 7)

    def _is_due(self, kind: Kind, value: int, exactly: bool) -> bool:
        """Whether a value must be sent; it then counts as sent."""
        old = self._sent.get(kind)
        due = old != value and (old is None or exactly or self._touch.differs(kind, old, value))
        if due:
            self._sent[kind] = value
        return due
