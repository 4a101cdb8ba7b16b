"""Makes trio.jsonl: three stick figures whose arms play "Amazing Grace" (1779, tune 1829) on
synthesizer.py.

example:
  python3 samples/make_trio.py samples/trio.jsonl
"""
import json
import math
import os
import sys
from typing import Iterator, List, NamedTuple, Tuple

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from posesuite.music.players import REACH  # noqa: E402
from posesuite.pose.json_poses import pose_as_json  # noqa: E402
from posesuite.pose.log import VERSION  # noqa: E402
from posesuite.pose.pose import Keypoint, Point, Pose  # noqa: E402
from posesuite.pose.skeleton import KEYPOINT_TYPES  # noqa: E402

WIDTH, HEIGHT, FPS = 640, 480, 30  # pixels, pixels, frames a second
BEAT = 0.44  # seconds of a beat
SCALE = 'CDEGA'  # notes of an octave, of which the demo has two
MIDDLE, FLOOR = (107, 320, 533), (440, 430, 440)  # x and y of the figures' feet, pixels
TALL = 310, 320, 290  # heights of the figures, pixels
ARM = 0.18  # length of each half of an arm, in heights

# Notes as (name and octave on the player's own ladder, beats) in 3/4; octave 0 is the lower one.
# The strings are the words of the first verse, a syllable a note.
MELODY = (  # A-ma-zing grace how sweet the sound that saved a wretch like me
    'G0 1 C1 2 E1 .5 C1 .5 E1 2 D1 1 C1 2 A0 1 G0 2 G0 1 C1 2 E1 .5 C1 .5 E1 2 D1 1 G1 5 '
    # I once was lost but now am found was blind but now I see
    'E1 1 G1 1.5 E1 .5 G1 .5 E1 .5 C1 2 G0 1 A0 1.5 C1 .5 C1 .5 A0 .5 G0 2 G0 1 C1 2 E1 .5 C1 .5 '
    'E1 2 D1 1 C1 5')
BASS = '- 1 C1 6 C1 3 A0 3 C1 3 A0 3 G0 6 C1 3 A0 3 A0 3 C1 3 C1 3 G0 3 C1 5'
CHOIR = '- 1 E0 6 G0 3 A0 3 G0 3 A0 3 D1 6 E0 3 G0 3 A0 3 G0 3 G0 3 D0 3 E0 5'


class Note(NamedTuple):
    """height: of the wrist, 0 at the hips to 1 over the head; begin and beats in beats."""
    height: float
    begin: float
    beats: float


def main() -> None:
    path, = sys.argv[1:]
    parts = [list(notes(text)) for text in (MELODY, BASS, CHOIR)]
    beats = parts[0][-1].begin + parts[0][-1].beats
    with open(path, 'w') as file:
        json.dump({'version': VERSION, 'source': 'samples/make_trio.py', 'fps': FPS,
                   'width': WIDTH, 'height': HEIGHT}, file)
        for frame in range(round((beats * BEAT + 1.5) * FPS)):
            time = frame / FPS
            poses = [dict(id=i, **pose_as_json(figure(i, part, time / BEAT)))
                     for i, part in enumerate(parts)]
            line = {'frame': frame, 'time': round(time, 4), 'poses': poses}
            file.write('\n' + json.dumps(line, separators=(',', ':')))
        file.write('\n')


def notes(text: str) -> Iterator[Note]:
    begin, words = 0.0, text.split()
    for name, beats in zip(words[::2], map(float, words[1::2])):
        if name != '-':
            rung = SCALE.index(name[0]) + len(SCALE) * int(name[1])
            yield Note(rung / (2 * len(SCALE)), begin, beats)
        begin += beats


def figure(number: int, part: List[Note], beat: float) -> Pose:
    """Somebody who faces us and is at a beat of their part."""
    now = max((note for note in part if note.begin <= beat), key=lambda note: note.begin,
              default=part[0])
    done = (beat - now.begin) / now.beats  # of the note
    volume = 0.0
    if 0 <= done < 1:
        volume = (0.85, 0.75, 0.65)[number] - 0.3 * done ** 2
        if now is part[-1]:
            volume *= 1 - done  # dies away
    tall = TALL[number]
    x = MIDDLE[number] + 0.012 * tall * math.sin(2 * math.pi * beat / 6 + number)
    hips, shoulders = FLOOR[number] - 0.53 * tall, FLOOR[number] - 0.82 * tall
    torso = hips - shoulders
    head = FLOOR[number] - 0.93 * tall
    points = [(x, head)] + [(x + side * dx * tall, head + dy * tall)
                            for dx, dy in ((0.02, -0.015), (0.045, -0.005)) for side in (1, -1)]
    arms = [(x + side * 0.11 * tall, shoulders) for side in (1, -1)]
    wrists = [(x + side * 0.2 * tall,
               hips - height * REACH * torso)
              for side, height in ((1, volume), (-1, now.height))]
    elbows = [elbow(*pair, ARM * tall, side) for pair, side in
              zip(zip(arms, wrists), (1, -1))]
    legs = [(x + side * dx * tall, FLOOR[number] - y * tall)
            for dx, y in ((0.06, 0.53), (0.065, 0.28), (0.07, 0.04)) for side in (1, -1)]
    points += arms + elbows + wrists + legs
    return Pose({part: Keypoint(Point(*point), 0.9)
                 for part, point in zip(KEYPOINT_TYPES, points)}, 0.9)


def elbow(shoulder: Tuple[float, float], wrist: Tuple[float, float], length: float,
          side: int) -> Tuple[float, float]:
    """Where two halves of an arm meet: below and outside of it; straight if the wrist is too far.
    """
    dx, dy = wrist[0] - shoulder[0], wrist[1] - shoulder[1]
    far = math.hypot(dx, dy)
    out = math.sqrt(max(0.0, length ** 2 - far ** 2 / 4)) / far
    return max(((shoulder[0] + dx / 2 - turn * dy * out, shoulder[1] + dy / 2 + turn * dx * out)
                for turn in (1, -1)), key=lambda point: point[1] + side * point[0])


if __name__ == '__main__':
    main()
