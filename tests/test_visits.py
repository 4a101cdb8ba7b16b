"""visits.py, as its user runs it."""
import datetime
import json
import os
from typing import Any

import visitors
from posesuite import __version__
from posesuite.visits.store import VisitStore
from stores import fill, run_visits

import pytest


@pytest.fixture
def path(tmp_path) -> Any:
    return tmp_path / 'visits.db'


def test_help_and_version():
    shown = run_visits('--help').stdout
    assert 'visits.py report visits.db -o report.html' in shown
    assert 'forget' in shown
    assert '(default: 5)' in run_visits('report', '--help').stdout
    assert run_visits('--version').stdout.strip() == __version__


@pytest.mark.parametrize('arguments', [
    [], ['report', 'a.db'], ['report', 'a.db', '-o', 'a.html', '--min-visits', '0'],
    ['report', 'a.db', '-o', 'a.html', '--since', 'yesterday'],
    ['report', 'a.db', '-o', 'a.html', '--language', 'xx'], ['forget']])
def test_wrong_usage_is_status_2(arguments):
    done = run_visits(*arguments, status=2)
    assert done.stdout == ''
    assert done.stderr.startswith('error: ') and done.stderr.count('\n') == 1


def test_a_report_on_no_store_is_one_line(tmp_path):
    done = run_visits('report', tmp_path / 'no.db', '-o', tmp_path / 'a.html', status=1)
    assert done.stderr == f'error: no store {tmp_path / "no.db"}\n'
    assert os.listdir(str(tmp_path)) == []


def test_report(tmp_path, path):
    pytest.importorskip('jinja2')
    visitors.write_store(visitors.simulate(datetime.date(2026, 3, 2), 1, hours=(10, 12)), str(path))
    (tmp_path / 'areas.json').write_text(json.dumps({'areas': visitors.areas()}))
    done = run_visits('report', path, '-o', tmp_path / 'report.html', '--areas',
                      tmp_path / 'areas.json', '--csv', tmp_path / 'tables', '--title', 'The shop',
                      '--language', 'de')
    assert (done.stdout, done.stderr) == ('', '')
    page = (tmp_path / 'report.html').read_text()
    assert '<h1>The shop</h1>' in page and 'Wie viele kamen heute herein?' in page
    assert len(os.listdir(str(tmp_path / 'tables'))) == 22


def test_forget(path):
    fill(path, {1: (0, 5)}, 5)
    with VisitStore(str(path)):
        assert run_visits('forget', path, status=1).stderr.endswith('another process uses it\n')
    assert run_visits('forget', path).stdout == ''
    assert os.listdir(str(path.parent)) == []
    assert run_visits('forget', path, status=1).stderr == f'error: no store {path}\n'
    path.write_text('Dear diary')
    assert run_visits('forget', path, status=1).stderr == (
        f'error: {path} is not a store of visits\n')
