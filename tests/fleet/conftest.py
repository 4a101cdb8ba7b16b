"""A museum of two cameras, and its fleet."""
import datetime
import json
import os
from typing import Any

import visitors
from helpers import need_package
from posesuite.fleet.export import export
from posesuite.fleet.schema import Camera

import pytest

FIRST = datetime.date(2026, 3, 2)


@pytest.fixture(scope='session')
def museum(tmp_path_factory) -> Any:
    """A folder with hall.db, shop.db and areas.json, of which the hall has areas."""
    folder = tmp_path_factory.mktemp('museum')
    for name, days, per_hour, gap in (('hall', 9, 12, 600), ('shop', 7, 4, 0)):
        visitors.write_store(
            visitors.simulate(FIRST, days, per_hour, len(name) + days, gap=gap),
            str(folder / f'{name}.db'))
    (folder / 'areas.json').write_text(json.dumps({
        'areas': [dict(area, store='hall.db') for area in visitors.areas()]}))
    return folder


@pytest.fixture(scope='session')
def whole_fleet(museum) -> str:
    """The address of their fleet, which tests only read."""
    need_package('pyarrow')
    for name in ('hall', 'shop'):
        export(str(museum / f'{name}.db'), str(museum / 'fleet'), Camera('museum', name), 10000)
    return str(museum / 'fleet')


@pytest.fixture
def fleet(museum, tmp_path) -> str:
    """The address of a fleet of the hall alone, which tests change."""
    need_package('pyarrow')
    address = str(tmp_path / 'fleet')
    export(str(museum / 'hall.db'), address, Camera('museum', 'hall'), 10000)
    assert os.path.exists(os.path.join(address, 'fleet.json'))
    return address
