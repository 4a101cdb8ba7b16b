"""Sounds as MIDI messages: velocity, expression and bend, and how finely they are sent."""
import math
from typing import Iterable, List, Optional, Tuple

from posesuite.music.output import Output
from posesuite.music.performance import FINE, MIDI, RAMP, Performance, Touch
from posesuite.music.players import Sound
from sounds import FPS, hanging, parsed

import numpy as np
import pytest


class Tape(Output):
    """Keeps the messages and their times in seconds."""

    def __init__(self) -> None:
        self.now, self.messages = 0.0, []

    def send(self, message: bytes) -> None:
        self.messages.append((self.now, parsed(message)[0]))

    def advance(self, seconds: float) -> None:
        self.now = seconds

    def close(self) -> None:
        self.messages.clear()

    def expressions(self) -> List[Tuple[float, int]]:
        return [(at, message.value) for at, message in self.messages if message.is_cc(11)]

    def of_type(self, kind: str) -> list:
        return [message for _, message in self.messages if message.type == kind]


def play(touch: Touch, sounds: Iterable[Optional[Sound]], fps: float = FPS) -> Tape:
    """What one player sends, a sound a frame, and silence after it."""
    tape = Tape()
    performance = Performance(tape, touch, [0], 0.0)
    number = 0
    for number, sound in enumerate(sounds, 1):
        performance.play([sound], (number - 1) / fps)
    performance.silence(number / fps)
    performance.advance(number / fps + 1)
    return tape


@pytest.mark.parametrize('touch', [FINE, MIDI], ids=['FINE', 'MIDI'])
@pytest.mark.parametrize('start', [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize('later', [0.05, 0.3, 1.0])
def test_velocity_and_expression_make_the_volume_together(touch, start, later):
    """Their product is what a synthesizer's loudness follows: the volume is not applied twice."""
    tape = play(touch, [Sound(60, start), *[Sound(60, later)] * 10])
    note, = tape.of_type('note_on')
    first = tape.expressions()[0][1]
    settled = [value for at, value in tape.expressions() if at < 10 / FPS][-1]
    assert note.velocity * first == pytest.approx(start * touch.soft * 127, abs=note.velocity / 2)
    assert note.velocity * settled == pytest.approx(later * touch.soft * 127,
                                                    rel=0.03, abs=note.velocity / 2)


def test_velocities_follow_the_left_wrist_at_the_start_of_a_note():
    volumes = [0, .25, .5, .75, 1]
    tape = play(MIDI, [Sound(60 + n, volume) for n, volume in enumerate(volumes)])
    velocities = [message.velocity for message in tape.of_type('note_on')]
    assert velocities == sorted(set(velocities))
    assert (velocities[0], velocities[-1]) == (64, 127)
    assert {message.velocity for message in play(FINE, [
        Sound(60 + n, volume) for n, volume in enumerate(volumes)]).of_type('note_on')} == {100}


def test_a_volume_never_jumps():
    for touch in (FINE, MIDI):
        tape = play(touch, [Sound(60, frame // 10 % 2) for frame in range(60)])
        steps = tape.expressions()
        assert len(steps) > 5 * 5
        for (start, before), (end, after) in zip(steps, steps[1:]):
            assert abs(after - before) <= 127 / 5
            assert end - start > 0.004
        values = [value for _, value in steps]
        assert (min(values), max(values)) == (0, 127)


def test_only_changes_of_the_volume_that_are_heard_are_sent():
    """A slow fade: each step is at most half a decibel, or one unit of the controller."""
    fade = [Sound(60, volume) for volume in np.linspace(.9, .1, 5 * FPS)]
    exact, thinned = play(FINE, fade).expressions(), play(MIDI, fade).expressions()
    assert len(thinned) < 0.75 * len(exact)
    for (_, before), (_, after) in zip(thinned, thinned[1:-6]):
        assert 40 * math.log10(before / after) < 1 or before - after == 1
    wobble = [Sound(60, .8 + .005 * (-1) ** frame) for frame in range(60)]
    assert len(play(MIDI, wobble).expressions()) < 10 < 60 < len(play(FINE, wobble).expressions())


def test_only_changes_of_the_pitch_that_are_heard_are_sent():
    """Five cents."""
    def wheel(touch: Touch, cents: Iterable[float]) -> List[float]:
        return [message.pitch / 8192 * 1200 for message in play(
            touch, [Sound(60, .8, cent / 100) for cent in cents]).of_type('pitchwheel')]

    wobble = [2 * math.sin(frame) for frame in range(60)]
    assert len(wheel(MIDI, wobble)) == 1 < 60 < len(wheel(FINE, wobble))
    glide = list(range(0, 1200, 4))
    sent = wheel(MIDI, glide)
    assert len(sent) < 0.7 * len(wheel(FINE, glide))
    assert np.abs(np.diff(sent)).max() < 10
    assert abs(sent[-1] - glide[-1]) < 5.1


def test_a_note_begins_with_its_exact_volume_and_bend():
    tape = play(MIDI, [Sound(60, .5, .02), Sound(62, .501, .05), Sound(64, .5, .02)])
    before = {}
    begun = []
    for _, message in tape.messages:
        before[message.type, getattr(message, 'control', 0)] = message
        if message.type == 'note_on':
            begun.append((message.note, before['pitchwheel', 0].pitch))
    assert begun == [(60, round(8192 * .02 / 12)), (62, round(8192 * .05 / 12)),
                     (64, round(8192 * .02 / 12))]


def test_a_note_fades_and_then_ends_with_its_release():
    tape = play(MIDI, [Sound(60, .8)] * 5)
    off, = (at for at, message in tape.messages if message.type == 'note_off')
    assert RAMP <= off - 5 / FPS < RAMP + 0.006
    last = [value for at, value in tape.expressions() if at > 5 / FPS]
    assert len(last) >= 5 and last == sorted(last, reverse=True) and last[-1] == 0
    assert tape.messages[-1][1].is_cc(120)  # all sound off


def test_one_note_at_a_time_without_a_gap():
    tape = play(FINE, [Sound(60, .8), Sound(62, .8), None, Sound(60, .8), Sound(60, .8)])
    kinds = [(message.type, message.note) for _, message in tape.messages
             if message.type.startswith('note')]
    assert kinds == [('note_on', 60), ('note_on', 62), ('note_off', 60), ('note_off', 62),
                     ('note_on', 60), ('note_off', 60)]
    assert hanging(message for _, message in tape.messages) == set()
