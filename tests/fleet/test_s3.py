"""A fleet in a bucket of an S3-compatible server: moto's, in a process of its own."""
import os
import socket
import subprocess
import sys
import urllib.request
from typing import Any

from fleets import contents
from helpers import need_package, wait_for
from stores import run_visits

import pytest

need_package('pyarrow')
need_package('duckdb')
need_package('moto')


@pytest.fixture
def server(monkeypatch) -> Any:
    """The address of a server with the bucket museums."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    address = f'http://127.0.0.1:{port}'
    for name in [name for name in os.environ if name.startswith('AWS_')]:
        monkeypatch.delenv(name)
    for name, value in (('ACCESS_KEY_ID', 'key'), ('SECRET_ACCESS_KEY', 'secret'),
                        ('ENDPOINT_URL', address), ('EC2_METADATA_DISABLED', 'true')):
        monkeypatch.setenv(f'AWS_{name}', value)
    process = subprocess.Popen([sys.executable, '-m', 'moto.server', '-p', str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def made() -> bool:
        try:
            urllib.request.urlopen(urllib.request.Request(f'{address}/museums', method='PUT'))
        except OSError:
            return False
        return True

    try:
        wait_for(made)
        yield address
    finally:
        process.kill()
        process.wait()


def objects(server: str) -> str:
    return urllib.request.urlopen(f'{server}/museums?list-type=2').read().decode()


def test_export_report_and_forget(server, museum, whole_fleet, tmp_path):
    fleet = 's3://museums/fleet'
    for name in ('hall', 'shop'):
        run_visits('export', museum / f'{name}.db', '--to', fleet, '--camera', f'museum/{name}',
                   '--keep', '10000d')
    for address, name in ((fleet, 'bucket'), (whole_fleet, 'folder')):
        run_visits('fleet', address, '-o', tmp_path / 'page.html', '--csv', tmp_path / name,
                   '--areas', museum / 'areas.json')
    tables = contents(tmp_path / 'folder')
    assert len(tables) == 7 and contents(tmp_path / 'bucket') == tables
    assert 'camera=hall/day=2026-03-04/part.parquet' in objects(server)
    done = run_visits('forget', fleet, '--camera', 'museum/hall', '--since', '2026-03-04',
                      '--until', '2026-03-05')
    assert done.stdout == 'deleted museum/hall 2026-03-04\n'
    assert 'camera=hall/day=2026-03-04/part.parquet' not in objects(server)
    assert run_visits('export', museum / 'hall.db', '--to', fleet, '--camera',
                      'museum/hall').stdout == ''


def test_what_fails_is_one_line(server, museum, monkeypatch):
    done = run_visits('export', museum / 'hall.db', '--to', 's3://nowhere/fleet', '--camera', 'a/b',
                      status=1)
    assert done.stderr.count('\n') == 1 and 's3://nowhere/fleet' in done.stderr
    monkeypatch.setenv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9')
    done = run_visits('export', museum / 'hall.db', '--to', 's3://museums/fleet', '--camera', 'a/b',
                      status=1)
    assert done.stderr.count('\n') == 1 and done.stderr.startswith('error: cannot read s3://')
