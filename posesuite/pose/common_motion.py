"""What everybody in the picture moves by at once: the camera's own motion, from poses alone.

A camera that shakes or pans moves all people by nearly the same pixels, which the tracker must not
take for steps of theirs. A move counts if two people or more agree on it; how far a camera jumps
is learnt, so that one that stands still hardly ever moves anybody.
"""
import math

import numpy as np

FREEDOM = 4.0  # degrees of freedom of Student's t distribution; its tails allow for wrong limbs
START = 0.25  # torsos that a camera is assumed to jump by, standard deviation, before it is known
JUMP_TIME = 1.0  # seconds, time constant of the learnt size of the jumps
PAN_TIME = 0.5  # seconds, time constant of the speed of a pan
FARTHEST = 3.0  # torsos, the largest jump that is looked for
MISFIT = 8.0  # logarithm of a likelihood ratio, the most that one person may speak against a move
AGREES = 9.0  # squared standard deviations within which a pose agrees with a move
MIN_PEOPLE = 2


class CommonMotion:
    """Follows the camera of one source.

    Attribute: jump, the standard deviation of the camera's unforeseen moves, in torsos.
    """

    def __init__(self) -> None:
        self.jump = START
        self._pan = np.zeros(2)  # pixels a second

    def find(self, offsets: np.ndarray, torsos: np.ndarray, deviations: np.ndarray,
             step: float) -> np.ndarray:
        """The pixels (x, y) that the picture has moved by beyond what was predicted.

        offsets: [N, M, 3] of M poses from N people: x, y in pixels, and size differences.
        torsos: [N] in pixels; deviations: [N], of a pose from its prediction, in torsos.
        step: seconds since the frame before.
        """
        count, poses = offsets.shape[:2]
        if step <= 0:
            return np.zeros(2)
        if min(count, poses) < MIN_PEOPLE:
            return self._unseen(step)
        unit = float(np.median(torsos))
        jump, pan = self.jump * unit, self._pan * step
        moves, spread = offsets[:, :, :2], deviations * torsos
        # Every move that makes a pose fit a person is tried, and so are the pan and no move.
        near = np.hypot(moves[..., 0], moves[..., 1]) < FARTHEST * unit
        tried = np.concatenate([[pan, (0, 0)], moves[near]])
        rest = (((moves - tried[:, None, None]) / spread[:, None, None]) ** 2).sum(axis=3) + (
            offsets[:, :, 2] / deviations[:, None]) ** 2  # [move, N, M]
        fit = -(FREEDOM + 3) / 2 * np.log1p(rest.min(axis=2) / FREEDOM)
        surprise = 1.5 * np.log1p(((tried - pan) ** 2).sum(axis=1) / jump ** 2)
        best = int((np.maximum(fit, -MISFIT).sum(axis=1) - surprise).argmax())
        chosen = rest[best].argmin(axis=1)
        agree = rest[best].min(axis=1) < AGREES
        if len(set(chosen[agree].tolist())) < MIN_PEOPLE:
            return self._unseen(step)
        trust = 1 / spread[agree] ** 2
        beyond = moves[agree, chosen[agree]] - pan
        mean = trust @ beyond / trust.sum()
        squared = float(mean @ mean) / 2
        prior = max(jump ** 2, squared / 2)
        shift = pan + mean * trust.sum() / (trust.sum() + 1 / prior)
        self._learn(shift / step, max(0.0, squared - 1 / trust.sum()) / unit ** 2, step)
        return shift

    def _unseen(self, step: float) -> np.ndarray:
        """A pan that nobody confirms goes on for a while."""
        self._pan = self._pan * math.exp(-step / PAN_TIME)
        return self._pan * step

    def _learn(self, pan: np.ndarray, variance: float, step: float) -> None:
        self._pan = self._pan + step / (step + PAN_TIME) * (pan - self._pan)
        share = step / (step + JUMP_TIME)
        self.jump = math.sqrt(self.jump ** 2 + share * (variance - self.jump ** 2)) + 1e-4
