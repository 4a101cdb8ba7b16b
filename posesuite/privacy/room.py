"""What is known of a room, part by part: the picture of those parts that nobody doubts.

A part that the first look has no doubt about is shown at once. One that was doubted is shown once
it was the same for minutes, in looks that saw nothing in it: people sway, and so their pixels
change by more than the noise that is left in the mean of many frames.
"""
from typing import Optional

from posesuite.privacy.composition import gain, surrounded
from posesuite.privacy.evidence import CELL, GREY, rim, widened
from posesuite.privacy.look import Look, in_pixels

import cv2
import numpy as np

UNCHANGED = 1.5  # levels of 255 by which the mean of a cell's frames may differ
CHANGE_MARGIN = 1 / 40  # of the width, around what has changed
# Levels from which a cell shows something else than before, and the share of the picture up to
# which this is no change of the light.
OUTDATED, MAX_OUTDATED = 24.0, 0.25
# Of the scores for evidence: from the first it remains in a part that was doubted, and from the
# second it hides a part that is shown.
REMAINS, BETRAYS = 0.7, 1.2
CALM, CALM_AT_RIM = 120.0, 240.0  # seconds without evidence or change after a doubt
CALM_RIM = 1 / 8  # share of the width that counts as rim there


class Room:
    """The parts of a room. look: the first one; seconds: its timestamp.

    Attributes: image (uint8 [Y, X, RGB], GREY where the room is not shown), shown (bool [Y, X]) and
    share (how much of the picture is shown, 0 to 1).
    """

    def __init__(self, look: Look, seconds: float) -> None:
        doubted = look.evidence.doubtful() | look.moving_cells
        self._levels = look.levels.copy()  # of what has not changed since _calm_since
        self._calm_since = np.full(doubted.shape, seconds)
        self._calm = np.where(rim(doubted.shape[::-1], CALM_RIM), CALM_AT_RIM, CALM)
        self._settled = np.zeros_like(doubted)  # cells that evidence no longer speaks against
        self._shown_cells = np.zeros_like(doubted)
        self._shown_levels = look.levels.copy()  # valid where shown
        self.image = np.full_like(look.picture, GREY)
        self._show(~doubted, look)

    @property
    def shown(self) -> np.ndarray:
        return in_pixels(self._shown_cells, self.image.shape)

    @property
    def share(self) -> float:
        return float(self._shown_cells.mean())

    def add(self, look: Look, seconds: float) -> None:
        """Learns from a later look, of the same size."""
        changed = look.moving_cells | surrounded(
            np.uint8(_change(look.levels, self._levels) > UNCHANGED))
        evidence, shown = look.evidence, self._shown_cells
        restless = changed | evidence.doubtful(REMAINS) & ~self._settled
        self._levels[restless] = look.levels[restless]
        self._calm_since[restless] = seconds
        # Evidence in what is as it was when it was shown: it should not have been.
        as_shown = ~look.moving_cells & ~_around(
            _change(look.levels, self._shown_levels) > UNCHANGED)
        betrayed = evidence.doubtful(BETRAYS, within=as_shown & shown & ~self._settled)
        # What was shown has gone for good: it may have been a person.
        outdated = shown & ~restless & (_change(look.levels, self._shown_levels) > OUTDATED)
        if outdated.mean() <= MAX_OUTDATED:
            betrayed |= _around(outdated)
        self._hide(betrayed)
        self._show(~self._shown_cells & (seconds - self._calm_since >= self._calm), look)

    def patch_at(self, x: int, y: int) -> Optional[np.ndarray]:
        """The grey cells, bool [Y, X], that hang together around a pixel; None if it is shown."""
        _, patches = cv2.connectedComponents(np.uint8(~self._shown_cells), connectivity=4)
        patch = patches[np.clip(y // CELL, 0, patches.shape[0] - 1),
                        np.clip(x // CELL, 0, patches.shape[1] - 1)]
        return patches == patch if patch else None

    def settle(self, cells: np.ndarray, look: Look) -> None:
        """Shows cells, bool [Y, X], as a look saw them: somebody has seen that nobody is there."""
        self._settled |= cells
        self._levels[cells] = look.levels[cells]
        self._show(cells, look)

    def _show(self, cells: np.ndarray, look: Look) -> None:
        self._shown_levels[cells] = look.levels[cells]
        self._shown_cells = self._shown_cells | cells
        self.image = np.where(in_pixels(cells, self.image.shape)[:, :, None], look.picture,
                              self.image)

    def _hide(self, cells: np.ndarray) -> None:
        self._shown_cells = self._shown_cells & ~cells
        self._settled &= ~cells
        self.image = np.where(self.shown[:, :, None], self.image, np.uint8(GREY))


def _change(levels: np.ndarray, before: np.ndarray) -> np.ndarray:
    """By how many levels of 255 cells differ, float32 [Y, X], from float32 [Y, X, RGB].

    Light that changes everywhere by one factor does not count.
    """
    return np.abs(levels * gain(levels, before) - before).max(2)


def _around(cells: np.ndarray) -> np.ndarray:
    """Cells and those around them, bool [Y, X]."""
    return widened(cells, CHANGE_MARGIN * cells.shape[1]) > 0
