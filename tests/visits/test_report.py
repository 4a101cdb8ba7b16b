"""posesuite/visits/report.py and its templates: the page."""
import csv
import datetime
import json
import os
import re
import sys
from typing import Any, Dict, List
from xml.etree import ElementTree

import visitors
from figures import frame
from posesuite.language import Words
from posesuite.visits.measure import measure
from posesuite.visits.report import make_report
from posesuite.visits.store import VisitStore
from stores import FOREVER, START, fill

import numpy as np
import pytest

pytest.importorskip('jinja2')
MONDAY = datetime.date(2026, 3, 2)


@pytest.fixture
def page(folder, tmp_path) -> Any:
    """Makes a report on stores in folder, with areas, and returns its page."""
    def make(*stores: str, areas: List[Dict[str, Any]], lines: Any = (), **options: Any) -> str:
        options.setdefault('language', 'en')
        (tmp_path / 'areas.json').write_text(json.dumps({'areas': areas, 'lines': list(lines)}))
        make_report([str(folder / name) for name in stores], str(tmp_path / 'report.html'),
                    areas=str(tmp_path / 'areas.json'), **options)
        return (tmp_path / 'report.html').read_text()
    return make


def drawings(made: str) -> List[ElementTree.Element]:
    """The plots of a page, which must be well-formed."""
    return [ElementTree.fromstring(text) for text in re.findall(
        r'<svg [^>]*viewBox="0 0 360.*?</svg>', made, re.DOTALL)]


def test_two_stores_side_by_side(folder, tmp_path, page):
    visitors.write_store(visitors.simulate(MONDAY, 2, per_hour=20, seed=5), str(folder / 'hall.db'))
    listed = [dict(area, store=store) for store in ('shop.db', 'hall.db')
              for area in visitors.areas()[-2:]]
    made = page('shop.db', 'hall.db', areas=listed, title='Both',
                csv_folder=str(tmp_path / 'tables'))
    for text in ('<h1>Both</h1>', '<h2 class="camera">shop</h2>', '<h2 class="camera">hall</h2>',
                 'fewer than 5 visits are left out'):
        assert text in ' '.join(made.split())
    assert len(drawings(made)) > 15
    with open(str(tmp_path / 'tables' / 'visits.csv'), newline='') as file:
        assert [row['camera'] for row in csv.DictReader(file)] == ['shop', 'hall']
    with pytest.raises(ValueError, match='need "store", one of shop.db, hall.db'):
        page('shop.db', 'hall.db', areas=visitors.areas())


def test_the_questions_are_answered(page, days):
    """As the truth about the visitors has it; the store's last day is a Sunday."""
    listed = [dict(area, kind='queue' if area['name'] == 'queue' else 'area')
              for area in visitors.areas()]
    made = page('shop.db', areas=listed)
    answers = dict(re.findall(r'<h2>([^<]*\?)</h2><p class="answer">([^<]*)</p>', made))
    assert list(answers) == ['How many came in today?', 'How long is the queue now?',
                             'When should I come?', 'Where do people stop?']
    assert answers['How many came in today?'] == f'{len(days[-1].visitors)} visits'
    present = np.zeros(24)  # person-minutes by the hour of the day
    for moment in (moment for day in days for visitor in day.visitors
                   for moment in np.arange(visitor.path[0, 0], visitor.path[-1, 0], 60)):
        present[datetime.datetime.fromtimestamp(moment).hour] += 1
    assert answers['When should I come?'] == Words('en').hours(10 + int(present[10:18].argmin()))
    stayed = {name: sum(visitor.dwell()[name] >= 5 for day in days for visitor in day.visitors)
              for name in visitors.EXHIBITS}
    assert answers['Where do people stop?'] == max(stayed, key=stayed.get)


def test_drawings_stay_within_their_frames(page):
    made = page('shop.db', areas=visitors.areas(), lines=[
        {'name': 'Entrance', 'line': [[900, 330], [780, 250]]}])
    found = drawings(made)
    assert len(found) == made.count('<figure>') > 8
    for drawing in found:
        height = float(drawing.get('viewBox').split()[3])
        for part in drawing.iter('rect'):
            x, y, width, tall = (float(part.get(name)) for name in ('x', 'y', 'width', 'height'))
            assert 0 <= x <= x + width <= 360.2 and 0 <= y <= y + tall <= height + 0.2
            assert width >= 0 and tall >= 0
    assert 'Entrance' in made and 'url(#tip)' in made


def test_the_maps_lie_on_the_room(tmp_path, folder):
    path = tmp_path / 'room.db'
    path.write_bytes((folder / 'shop.db').read_bytes())

    def reported(**options: Any) -> str:
        image = np.full((480, 640, 3), 200, np.uint8)
        image[100:300, 200:400] = 60
        with VisitStore(str(path), FOREVER, start=START, **options) as store:
            store.keep_room(image)
            store.write(frame(0), {})
        make_report([str(path)], str(tmp_path / 'report.html'), language='en')
        return (tmp_path / 'report.html').read_text()

    for made, kind, media in ((reported(), 'edges', 'png'),
                              (reported(whole_room=True), 'room', 'jpeg')):
        assert made.count('<image ') == 1
        assert f'class="{kind}"' in made and f'href="data:image/{media};base64,' in made
        assert made.count('<use href="#room1"') == 3


def test_of_few_visits_nothing_is_shown(page):
    made = page('shop.db', areas=visitors.areas(), min_visits=10 ** 6)
    assert drawings(made) == []
    assert 'Too little yet: fewer than 1000000 visits.' in made


def test_languages(page, monkeypatch):
    monkeypatch.setenv('LANGUAGE', 'fr')
    questions = {'de': 'Wie viele kamen heute herein?', 'es': '¿Cuántas personas han entrado hoy?',
                 '': 'Combien de personnes sont entrées aujourd’hui ?'}
    for language, question in questions.items():
        made = page('shop.db', areas=visitors.areas(), language=language)
        assert f'<html lang="{language or "fr"}">' in made and question in made
        assert len(drawings(made)) > 8 and '%(' not in made


def test_hostile_names_are_escaped(page):
    listed = visitors.areas()
    for area, name in zip(listed, ('<script>alert(1)</script>', '"><img src=//x.y/z>', '%(n)s %d',
                                   '{{ 7 * 7 }}')):
        area['name'] = name
    made = page('shop.db', areas=listed, title='</title><script>alert(2)</script>',
                lines=[{'name': '</svg><script>', 'line': [[900, 330], [780, 250]]}])
    assert '<script' not in made.lower() and '<img' not in made
    assert '&lt;script&gt;alert(1)&lt;/script&gt;' in made
    assert '%(n)s %d' in made and '{{ 7 * 7 }}' in made
    assert "default-src 'none'" in made
    assert len(drawings(made)) > 8
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', made) == []


def test_gaps_are_listed(tmp_path):
    day, = visitors.simulate(MONDAY, 1, per_hour=5, hours=(10, 12))
    gaps = [(day.begin + 300 * i, day.begin + 300 * i + 60) for i in range(12)]
    visitors.write_store([day._replace(gaps=gaps)], str(tmp_path / 'shop.db'))
    make_report([str(tmp_path / 'shop.db')], str(tmp_path / 'report.html'), min_visits=10 ** 6,
                language='en')
    made = ' '.join((tmp_path / 'report.html').read_text().split())
    assert '12 interruptions, 12 min in all.' in made
    assert 'The 10 longest of 12 interruptions.' in made
    assert made.count('<td>camera lost</td>') == 10


def test_an_empty_store(tmp_path):
    visitors.write_store([], str(tmp_path / 'empty.db'))
    make_report([str(tmp_path / 'empty.db')], str(tmp_path / 'report.html'), language='en')
    assert 'fewer than 5 visits' in (tmp_path / 'report.html').read_text()


@pytest.mark.parametrize('days, title', [(2, 'Visits per day'), (110, 'Visits per week')])
def test_many_days_are_weeks(tmp_path, days, title):
    visitors.write_store(visitors.simulate(MONDAY, days, per_hour=15, hours=(10, 11)),
                         str(tmp_path / 'shop.db'))
    make_report([str(tmp_path / 'shop.db')], str(tmp_path / 'report.html'), min_visits=2,
                language='en')
    assert f'<b>{title}</b>' in (tmp_path / 'report.html').read_text()


def test_a_missing_package_is_named(monkeypatch, folder, tmp_path):
    monkeypatch.setitem(sys.modules, 'jinja2', None)
    with pytest.raises(ImportError, match='needs jinja2, .*pip install jinja2$'):
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
        make_report([path], str(tmp_path / 'report.html'), csv_folder=str(tmp_path), language='en')
        return ' '.join((tmp_path / 'report.html').read_text().split())

    path = str(tmp_path / 'shop.db')
    fill(path, {id: (9 * id, 9 * id + (0.9 if id % 2 else 1)) for id in range(12)}, 110, fps=10)
    room = measure(path)
    assert room.dwell.tolist() == [1] * 6 and room.short == 6
    assert room.present.sum() == 6
    assert 'Not counted, because shorter than 1 s: 6.' in reported()
    with open(str(tmp_path / 'visits.csv'), newline='') as file:
        assert [row['visits'] for row in csv.DictReader(file)] == ['6']
    fill(path, {1: (0, 0.5)}, 2, START + datetime.timedelta(hours=1), fps=10)
    assert 'Not counted, because shorter than 1 s: 7.' in reported()
    path = str(tmp_path / 'few.db')
    fill(path, {1: (0, 0.5)}, 2, fps=10)
    assert 'Not counted, because shorter than 1 s: fewer than 5.' in reported()
