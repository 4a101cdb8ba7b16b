"""What players look like: a ruler of their notes, a bar of their volume."""
from typing import Callable, NamedTuple, Optional, Tuple

from posesuite.display.overlay import WHITE, draw_pose, line_width, shadow_text
from posesuite.music.players import Player, Sound, Trio
from posesuite.music.theory import INSTRUMENTS, note_name
from posesuite.pose.pose import People, Pose
from posesuite.pose.skeleton import KeypointType

import cv2
import numpy as np

Color = Tuple[int, int, int]  # RGB
# RGB colours of the places (cyan, magenta, yellow), of those who wait, and of silent notes.
COLORS = (0, 255, 255), (255, 0, 255), (255, 255, 0)
WAITING, UNLIT = (150, 150, 150), (90, 90, 90)
# Distance from a shoulder to its ruler or bar, as a share of the ladder's height.
MIN_DISTANCE = 0.2
MARGIN = 0.05  # share of the image's width that ruler and bar keep free at each side


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
            place = places.get(identity)
            draw_pose(image, pose, WAITING if place is None else COLORS[place])
            if place is not None:
                draw_player(image, pose, trio.players[place], COLORS[place])
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
    name, width = INSTRUMENTS[player.program], image.shape[1]
    shadow_text(image, (ladder.ruler + ladder.bar) / 2 - 0.008 * width * len(name),
                ladder.high - 3 * _tick(image), name, WHITE)


def text(trio: Trio) -> str:
    """What is played, for browsers, which draw skeletons only."""
    played = [(player.program, player.sound) for player in trio.players]
    return ', '.join(f'{INSTRUMENTS[program]} {note_name(sound.note)}'
                     for program, sound in played if sound)


def _tick(image: np.ndarray) -> int:
    """Half the length of a ruler's tick, in pixels."""
    return 4 * line_width(image)


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
    """Draws a tick for each note; the one that sounds is lit and has its name."""
    low, high, x = ladder.low, ladder.high, ladder.ruler
    thickness, tick = line_width(image), _tick(image)
    lit = sound and min(player.notes, key=lambda note: abs(note - sound.note - sound.bend))
    for i, note in enumerate(player.notes):
        y = round(low - i / (len(player.notes) - 1) * (low - high))
        here = note == lit
        cv2.line(image, (x - tick * (1 + here), y), (x + tick * (1 + here), y),
                 color if here else UNLIT, thickness * (1 + here), cv2.LINE_AA)
        if here:
            shadow_text(image, x + 3 * tick, y + tick, note_name(note), color, 1.2)
    cv2.line(image, (x, round(low)), (x, round(high)), UNLIT, thickness, cv2.LINE_AA)


def _draw_bar(image: np.ndarray, ladder: _Ladder, sound: Optional[Sound], color: Color) -> None:
    """Draws a frame that is filled up to the volume."""
    low, high, x, tick = round(ladder.low), round(ladder.high), ladder.bar, _tick(image)
    if sound:
        level = round(ladder.low - sound.volume * (ladder.low - ladder.high))
        cv2.rectangle(image, (x - tick, low), (x + tick, level), color, -1)
    cv2.rectangle(image, (x - tick, low), (x + tick, high), UNLIT, line_width(image))
