"""What players look like: a ruler of their notes, a bar of their volume."""
from typing import Callable, Tuple

from posesuite.display.overlay import WHITE, draw_pose, line_width, shadow_text
from posesuite.music.players import Player, Trio
from posesuite.music.theory import INSTRUMENTS, note_name
from posesuite.pose.pose import People, Pose
from posesuite.pose.skeleton import KeypointType

import cv2
import numpy as np

COLORS = (0, 255, 255), (255, 0, 255), (255, 255, 0)  # cyan, magenta, yellow
WAITING, UNLIT = (150, 150, 150), (90, 90, 90)


def painter(trio: Trio) -> Callable[[np.ndarray, People], None]:
    """What draws people: players with what they play on, others in grey."""
    def draw(image: np.ndarray, people: People) -> None:
        places = trio.places
        for identity, pose in people.items():
            place = places.get(identity)
            draw_pose(image, pose, WAITING if place is None else COLORS[place])
            if place is not None:
                draw_player(image, pose, trio.players[place], COLORS[place])
    return draw


def draw_player(image: np.ndarray, pose: Pose, player: Player,
                color: Tuple[int, int, int]) -> None:
    """Draws a ruler of the notes beside the right arm and a bar of the volume beside the left.

    image: uint8 array [Y, X, RGB], in place; pose: in its pixels.
    """
    ladder, sound = player.ladder, player.sound  # both may change meanwhile
    if ladder is None:
        return
    low, high = ladder
    left, right = (pose.keypoints[part].point.x for part in (KeypointType.LEFT_SHOULDER,
                                                             KeypointType.RIGHT_SHOULDER))
    away = max(abs(right - left), 0.2 * (low - high)) * (1 if right > left else -1)
    width = image.shape[1]
    ruler, bar = (int(np.clip(x, 0.05 * width, 0.95 * width))
                  for x in (right + 0.8 * away, left - 0.8 * away))
    thickness, top = line_width(image), len(player.notes) - 1
    tick = 4 * thickness
    lit = sound and min(player.notes, key=lambda note: abs(note - sound.note - sound.bend))
    for i, note in enumerate(player.notes):
        y = round(low - i / top * (low - high))
        here = note == lit
        cv2.line(image, (ruler - tick * (1 + here), y), (ruler + tick * (1 + here), y),
                 color if here else UNLIT, thickness * (1 + here), cv2.LINE_AA)
        if here:
            shadow_text(image, ruler + 3 * tick, y + tick, note_name(note), color, 1.2)
    ends = round(low), round(high)
    cv2.line(image, (ruler, ends[0]), (ruler, ends[1]), UNLIT, thickness, cv2.LINE_AA)
    if sound:
        level = round(low - sound.volume * (low - high))
        cv2.rectangle(image, (bar - tick, ends[0]), (bar + tick, level), color, -1)
    cv2.rectangle(image, (bar - tick, ends[0]), (bar + tick, ends[1]), UNLIT, thickness)
    name = INSTRUMENTS[player.program]
    shadow_text(image, (ruler + bar) / 2 - 0.008 * width * len(name), high - 3 * tick, name, WHITE)


def text(trio: Trio) -> str:
    """What is played, for browsers, which draw skeletons only."""
    return ', '.join(f'{INSTRUMENTS[player.program]} {note_name(player.sound.note)}'
                     for player in trio.players if player.sound)
