"""What an engine answers on each camera of a fleet, as posesuite/visits has it of a store."""
import datetime
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

from posesuite.fleet import statements
from posesuite.fleet.engines import Engine
from posesuite.fleet.schema import Camera
from posesuite.visits.areas import Area, Plan, read_plan
from posesuite.visits.polygons import numbered
from posesuite.visits.rows import SECOND
from posesuite.visits.statistics import (
    BAR_WIDTHS,
    COARSE,
    DIRECTIONS,
    GRID,
    AreaUse,
    Room,
    dwell_edges,
)

import numpy as np

BINS = 5  # seconds of a step of statements.DWELL, of which all BAR_WIDTHS are multiples
NOBODY = np.zeros(GRID[::-1])


class Measured(NamedTuple):
    """What was seen by one camera of a fleet.

    The room has all that is counted by hours and places, and nothing of single visits.
    """
    camera: Camera
    room: Room
    days: np.ndarray  # of each hour: the day's ordinal
    visits: int
    quartiles: List[float]  # seconds
    lost: float  # seconds
    peak: int
    dwell: Tuple[np.ndarray, np.ndarray]  # edges in seconds, visits
    areas: List[Tuple[int, List[float]]]  # of each area: visits that stayed, quartiles


def measure_fleet(engine: Engine, areas: Sequence[Tuple[Camera, Sequence[Area]]],
                  maps: bool) -> Tuple[List[Measured], List[float]]:
    """Every camera, and the quartiles of all visits in seconds, if there are any.

    areas: of each camera. maps: whether maps are wanted, which take longest.
    """
    plan = {camera: list(drawn) for camera, drawn in areas if drawn}
    if plan:
        engine.add('spans', _spans(plan))
    answers = {name: _by_camera(engine.query(getattr(statements, name))) for name in (
        'HOURS', 'PEAK', 'DWELL', 'QUARTILES', 'HUNDREDTHS', *(['MAP'] if maps else []),
        *(['AREA_HOURS', 'AREA_QUARTILES'] if plan else []))}
    whole = engine.query(statements.ALL_QUARTILES).to_pylist()
    found = [_measured(camera, {name: of.get(camera, {}) for name, of in answers.items()},
                       plan.get(camera, []))
             for camera in answers['HOURS']]
    return found, _seconds(whole[0], 4, 'low middle high') if whole else []


def read_areas(path: str, cameras: Sequence[Camera]) -> List[Tuple[Camera, List[Area]]]:
    """The areas of an areas.json for each camera: those without "store", and those whose "store" is
    the camera's name, or SITE/CAMERA, also with .db at its end.
    """
    plan = read_plan(path)
    unknown = ({part.store for part in plan.areas} - {''}
               - {name for camera in cameras for name in _names(camera)})
    if unknown:
        raise ValueError(f'{path}: "store" must be a camera of the fleet, such as {cameras[0]}; '
                         f'got {sorted(unknown)[0]!r:.80}' if cameras else f'{path}: no cameras')
    return [(camera, _areas_of(plan, camera)) for camera in cameras]


def _names(camera: Camera) -> List[str]:
    return [name + end for name in (camera.name, str(camera)) for end in ('', '.db')]


def _areas_of(plan: Plan, camera: Camera) -> List[Area]:
    return [area for area in plan.areas if area.store in ('', *_names(camera))]


def _spans(plan: Dict[Camera, List[Area]]) -> Any:
    """The rows of thousandths of areas, as a table; see statements.INSIDE."""
    import pyarrow
    rows = []
    for camera, areas in plan.items():
        mask = numbered([area.polygon for area in areas])
        changes = np.diff(mask.astype(int), axis=1, prepend=-1, append=-1) != 0
        y, x = np.nonzero(changes)
        same = np.flatnonzero(y[1:] == y[:-1])
        area = mask[y[same], x[same]]
        rows += [(*camera, row, low, high - 1, number) for row, low, high, number in zip(
            y[same].tolist(), x[same].tolist(), x[same + 1].tolist(), area.tolist()) if number]
    kinds = ['string'] * 2 + ['int64'] * 4
    return pyarrow.table([pyarrow.array(column, kind) for column, kind in zip(
        zip(*rows) if rows else [()] * 6, kinds)],
        names=['site', 'camera', 'y', 'low', 'high', 'area'])


def _by_camera(table: Any) -> Dict[Camera, Dict[str, np.ndarray]]:
    """The rows of each camera, columns by name. table: a pyarrow.Table by camera."""
    columns = {name: table.column(name).to_numpy() for name in table.column_names
               if name not in ('site', 'camera')}
    sites, names = (table.column(name).to_numpy().astype(object) for name in ('site', 'camera'))
    edges = np.flatnonzero(np.concatenate([[True], (sites[1:] != sites[:-1])
                                           | (names[1:] != names[:-1]), [True]])
                           if len(sites) else np.zeros(0, bool))
    return {Camera(str(sites[begin]), str(names[begin])): {
        name: column[begin:end] for name, column in columns.items()}
        for begin, end in zip(edges, edges[1:])}


def _seconds(row: Dict[str, Any], whole: int, names: str) -> List[float]:
    """Quantiles in seconds of a row of statements.quantiles."""
    return [int(row[name]) / (whole * SECOND) for name in names.split()]


def _measured(camera: Camera, of: Dict[str, Dict[str, np.ndarray]],
              areas: List[Area]) -> Measured:
    hours, quartiles = of['HOURS'], of['QUARTILES']
    visits = int(quartiles['n'][0]) if quartiles else 0
    watched = hours['watched'] / SECOND
    seen = np.flatnonzero(watched)
    grids = {'map': NOBODY, 'map_visits': NOBODY, 'stops': NOBODY, 'stop_visits': NOBODY}
    if of.get('MAP'):
        at = of['MAP']['cell_y'] // 1000, of['MAP']['cell_x'] // 1000
        for name, column, unit in (('map', 'ms', SECOND), ('map_visits', 'visits', 1),
                                   ('stops', 'still_ms', SECOND), ('stop_visits', 'stood', 1)):
            grids[name] = np.zeros(GRID[::-1])
            grids[name][at] = of['MAP'][column] / unit
    room = Room(
        label=str(camera), size=(4, 3),
        now=hours['slot'][seen[-1] if len(seen) else -1] / SECOND + 3600, gaps=[],
        short=int(hours['short'].sum()),
        edges=np.append(hours['slot'], hours['slot'][-1] + 3600 * SECOND) / SECOND,
        weekday=hours['weekday'], hour=hours['hour'], watched=watched, begun=hours['begun'],
        begins=np.zeros(0), dwell=np.zeros(0), present=hours['present'],
        people=hours['people'] / SECOND, flow=np.zeros((*COARSE[::-1], DIRECTIONS)),
        areas=_uses(of, areas, hours['slot']), steps=np.zeros((1, 1)), **grids)
    days = np.array([datetime.date.fromisoformat(day).toordinal()
                     for day in hours['day']])
    return Measured(camera, room, days, visits,
                    _seconds(_first(quartiles), 4, 'low middle high') if visits else [],
                    int(hours['lost'].sum()) / SECOND,
                    int(of['PEAK']['people'][0]) if of['PEAK'] else 0,
                    _dwell(of) if visits else (np.zeros(1), np.zeros(0)), _stays(of, areas))


def _first(columns: Dict[str, np.ndarray]) -> Dict[str, Any]:
    return {name: column[0] for name, column in columns.items()}


def _dwell(of: Dict[str, Dict[str, np.ndarray]]) -> Tuple[np.ndarray, np.ndarray]:
    """Edges and visits of the histogram of durations; the last edge belongs to its last bar."""
    edges = dwell_edges(_seconds(_first(of['HUNDREDTHS']), 100, 'top')[0])
    width = int(edges[1])
    assert width in BAR_WIDTHS and width % BINS == 0
    begins, counts = of['DWELL']['dwell'] // SECOND, of['DWELL']['visits']
    found = np.bincount(begins // width, counts, len(edges))[:len(edges)]
    found[-2] += of['DWELL']['exact'][begins == edges[-1]].sum()
    return edges, found[:-1]


def _uses(of: Dict[str, Dict[str, np.ndarray]], areas: List[Area],
          slots: np.ndarray) -> List[AreaUse]:
    uses, rows = [], of.get('AREA_HOURS') or {}
    for number, area in enumerate(areas, 1):
        people, present = np.zeros(len(slots)), np.zeros(len(slots), int)
        if rows:
            mine = (rows['area'] == number) & np.isin(rows['slot'], slots)
            at = np.searchsorted(slots, rows['slot'][mine])
            people[at], present[at] = rows['people'][mine] / SECOND, rows['present'][mine]
        nothing = np.zeros(0)
        uses.append(AreaUse(area, people, present, nothing, nothing, nothing, nothing))
    return uses


def _stays(of: Dict[str, Dict[str, np.ndarray]],
           areas: List[Area]) -> List[Tuple[int, List[float]]]:
    rows = of.get('AREA_QUARTILES') or {'area': np.zeros(0)}
    found: List[Tuple[int, List[float]]] = []
    for number in range(1, len(areas) + 1):
        at = np.flatnonzero(rows['area'] == number)
        found.append((int(rows['n'][at[0]]), _seconds(
            {name: column[at[0]] for name, column in rows.items()}, 4, 'low middle high'))
            if len(at) else (0, [np.nan] * 3))
    return found
