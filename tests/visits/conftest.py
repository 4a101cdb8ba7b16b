"""A week of simulated visitors in a store with the truth about them, and folders and speeds of
stores that tests write.
"""
import datetime
import json
import os
import pathlib
import tempfile
from typing import Any, Iterator, List

import visitors
from posesuite.visits import store as store_module
from posesuite.visits.areas import read_plan
from posesuite.visits.measure import measure
from posesuite.visits.statistics import Room

import pytest

MONDAY = datetime.date(2026, 3, 2)


@pytest.fixture(scope='session')
def days() -> List[visitors.Day]:
    return visitors.simulate(MONDAY, 7, per_hour=20, seed=1)


@pytest.fixture(scope='session')
def folder(tmp_path_factory, days) -> Any:
    """Has shop.db and areas.json."""
    folder = tmp_path_factory.mktemp('report')
    visitors.write_store(days, str(folder / 'shop.db'), seed=1)
    (folder / 'areas.json').write_text(json.dumps({'areas': visitors.areas()}))
    return folder


@pytest.fixture(scope='session')
def room(folder) -> Room:
    stores = [str(folder / 'shop.db')]
    return measure(stores[0], 'shop', read_plan(str(folder / 'areas.json'), stores).areas)


@pytest.fixture
def path(tmp_path) -> Any:
    return tmp_path / 'visits.db'


@pytest.fixture
def quick(monkeypatch) -> None:
    """The store writes at once."""
    monkeypatch.setattr(store_module, 'FLUSH_INTERVAL', 0.01)


@pytest.fixture
def public_folder() -> Iterator[pathlib.Path]:
    """A folder that other users reach, as pytest's own cannot be."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield pathlib.Path(folder)
        os.chmod(folder, 0o755)
