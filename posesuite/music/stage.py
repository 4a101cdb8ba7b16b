"""What players look like: a ruler of their notes, a bar of their volume."""
from typing import Callable, NamedTuple, Optional, Tuple

from posesuite.display.overlay import BLACK, FONT, WHITE, draw_pose, line_width, shadow_text
from posesuite.music.players import Player, Sound, Trio
from posesuite.music.theory import INSTRUMENTS, note_name
from posesuite.pose.pose import People, Pose
from posesuite.pose.skeleton import KeypointType

import cv2
import numpy as np

Color = Tuple[int, int, int]  # RGB
# RGB colours of the places (cyan, magenta, yellow), of those who wait, and of silent notes.
COLORS = (0, 255, 255), (255, 0, 255), (255, 255, 0)
WAITING, UNLIT = (150, 150, 150), (210, 210, 210)
# Distance from a shoulder to its ruler or bar, as a share of the ladder's height.
MIN_DISTANCE = 0.2
MARGIN = 0.05  # share of the image's width that ruler and bar keep free at each side
LABEL_SIZE = 1.0  # of a note's name, as shadow_text has it


class _Ladder(NamedTuple):
    """Where a player's ruler and bar stand, in pixels."""
    low: float  # y of the lowest note, and of volume 0
    high: float  # y of the highest note, and of volume 1
    ruler: int  # x
    bar: int  # x


def painter(trio: Trio) -> Callable[[np.ndarray, People], None]:
    """Returns a function that draws people in place: players with their rulers, others in grey."""
    def draw(image: np.ndarray, people: People) -> None:
        places = trio.places
        for identity, pose in people.items():
            if identity in places:
                place = places[identity]
                draw_player(image, pose, trio.players[place], COLORS[place])
        for identity, pose in people.items():  # over all rulers, so that none covers an arm
            place = places.get(identity)
            draw_pose(image, pose, WAITING if place is None else COLORS[place])
    return draw


def draw_player(image: np.ndarray, pose: Pose, player: Player, color: Color) -> None:
    """Draws a ruler of the notes beside the right arm and a bar of the volume beside the left.

    image: uint8 array [Y, X, RGB], in place; pose: in its pixels.
    """
    heights, sound = player.ladder, player.sound  # another thread may change both meanwhile
    if heights is None:
        return
    ladder = _ladder(image, pose, *heights)
    _draw_ruler(image, ladder, player, sound, color)
    _draw_bar(image, ladder, sound, color)
    name = INSTRUMENTS[player.program]
    _write(image, (ladder.ruler + ladder.bar) / 2, ladder.high - 5 * _tick(image), name, WHITE)
    if sound:
        _write(image, ladder.ruler, max(ladder.high, 5 * _tick(image)) - 1.5 * _tick(image),
               note_name(_lit(player, sound)), color)


def text(trio: Trio) -> str:
    """What is played, for browsers, which draw skeletons only."""
    played = [(player.program, player.sound) for player in trio.players]
    return ', '.join(f'{INSTRUMENTS[program]} {note_name(sound.note)}'
                     for program, sound in played if sound)


def _tick(image: np.ndarray) -> int:
    """Half the length of a ruler's tick, in pixels."""
    return 4 * line_width(image)


def _write(image: np.ndarray, middle: float, y: float, words: str, color: Color) -> None:
    """Writes a text around x = middle, with y as its baseline, or where it is inside the image."""
    height, width = image.shape[:2]
    needed = cv2.getTextSize(words, FONT, LABEL_SIZE * width / 1000, 1)[0][0]
    shadow_text(image, np.clip(middle - needed / 2, 2, max(2, width - needed - 2)),
                np.clip(y, 3 * _tick(image), height - 2), words, color, LABEL_SIZE)


def _lit(player: Player, sound: Sound) -> int:
    """The note of the ruler that is nearest to what sounds."""
    return min(player.notes, key=lambda note: abs(note - sound.note - sound.bend))


def _ladder(image: np.ndarray, pose: Pose, low: float, high: float) -> _Ladder:
    left, right = (pose.keypoints[part].point.x for part in (KeypointType.LEFT_SHOULDER,
                                                             KeypointType.RIGHT_SHOULDER))
    away = max(abs(right - left), MIN_DISTANCE * (low - high)) * (1 if right > left else -1)
    width = image.shape[1]
    ruler, bar = (int(np.clip(x, MARGIN * width, (1 - MARGIN) * width))
                  for x in (right + 0.8 * away, left - 0.8 * away))
    return _Ladder(low, high, ruler, bar)


def _draw_ruler(image: np.ndarray, ladder: _Ladder, player: Player, sound: Optional[Sound],
                color: Color) -> None:
    """Draws a tick for each note; the one that sounds is lit."""
    low, high, x = ladder.low, ladder.high, ladder.ruler
    thickness, tick = line_width(image), _tick(image)
    lit = sound and _lit(player, sound)
    lines = [((x, round(low)), (x, round(high)), UNLIT, thickness)]
    for i, note in enumerate(player.notes):
        y, here = round(low - i / (len(player.notes) - 1) * (low - high)), note == lit
        reach = tick * (1 + here)
        lines.append(((x - reach, y), (x + reach, y), color if here else UNLIT,
                      thickness * (1 + here)))
    for dark in (True, False):  # dark rims set the ruler off from any background
        for start, end, rgb, width in lines:
            cv2.line(image, start, end, BLACK if dark else rgb, width + 2 * dark * thickness,
                     cv2.LINE_AA)


def _draw_bar(image: np.ndarray, ladder: _Ladder, sound: Optional[Sound], color: Color) -> None:
    """Draws a frame that is filled up to the volume."""
    low, high, x, tick = round(ladder.low), round(ladder.high), ladder.bar, _tick(image)
    thickness = line_width(image)
    if sound:
        level = round(ladder.low - sound.volume * (ladder.low - ladder.high))
        cv2.rectangle(image, (x - tick, low), (x + tick, level), color, -1)
    for rgb, width in ((BLACK, 3 * thickness), (UNLIT, thickness)):
        cv2.rectangle(image, (x - tick, low), (x + tick, high), rgb, width)
