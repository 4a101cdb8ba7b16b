"""Simulates the visitors of a room as one camera sees them, with the truth beside it.

People enter by the door, stop at some of three exhibits, may queue at the till, and leave. The same
seed makes the same visitors. The command writes a pose log per day, areas.json and truth.json.

examples:
  python3 tests/visitors.py --days 365 --store visits.db --output folder
"""
import contextlib
import datetime
import json
import os
import sqlite3
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from posesuite import script  # noqa: E402
from posesuite.pose.json_poses import pose_as_json  # noqa: E402
from posesuite.pose.log import VERSION  # noqa: E402
from posesuite.pose.pose import Keypoint, Point, Pose  # noqa: E402
from posesuite.pose.skeleton import KEYPOINT_TYPES  # noqa: E402
from posesuite.visits.database import SCHEMA  # noqa: E402
from posesuite.visits.rows import FEET, HEAD, TABLES, UPRIGHT  # noqa: E402

MONDAY = datetime.date(2026, 3, 2)  # on which the days of most tests begin
# The room in metres: the camera hangs in the corner (0, 0) and looks across.
CAMERA, LOOKS_AT = (0.0, 0.0, 2.7), (5.0, 3.7, 0.0)
WIDTH, HEIGHT, FOCAL = 640, 480, 340.0  # pixels
DOOR = (7.5, 3.4)
EXHIBITS = {'globe': (2.4, 4.8), 'clock': (4.9, 5.0), 'loom': (3.2, 3.0)}
REACH = 0.8  # metres around an exhibit that belong to it
TILL, QUEUE_STEP = (6.2, 1.2), (-0.7, 0.0)  # metres: place of the first, and from one to the next
QUEUE_LEFT, QUEUE_TOP, QUEUE_RIGHT, QUEUE_BOTTOM = (2.3, 0.6, 6.7, 1.8)
PLACES = 6  # places in the queue; all further people stand at the last one

SPEED = 1.1  # metres a second
STOP = 45.0  # seconds at an exhibit in the median
SERVICE = (30.0, 80.0)  # seconds at the till
QUEUES = 0.6  # share of the visitors
BY_HOUR = (.5, .7, 1.0, 1.4, 1.5, 1.3, 1.0, .6)  # how busy the opening hours are, from the first
BY_WEEKDAY = (.6, .7, .8, .9, 1.1, 1.7, 1.2)  # from Monday
NOISE = 1.0  # pixels of standard deviation of a keypoint

# Where the keypoints are in a standing person: to the right, ahead and up, in heights.
BODY = np.array([
    (0, .06, .93), (-.02, .05, .95), (.02, .05, .95), (-.045, 0, .94), (.045, 0, .94),
    (-.11, 0, .82), (.11, 0, .82), (-.13, 0, .63), (.13, 0, .63), (-.13, .05, .48), (.13, .05, .48),
    (-.06, 0, .53), (.06, 0, .53), (-.06, 0, .28), (.06, 0, .28), (-.06, 0, .04), (.06, 0, .04)])
SWING = np.array([0] * 7 + [-.05, .05, -.1, .1, 0, 0, .07, -.07, .14, -.14])  # ahead, walking


class Visitor(NamedTuple):
    """A visit. path: [n, 3] of time (seconds since 1970), x and y (metres); tall: metres."""
    id: int
    path: np.ndarray
    tall: float

    def at(self, times: np.ndarray) -> np.ndarray:
        """Where the visitor is, [n, 2] in metres."""
        return np.stack([np.interp(times, self.path[:, 0], self.path[:, i]) for i in (1, 2)], 1)

    def inside(self, times: np.ndarray) -> Dict[str, np.ndarray]:
        """Whether the visitor is in each area, [n], by the geometry of the room."""
        x, y = self.at(times).T
        inside = {name: np.hypot(x - a, y - b) <= REACH for name, (a, b) in EXHIBITS.items()}
        inside['queue'] = ((x >= QUEUE_LEFT) & (x <= QUEUE_RIGHT) & (y >= QUEUE_TOP)
                           & (y <= QUEUE_BOTTOM))
        return inside

    def dwell(self) -> Dict[str, float]:
        """Seconds in each area, to a tenth of a second."""
        inside = self.inside(np.arange(self.path[0, 0], self.path[-1, 0], 0.1))
        return {name: float(found.sum()) / 10 for name, found in inside.items()}


class Day(NamedTuple):
    """begin and end: when the camera watched, seconds since 1970; gaps: when it was lost."""
    begin: float
    end: float
    visitors: List[Visitor]
    gaps: List[Tuple[float, float]]


def simulate(first: datetime.date, days: int, per_hour: float = 10, seed: int = 0,
             hours: Tuple[int, int] = (10, 18), gap: float = 0) -> List[Day]:
    """The visitors of some days.

    per_hour: mean number of visits; hours: the opening hours in local time.
    gap: seconds in each day, an hour after opening, during which the camera is lost.
    """
    random, result, id = np.random.RandomState(seed), [], 0
    by_hour = np.interp(np.linspace(0, len(BY_HOUR) - 1, hours[1] - hours[0]),
                        np.arange(len(BY_HOUR)), BY_HOUR)
    by_hour *= per_hour / by_hour.mean() / np.mean(BY_WEEKDAY)
    for date in (first + datetime.timedelta(day) for day in range(days)):
        opening = datetime.datetime.combine(date, datetime.time(hours[0])).timestamp()
        enter = np.sort(np.concatenate([
            opening + 3600 * (hour + random.rand(random.poisson(
                rate * BY_WEEKDAY[date.weekday()]))) for hour, rate in enumerate(by_hour)]))
        visitors = _visitors(random, enter, id + 1)
        id += len(visitors)
        closing = opening + 3600.0 * (hours[1] - hours[0])
        gaps = [(opening + 3600, opening + 3600 + gap)] if gap else []
        result.append(Day(opening, max([closing] + [v.path[-1, 0] + 10 for v in visitors]),
                          visitors, gaps))
    return result


def _visitors(random: np.random.RandomState, enter: np.ndarray, first: int) -> List[Visitor]:
    paths, queuing = [], []
    for time in enter:
        path = [(time, *DOOR)]
        for name in random.permutation(list(EXHIBITS))[:random.choice([1, 2, 3], p=(.3, .4, .3))]:
            angle, away = random.rand() * 2 * np.pi, random.rand() * 0.6 * REACH
            place = np.add(EXHIBITS[name], (away * np.cos(angle), away * np.sin(angle)))
            _walk(path, place)
            path.append((path[-1][0] + max(8.0, STOP * np.exp(0.6 * random.randn())), *place))
        paths.append(path)
        if random.rand() < QUEUES:
            away = np.hypot(*np.subtract(_place(2), path[-1][1:]))
            queuing.append((path[-1][0] + away / SPEED, len(paths) - 1))
    served = []  # when, in order
    for join, i in sorted(queuing):
        ahead = [end for end in served if end > join]
        paths[i].append((join, *_place(len(ahead))))
        for place, end in enumerate(ahead):
            paths[i] += [(end, *paths[i][-1][1:]), (end + 1, *_place(len(ahead) - place - 1))]
        served.append(paths[i][-1][0] + random.uniform(*SERVICE))
        paths[i].append((served[-1], *TILL))
    for path in paths:
        _walk(path, DOOR)
    return [Visitor(first + i, np.array(path), 1.72 + 0.08 * random.randn())
            for i, path in enumerate(paths)]


def _walk(path: List[Tuple[float, ...]], place: Sequence[float]) -> None:
    time, x, y = path[-1]
    path.append((time + np.hypot(place[0] - x, place[1] - y) / SPEED, *place))


def _place(number: int) -> np.ndarray:
    return np.add(TILL, np.multiply(min(number, PLACES - 1), QUEUE_STEP))


def _axes() -> np.ndarray:  # of the camera: right, down and ahead, as columns in metres of the room
    ahead = np.subtract(LOOKS_AT, CAMERA) / np.linalg.norm(np.subtract(LOOKS_AT, CAMERA))
    # The room is seen from above with y to the left of x, so the image's right is -y.
    right = np.array([ahead[1], -ahead[0], 0]) / np.hypot(ahead[0], ahead[1])
    return np.array([right, -np.cross(right, ahead), ahead]).T


AXES = _axes()


def project(points: np.ndarray) -> np.ndarray:
    """Points of the room, [..., 3] in metres, to the image, [..., 2] in pixels x and y."""
    seen = np.subtract(points, CAMERA) @ AXES
    return np.array([WIDTH, HEIGHT]) / 2 + FOCAL * seen[..., :2] / seen[..., 2:]


def keypoints(visitor: Visitor, times: np.ndarray, random: np.random.RandomState,
              turned: Optional[float] = None) -> np.ndarray:
    """The 17 keypoints of a visitor at n times: [n, 17, 2] in pixels; turned: angle who stands."""
    place, step = visitor.at(times), visitor.at(times + 0.2) - visitor.at(times - 0.2)
    walks = np.hypot(*step.T) > 0.1
    heading = np.where(walks, np.arctan2(step[:, 1], step[:, 0]),
                       visitor.id % 7 if turned is None else turned)
    body = np.repeat(BODY[None], len(times), 0)
    body[:, :, 1] += np.where(walks, np.sin(2 * np.pi * times), 0)[:, None] * SWING
    cos, sin = np.cos(heading)[:, None], np.sin(heading)[:, None]
    points = np.stack([sin * body[..., 0] + cos * body[..., 1],
                       -cos * body[..., 0] + sin * body[..., 1], body[..., 2]], 2) * visitor.tall
    points[..., :2] += place[:, None]
    return project(points) + NOISE * random.randn(len(times), len(BODY), 2)


def areas() -> List[Dict[str, Any]]:
    """The exhibits and the queue as in an areas.json: polygons in thousandths of the picture."""
    angles = np.arange(24) * np.pi / 12
    circle = REACH * np.stack([np.cos(angles), np.sin(angles)], 1)
    floors = {name: circle + place for name, place in EXHIBITS.items()}
    across, along = np.linspace(QUEUE_LEFT, QUEUE_RIGHT, 9), (QUEUE_TOP, QUEUE_BOTTOM)
    floors['queue'] = np.array([(x, along[0]) for x in across]
                               + [(x, along[1]) for x in across[::-1]])
    found = []
    for name, floor in floors.items():
        # The feet that are stored are ankles, a little above the floor.
        points = project(np.column_stack([floor, np.full(len(floor), 0.07)]))
        points = np.clip(np.round(points * 1000 / (WIDTH, HEIGHT)), 0, 1000).astype(int)
        found.append({'name': name, 'polygon': points.tolist()})
    return found


def write_log(day: Day, path: str, fps: float = 1, seed: int = 0) -> None:
    """Writes a day as a pose log, as PoseLog does but with the day's own start."""
    random = np.random.RandomState(seed)
    times = np.arange(day.begin, day.end, 1 / fps)
    people = [[] for _ in times]
    for visitor in day.visitors:
        begin, end = np.searchsorted(times, visitor.path[[0, -1], 0])
        if begin < end:
            for i, points in enumerate(keypoints(visitor, times[begin:end], random), begin):
                scores = random.uniform(0.6, 0.95, len(points))
                pose = Pose({part: Keypoint(Point(*point), score) for part, point, score
                             in zip(KEYPOINT_TYPES, points, scores)}, scores.mean())
                people[i].append(dict(id=visitor.id, **pose_as_json(pose)))
    start = datetime.datetime.fromtimestamp(day.begin, datetime.timezone.utc)
    with open(path, 'w', encoding='utf-8') as file:
        json.dump({'version': VERSION, 'source': 'tests/visitors.py', 'fps': fps, 'width': WIDTH,
                   'height': HEIGHT, 'start': start.isoformat(timespec='milliseconds')}, file)
        for i, time in enumerate(times):
            line = {'frame': i, 'time': round(time - day.begin, 4), 'poses': people[i]}
            if any(begin <= time < end for begin, end in day.gaps):
                line.update(fault='camera lost', poses=[])
            file.write('\n' + json.dumps(line, separators=(',', ':')))
        file.write('\n')


def truth(days: List[Day]) -> Dict[str, Any]:
    """The content of truth.json; times in seconds since 1970, paths in metres."""
    return {'days': [{'begin': day.begin, 'end': day.end, 'gaps': day.gaps, 'visits': [
        {'id': visitor.id, 'begin': visitor.path[0, 0], 'end': visitor.path[-1, 0],
         'dwell': visitor.dwell(), 'path': visitor.path.round(3).tolist()}
        for visitor in day.visitors]} for day in days]}


def write_store(days: List[Day], path: str, seed: int = 0, title: str = 'simulated') -> None:
    """Writes into a new store's tables what VisitStore would make of the logs of days.

    A person who is there when a gap begins is another visit after it.
    """
    random, tables = np.random.RandomState(seed), {'runs': [], 'gaps': [], 'visits': []}
    with contextlib.closing(sqlite3.connect(path)) as store:
        os.chmod(path, 0o600)
        store.executescript(SCHEMA)
        for run, day in enumerate(days, 1):
            tables['runs'].append((run, int(day.begin * 1000), int(day.end * 1000), title, WIDTH,
                                   HEIGHT))
            for begin, end in day.gaps:
                tables['gaps'].append((run, int(begin * 1000), int(end * 1000), 'camera lost'))
            for visitor in day.visitors:
                begin, end = visitor.path[[0, -1], 0].round(3)
                times = np.unique([*np.arange(begin, end).round(3), end])
                side = sum(((times >= begin).astype(int) + (times >= end)
                            for begin, end in day.gaps), np.zeros(len(times), int))
                for part in np.unique(side[side % 2 == 0]):
                    rows = _rows(visitor, times[side == part], random)
                    number = len(tables['visits']) + 1
                    tables['visits'].append((number, run, rows[0][0], rows[-1][0]))
                    store.executemany('INSERT INTO positions VALUES (?, ?, ?, ?, ?, ?)',
                                      [(number, *row) for row in rows])
        for name, rows in tables.items():
            marks = ', '.join('?' * TABLES[name])
            store.executemany(f'INSERT INTO {name} VALUES ({marks})', rows)
        store.commit()


def _rows(visitor: Visitor, times: np.ndarray, random: np.random.RandomState) -> List[List[int]]:
    """Time, x, y, height and flags as in the store."""
    ankle, nose = (project(np.column_stack([visitor.at(times), np.full(len(times), up)]))
                   + NOISE * random.randn(len(times), 2) for up in visitor.tall * BODY[[15, 0], 2])
    feet = ankle * 1000 / (WIDTH, HEIGHT)
    height = (ankle - nose)[:, 1] * 1000 / HEIGHT
    return np.round(np.column_stack([times * 1000, feet, height, np.full(
        len(times), FEET | HEAD | UPRIGHT)])).astype(int).tolist()


def main() -> None:
    parser = script.parser(__doc__)
    parser.add_argument('--output', required=True, metavar='FOLDER', help='new or not')
    parser.add_argument('--days', type=int, default=7, metavar='N', help='default: %(default)s')
    parser.add_argument('--first', default=MONDAY, type=datetime.date.fromisoformat,
                        metavar='DATE', help='the first day (default: %(default)s)')
    parser.add_argument('--per-hour', type=float, default=10, metavar='N',
                        help='mean number of visits while it is open (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, metavar='N', help='default: %(default)s')
    parser.add_argument('--gap', type=float, default=0, metavar='SECONDS',
                        help='for which the camera is lost each day (default: %(default)s)')
    parser.add_argument('--store', metavar='FILE',
                        help='write the poses straight into a new store instead of logs')
    args = parser.parse_args()
    days = simulate(args.first, args.days, args.per_hour, args.seed, gap=args.gap)
    os.makedirs(args.output, exist_ok=True)
    for name, value in (('areas', {'areas': areas()}), ('truth', truth(days))):
        with open(os.path.join(args.output, name + '.json'), 'w', encoding='utf-8') as file:
            json.dump(value, file)
    if args.store:
        write_store(days, args.store, args.seed)
    for i, day in enumerate([] if args.store else days):
        date = datetime.date.fromtimestamp(day.begin)
        write_log(day, os.path.join(args.output, f'{date}.jsonl'), seed=args.seed + i)
        print(f'{date}: {len(day.visitors)} visits', file=sys.stderr)


if __name__ == '__main__':
    main()
