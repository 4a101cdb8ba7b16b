"""What the visits of a store did: how many, how long, when and where."""
import time
from typing import List, Sequence

from posesuite.visits.areas import Area
from posesuite.visits.polygons import numbered
from posesuite.visits.recorded import Recorded
from posesuite.visits.rows import SECOND
from posesuite.visits.statistics import COARSE, ActivityUse

import numpy as np


def activity_uses(recorded: Recorded, areas: Sequence[Area]) -> List[ActivityUse]:
    """The activities, those of most visits first."""
    done = recorded.done
    if not len(done):
        return []
    hours = np.array([time.localtime(moment // SECOND).tm_hour for moment in done['time']], int)
    middles = (np.array([done['x'], done['y']]) + 0.5) / np.array(COARSE)[:, None] * 1000
    x, y = np.clip(middles, 0, 999).astype(int)
    place = numbered([area.polygon for area in areas])[y, x].astype(int)
    cell = done['y'].astype(int) * COARSE[0] + done['x']
    uses = []
    for number, name in enumerate(recorded.activities):
        mine = done['activity'] == number
        visit, shape = done['visit'][mine], COARSE[::-1]
        if mine.any():
            uses.append(ActivityUse(
                name, len(np.unique(visit)), float(done['seconds'][mine].sum()),
                int(done['times'][mine].sum()), _visits(visit, hours[mine], 24),
                np.bincount(cell[mine], done['seconds'][mine],
                            COARSE[0] * COARSE[1]).reshape(shape),
                _visits(visit, cell[mine], COARSE[0] * COARSE[1]).reshape(shape),
                _visits(visit, place[mine], len(areas) + 1)[1:].tolist()))
    return sorted(uses, key=lambda use: -use.visits)


def _visits(visit: np.ndarray, key: np.ndarray, size: int) -> np.ndarray:
    """The number of different visits of each key from 0 to size - 1."""
    return np.bincount(np.unique(visit.astype(np.int64) * size + key) % size, minlength=size)
