"""posesuite/visits/report.py and plots.py: the page."""
import base64
import csv
import datetime
import json
import os
import re
import sys
import warnings
from typing import Any, Dict, List
from xml.etree import ElementTree

import visitors
from posesuite.visits.measure import measure
from posesuite.visits.plots import room_plots
from posesuite.visits.report import make_report
from stores import START, fill

import pytest

pytest.importorskip('matplotlib')
pytest.importorskip('jinja2')
MONDAY = datetime.date(2026, 3, 2)


@pytest.fixture
def page(folder, tmp_path) -> Any:
    """Makes a report on stores in folder, with areas, and returns its page."""
    def make(*stores: str, areas: List[Dict[str, Any]], **options: Any) -> str:
        (tmp_path / 'areas.json').write_text(json.dumps({'areas': areas}))
        make_report([str(folder / name) for name in stores], str(tmp_path / 'report.html'),
                    areas=str(tmp_path / 'areas.json'), **options)
        return (tmp_path / 'report.html').read_text()
    return make


def test_two_stores_side_by_side(folder, tmp_path, page):
    visitors.write_store(visitors.simulate(MONDAY, 2, per_hour=20, seed=5), str(folder / 'hall.db'))
    listed = [dict(area, store=store) for store in ('shop.db', 'hall.db')
              for area in visitors.areas()[-2:]]
    made = page('shop.db', 'hall.db', areas=listed, title='Both',
                csv_folder=str(tmp_path / 'tables'))
    for text in ('<h1>Both</h1>', 'Side by side', 'shop: 2 queue', 'hall: 2 queue',
                 'fewer than 5 visits are left blank'):
        assert text in ' '.join(made.split())
    assert made.count('<img') == 2 * (7 + 2)
    with open(str(tmp_path / 'tables' / 'visits.csv'), newline='') as file:
        assert [row['camera'] for row in csv.DictReader(file)] == ['shop', 'hall']
    assert len(os.listdir(str(tmp_path / 'tables'))) == 10
    with pytest.raises(ValueError, match='need "store", one of shop.db, hall.db'):
        page('shop.db', 'hall.db', areas=visitors.areas())


def test_of_few_visits_nothing_is_shown(page):
    made = page('shop.db', areas=visitors.areas(), min_visits=10 ** 6)
    assert '<img' not in made
    assert 'fewer than 1000000' in made


def test_hostile_names_are_escaped(page):
    listed = visitors.areas()
    for area, name in zip(listed, ('<script>alert(1)</script>', '"><img src=//x.y/z>', '$\\frac$',
                                   '{{ 7 * 7 }}')):
        area['name'] = name
    made = page('shop.db', areas=listed, title='</title><script>alert(2)</script>')
    assert '<script' not in made.lower()
    assert '&lt;script&gt;alert(1)&lt;/script&gt;' in made
    assert '$\\frac$' in made and '{{ 7 * 7 }}' in made
    assert "default-src 'none'" in made
    sources = re.findall(r'(?:src|href)="?([^" >]*)', made.replace('&gt;', '').replace(
        'src=//x.y/z', ''))
    assert len(sources) >= 11
    assert all(source.startswith('data:image/svg+xml;base64,') for source in sources)


def test_gaps_are_listed(tmp_path):
    day, = visitors.simulate(MONDAY, 1, per_hour=5, hours=(10, 12))
    gaps = [(day.begin + 300 * i, day.begin + 300 * i + 60) for i in range(12)]
    visitors.write_store([day._replace(gaps=gaps)], str(tmp_path / 'shop.db'))
    make_report([str(tmp_path / 'shop.db')], str(tmp_path / 'report.html'), min_visits=10 ** 6)
    made = ' '.join((tmp_path / 'report.html').read_text().split())
    assert '12 (12.0 min in all)' in made
    assert 'The 10 longest of 12 interruptions.' in made
    assert made.count('<td>camera lost</td>') == 10


def test_an_empty_store(tmp_path):
    visitors.write_store([], str(tmp_path / 'empty.db'))
    make_report([str(tmp_path / 'empty.db')], str(tmp_path / 'report.html'))
    assert 'fewer than 5' in (tmp_path / 'report.html').read_text()


@pytest.mark.parametrize('days, title', [(2, 'Visits per day'), (110, 'Visits per week')])
def test_plots_are_images_and_nothing_warns(tmp_path, days, title):
    visitors.write_store(visitors.simulate(MONDAY, days, per_hour=5, hours=(10, 11)),
                         str(tmp_path / 'shop.db'))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        plots = room_plots(measure(str(tmp_path / 'shop.db')), min_visits=2)
    assert title in [plot.title for plot in plots]
    for plot in plots:
        head, data = plot.source.split(',')
        assert head == 'data:image/svg+xml;base64'
        assert ElementTree.fromstring(base64.b64decode(data)).tag.endswith('svg')


@pytest.mark.parametrize('package', ['matplotlib', 'jinja2'])
def test_a_missing_package_is_named(monkeypatch, folder, tmp_path, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f'needs {package}, .*pip install {package}$'):
        make_report([str(folder / 'shop.db')], str(tmp_path / 'none.html'))
    assert os.listdir(str(tmp_path)) == []


def test_stores_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match='two stores are called shop.db'):
        make_report(['a/shop.db', 'b/shop.db'], str(tmp_path / 'report.html'))


def test_a_page_that_cannot_be_written_is_one_line(folder, tmp_path):
    with pytest.raises(OSError, match='cannot write .*none/report.html: No such file'):
        make_report([str(folder / 'shop.db')], str(tmp_path / 'none' / 'report.html'),
                    min_visits=10 ** 6)


def test_visits_under_a_second_do_not_count(tmp_path):
    """What is seen for so short a time may be no person; the report says how many there were."""
    def reported() -> str:
        make_report([path], str(tmp_path / 'report.html'), csv_folder=str(tmp_path))
        return (tmp_path / 'report.html').read_text()

    path = str(tmp_path / 'shop.db')
    fill(path, {id: (id, id + (0.9 if id % 2 else 1)) for id in range(12)}, 20, fps=10)
    room = measure(path)
    assert room.dwell.tolist() == [1] * 6 and room.short == 6
    assert room.present.sum() == 6
    assert '<b>Visits:</b> 6 (6 under 1 s not counted), ' in reported()
    with open(str(tmp_path / 'visits.csv'), newline='') as file:
        assert [row['visits'] for row in csv.DictReader(file)] == ['6']
    fill(path, {1: (0, 0.5)}, 2, START + datetime.timedelta(hours=1), fps=10)
    assert '6 (7 under 1 s not counted), ' in reported()
    path = str(tmp_path / 'few.db')
    fill(path, {1: (0, 0.5)}, 2, fps=10)
    assert '<b>Visits:</b> fewer than 5 (fewer than 5 under 1 s not counted)' in reported()
