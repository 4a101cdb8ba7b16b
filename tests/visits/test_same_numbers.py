"""Live and report give the same numbers for the same recording: of people whose ids change, who are
lost from sight, whose ankles are hidden, and of what is nobody.
"""
import datetime
from typing import Any, Dict, List

import passers
import visitors
from figures import frame
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES
from posesuite.visits import statistics
from posesuite.visits.areas import Area, Plan
from posesuite.visits.live import Live
from posesuite.visits.measure import measure
from posesuite.visits.store import VisitStore

import numpy as np
import pytest

FPS, ANKLES = 4, (15, 16)


class Sight:
    """What a camera with a bad day sees of some people: poses by ids, at a moment."""

    def __init__(self, people: List[passers.Passer], seed: int) -> None:
        self._people, self._random = people, np.random.RandomState(seed)
        self._ids: Dict[int, int] = {}
        self._lost: Dict[int, float] = {}
        self._next = 0

    def at(self, now: float) -> Dict[int, Pose]:
        found, random = {}, self._random
        for number, (visitor, *_) in enumerate(self._people):
            if not visitor.path[0, 0] <= now <= visitor.path[-1, 0]:
                continue
            if number not in self._ids or random.rand() < 0.02 / FPS:
                self._next += 1
                self._ids[number] = self._next
            if random.rand() < 0.03 / FPS:
                self._lost[number] = now + random.uniform(0.5, 3)
            if now < self._lost.get(number, 0):
                continue
            scores = np.where(random.rand(17) < 0.03, 0.1, 0.8)
            scores[list(ANKLES)] *= random.rand() > 0.1
            points, = visitors.keypoints(visitor, np.array([now]), random)
            found[self._ids[number]] = Pose(
                {part: Keypoint(Point(*map(float, point)), float(score)) for part, point, score
                 in zip(KEYPOINT_TYPES, points, scores)}, float(scores.mean()))
        if random.rand() < 0.02 / FPS:  # nobody is there
            self._next += 1
            found[self._next] = Pose({part: Keypoint(Point(100.0, 100.0 + 9 * part), 0.4)
                                      for part in KEYPOINT_TYPES}, 0.4)
        return found


@pytest.fixture(scope='module')
def day() -> List[passers.Passer]:
    """Those of an hour."""
    people, = passers.people(datetime.date(2026, 3, 2), 1, 420, seed=4)
    return people[:70]


def watched(day: List[passers.Passer], path: str, plan: Plan) -> Dict[str, Any]:
    """Stores what is seen of a day; the live numbers of its end."""
    begin = day[0].visitor.path[0, 0] - 2
    start = datetime.datetime.fromtimestamp(begin, datetime.timezone.utc)
    sight = Sight(day, seed=1)
    with VisitStore(path, keep_days=36500, start=start, areas=plan.areas) as store, \
            Live(plan, None, start) as live:
        for number in range(int((day[-1].visitor.path[-1, 0] + 60 - begin) * FPS)):
            shown, people = frame(number / FPS), sight.at(begin + number / FPS)
            store.write(shown, people)
            live.write(shown, people)
        return live.numbers()


def test_live_and_report_agree_with_each_other_and_the_truth(tmp_path, day):
    before = [Area(area['name'], area['polygon'], '', 'queue') for area in visitors.areas()[1:2]]
    plan = Plan([*before, passers.display()], passers.lines(), [], [passers.floor()])
    numbers = watched(day, str(tmp_path / 'hall.db'), plan)
    room = measure(str(tmp_path / 'hall.db'), '', plan.areas, lines=plan.lines)
    assert numbers['visits'] == len(room.begins) == pytest.approx(len(day), rel=0.03)
    assert room.short > 5
    truth = passers.crossings([day])
    assert len(numbers['lines']) == len(room.lines) == 3
    for shown, line in zip(numbers['lines'], room.lines):
        ways = np.array([line.inward.sum(), (~line.inward).sum()])
        assert [shown['came'], shown['went']] == ways.tolist()
        assert np.abs(ways - truth[line.line.name][0]).max() <= 3  # lost just there
    came = np.unique(np.concatenate([line.visit[line.inward] for line in room.lines]))
    assert numbers['came'] == len(came) == pytest.approx(len(day), abs=5)
    recent, _ = statistics.waits(room, room.areas[0])
    assert len(recent) >= 5
    assert numbers['areas'][0]['lately'] == pytest.approx(np.median(recent), abs=1)
