"""posesuite/fleet/joined.py: what is left out of one camera is in no difference of sums."""
import os
import shutil
from typing import Any, List

from helpers import need_package
from posesuite.fleet import report as fleets
from posesuite.fleet.engines import engine_of
from posesuite.fleet.export import export
from posesuite.fleet.joined import Joined, join
from posesuite.fleet.rooms import Measured, measure_fleet
from posesuite.fleet.schema import Camera
from posesuite.fleet.storage import Storage

import numpy as np
import pytest

need_package('pyarrow')
need_package('duckdb')


@pytest.fixture(scope='module')
def cameras(whole_fleet) -> List[Measured]:
    with engine_of('duckdb', Storage(whole_fleet)) as engine:
        return measure_fleet(engine, [], maps=False)[0]


def whole(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(values)


def test_sums_tell_nothing_of_few(cameras):
    for min_visits in (5, 20):
        every: Joined = join(cameras, 1)
        told = join(cameras, min_visits)
        counts = whole(every.by_day.each)
        shown = np.isfinite(told.by_day.each)
        assert (counts[shown] >= min_visits).all()
        # From the sum of a day, less the cameras that are told, nobody learns of few visits.
        rest = (counts * ~shown).sum(0)
        known = np.isfinite(told.by_day.all)
        assert ((rest == 0) | (rest >= min_visits) | ~shown.any(0) | ~known).all()
        assert ((counts * ~shown > 0).sum(0)[shown.any(0) & known] != 1).all()


def test_a_camera_of_few_visits_hides_another(cameras):
    few = cameras[1]._replace(visits=3, room=cameras[1].room._replace(
        begun=np.minimum(cameras[1].room.begun, np.arange(len(cameras[1].room.begun)) == 11)))
    told = join([cameras[0], few], 5)
    assert np.isfinite(told.visits.all)
    assert np.isnan(told.visits.each).all()  # else the sum less the one would tell the other
    assert np.isnan(told.by_day.each).all() and np.isnan(told.per_hour.each).all()
    rows = fleets.tables([cameras[0], few], told, [1.0] * 3, 5)
    assert [row[1] for row in rows['visits']][2:] == ['', '']
    assert {row[0] for row in rows['hours'][1:]} == {fleets.ALL}


def test_choices_and_what_is_missing(museum, whole_fleet, tmp_path):
    import datetime

    from posesuite.fleet.engines import Choice
    choice = Choice(('museum',), datetime.date(2026, 3, 3), datetime.date(2026, 3, 5))
    with engine_of('duckdb', Storage(whole_fleet), choice) as engine:
        found = measure_fleet(engine, [], maps=False)[0]
    assert [len(camera.room.hour) for camera in found] == [48, 48]
    page = str(tmp_path / 'page.html')
    with pytest.raises(ValueError, match='has no cameras of attic'):
        fleets.make_report(whole_fleet, page, choice=Choice(('attic',)))
    with pytest.raises(ValueError, match='has nothing of these days'):
        fleets.make_report(whole_fleet, page, choice=Choice(until=datetime.date(2020, 1, 1)))
    with pytest.raises(OSError, match='^DuckDB: '):
        fleets.make_report(whole_fleet, page, settings={'memory_limit': 'much'})
    copy: Any = shutil.copytree(whole_fleet, str(tmp_path / "it's [a] copy"))
    fleets.make_report(copy, page)
    os.unlink(page)
    export(str(museum / 'hall.db'), copy, Camera('attic', 'hall'))
    path = os.path.join(copy, 'visits', 'site=attic', 'camera=hall', 'day=2026-03-04',
                        'part.parquet')
    with open(path, 'wb') as file:
        file.write(b'PAR1')
    with pytest.raises(OSError, match='^DuckDB: .*day=2026-03-04'):
        fleets.make_report(copy, page, choice=choice._replace(sites=('attic',)))
    assert not os.path.exists(page)
