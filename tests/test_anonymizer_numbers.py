"""The numbers that anonymizer.py --serve shows to its owner."""
import json
import re
from typing import Any, Dict

from browsers import events, get
from canary import CLIP, run, running
from helpers import wait_for
from stores import everything

AREAS = {'areas': [{'name': 'Floor', 'polygon': [[0, 0], [1000, 0], [1000, 1000], [0, 1000]]}],
         'lines': [{'name': 'Middle', 'line': [[500, 0], [500, 1000]]}]}
LOG = CLIP.replace('.mp4', '.jsonl')


def last_numbers(folder: Any) -> Dict[str, Any]:
    """The last numbers of a run over a part of LOG, in which one person comes and another goes."""
    (folder / 'areas.json').write_text(json.dumps(AREAS))
    with open(LOG) as log:
        lines = log.read().splitlines(True)
    (folder / 'part.jsonl').write_text(''.join([lines[0], *lines[31:175]]))
    with running(folder, '--videosrc', 'part.jsonl', '--realtime', '--serve', '0',
                 '--store', 'visits.db', '--areas', 'areas.json') as stderr:
        url = wait_for(lambda: re.search(r'serving at (\S+)', stderr())).group(1)
        assert b'id="numbers"' in get(url, '/').body
        numbers = {}
        for name, data in events(get(url, '/numbers')):
            if name == '':
                numbers = data
        return numbers


def test_a_restart_does_not_lose_the_day(tmp_path):
    first = last_numbers(tmp_path)
    assert len(everything(tmp_path / 'visits.db')['visits']) == first['visits'] == 2
    assert [area['name'] for area in first['areas']] == ['Floor']
    assert [(line['name'], line['came']) for line in first['lines']] == [('Middle', 1)]
    assert first['background'] is None and first['fault'] == ''
    again = last_numbers(tmp_path)
    assert (again['visits'], again['lines'][0]['came']) == (4, 2)


def test_bodies_are_stored_at_areas_alone(tmp_path):
    (tmp_path / 'areas.json').write_text(json.dumps(AREAS))
    for name, options in (('with', ['--areas', 'areas.json']), ('without', [])):
        run('--videosrc', LOG, '--headless', '--store', f'{name}.db', *options, cwd=str(tmp_path))
        found = everything(tmp_path / f'{name}.db')
        assert len(found['positions']) > 10
        assert len(found['bodies']) == (len(found['positions']) if options else 0)


def test_areas_without_a_page_are_wrong_usage(tmp_path):
    said = run('--areas', 'areas.json', '--headless', status=2).stderr
    assert said.startswith('error: --areas ') and said.count('\n') == 1


def test_areas_that_cannot_be_read_are_an_error(tmp_path):
    said = run('--areas', tmp_path / 'none.json', '--videosrc', LOG, '--serve', '0',
               status=1).stderr
    assert 'none.json' in said and said.count('\n') == 1


def test_areas_are_not_overwritten(tmp_path):
    path = tmp_path / 'areas.json'
    path.write_text(json.dumps(AREAS))
    run('--areas', path, '--videosrc', LOG, '--serve', '0', '--log', path, status=2)
    assert json.loads(path.read_text()) == AREAS
