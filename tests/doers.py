"""Pose logs of simulated people who do something, for what plays logs."""
from typing import Any, Sequence

from athletes import SIZE, Camera, recording
from figures import numbered
from posesuite.pose.log import PoseLog

import numpy as np

RATE = 10.0


def record(path: Any, people: Sequence[Any], seed: int = 3, pause: float = 6.0) -> str:
    """Writes a log of people who come one after the other. people: functions of daily_life."""
    rng = np.random.default_rng(seed)
    begin, number = 0.0, 0
    with PoseLog(str(path), 'simulated') as log:
        for id, what in enumerate(people, 1):
            found = recording(what(rng), rng, Camera(1.4, 4.5, 25.0, 480.0, False, 0.0), RATE,
                              noisy=False)
            for time, pose in found:
                log.write(numbered(number, begin + time, SIZE), {id: pose} if pose else {})
                number += 1
            begin += found[-1][0] + 1 / RATE
            for _ in range(round(pause * RATE)):
                log.write(numbered(number, begin, SIZE), {})
                number, begin = number + 1, begin + 1 / RATE
    return str(path)
