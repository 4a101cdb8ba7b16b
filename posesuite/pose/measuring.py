"""Ratios, angles and gait of the people of a pose log, as text and as CSV.

    people = measure_log('visit.jsonl', sys.stdout)
    lines = [line for id, person in people.items() for line in person.lines(id)]
"""
import csv
from typing import IO, Dict, List, Optional

from posesuite.pose import body
from posesuite.pose.export import with_progress
from posesuite.pose.gait import Gait, gait_of
from posesuite.pose.log import read_log
from posesuite.pose.measures import MEASURES, Measured, measured
from posesuite.pose.pose import Point, Pose

import numpy as np

SURE = 0.5  # lowest score of the ankles that a gait is measured by
NOWHERE = Point(np.nan, np.nan)


class MeasuredPerson:
    """What is measured of one person of a log."""

    def __init__(self) -> None:
        self._times: List[float] = []
        self._found: Dict[str, List[Measured]] = {}
        self._places: List[List[Point]] = []  # left ankle, right ankle, hips

    def add(self, pose: Pose, time: float) -> Dict[str, Measured]:
        """Adds the pose of a later frame; returns what is measured of it by the names of
        MEASURES.
        """
        found = measured(pose)
        for name, value in found.items():
            self._found.setdefault(name, []).append(value)
        points = body.sure_points(pose, SURE)
        self._times.append(time)
        self._places.append([*(points.get(part, NOWHERE) for part in body.ANKLES),
                             body.hips(points) or NOWHERE])
        self._add_leg(points)
        return found

    def _add_leg(self, points: body.Points) -> None:
        """The length of a leg in pixels, of the side that looks longer."""
        legs = [points[hip].distance(points[knee]) + points[knee].distance(points[ankle])
                for hip, knee, ankle in zip(body.HIPS, body.KNEES, body.ANKLES)
                if hip in points and knee in points and ankle in points]
        if legs:
            self._found.setdefault('leg', []).append(Measured(max(legs), 0.0))

    @property
    def gait(self) -> Optional[Gait]:
        """How the person walks; None if they do not, or too little is sure."""
        legs = [leg for leg, _ in self._found.get('leg', [])]
        if not legs:
            return None
        left, right, trunk = np.array(self._places, float).transpose(1, 0, 2)
        return gait_of(np.array(self._times), left, right, trunk, float(np.median(legs)))

    def lines(self, id: int) -> List[str]:
        """The medians with their deviations, and the gait, as text."""
        seconds = self._times[-1] - self._times[0]
        found = [f'person {id}: {len(self._times)} poses in {seconds:.1f} s']
        for name, measure in MEASURES.items():
            values = self._found.get(name)
            if values:
                value, deviation = np.median(np.array(values), axis=0)
                found.append(f'  {measure.text}: ' + (
                    f'{value:.0f} ± {deviation:.0f} degrees' if measure.unit else
                    f'{value:.2f} ± {deviation:.2f}') + f' ({len(values)} poses)')
        return [*found, '  ' + gait_line(self.gait)]


def gait_line(gait: Optional[Gait]) -> str:
    """A gait in a line of text."""
    if gait is None:
        return 'gait: not known, it needs some steps with both ankles in sure view'
    sides = '' if np.isnan(gait.left) else (
        f', left {gait.left:.2f} s, right {gait.right:.2f} s')
    return (f'gait: {gait.cadence:.0f} ± {gait.cadence_deviation:.0f} steps a minute, symmetry '
            f'{gait.symmetry:.2f} ± {gait.symmetry_deviation:.2f}{sides} ({gait.steps} steps)')


def measure_log(path: str, file: Optional[IO[str]] = None) -> Dict[int, MeasuredPerson]:
    """Measures the people of a log, by their ids. file: gets a row of CSV for each pose.

    Raises OSError or ValueError.
    """
    people: Dict[int, MeasuredPerson] = {}
    rows = csv.writer(file, lineterminator='\n') if file else None
    if rows:
        rows.writerow(['frame', 'time', 'id', *(
            f'{name}{end}' for name in MEASURES for end in ('', '_deviation'))])
    for frame in with_progress(read_log(path)[1]):
        for id, pose in frame.people.items():
            found = people.setdefault(id, MeasuredPerson()).add(pose, frame.time)
            if rows:
                cells = [f'{value:.4g}' if name in found else '' for name in MEASURES
                         for value in found.get(name, (0, 0))]
                rows.writerow([frame.number, frame.time, id, *cells])
    return people
