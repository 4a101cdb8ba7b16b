"""The page as files: what --build writes, and what --serve answers."""
import hashlib
import http.server
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
import urllib.request

from browsers import get
from helpers import ROOT, bundled_model, need
from posesuite.web.litert import RuntimeFilesError, litert_files
from sites import MODEL, Served

import pytest

WEB = os.path.join(ROOT, 'pose_web.py')


@pytest.fixture(scope='module')
def site(litert, tmp_path_factory) -> str:
    folder = str(tmp_path_factory.mktemp('site') / 'new' / 'site')
    for _ in range(2):  # the second time over the first
        subprocess.run([sys.executable, WEB, '--build', folder, '--model', MODEL], check=True)
    return folder


def content(folder: str, *parts: str) -> bytes:
    with open(os.path.join(folder, *parts), 'rb') as file:
        return file.read()


def test_the_worker_keeps_every_file_by_its_hash(site):
    worker = content(site, 'service_worker.js')
    listed = json.loads(re.search(rb'const FILES = ({[^}]+})', worker)[1])
    found = {os.path.relpath(os.path.join(folder, name), site)
             for folder, _, names in os.walk(site) for name in names}
    assert found - set(listed) == {'service_worker.js', '_headers'}
    assert len(listed) > 40
    for name, digest in listed.items():
        assert hashlib.sha256(content(site, name)).hexdigest() == digest, name


def test_everything_that_a_file_imports_is_there(site):
    for folder, _, names in os.walk(site):
        for name in names:
            if name.endswith('.js') and 'litert_wasm' not in name:
                text = content(folder, name).decode()
                for path in re.findall(r'''(?:from|import) ?["'](\.[^"']+)["']''', text):
                    assert os.path.exists(os.path.join(folder, path)), (name, path)
    page = content(site, 'index.html').decode()
    for path in re.findall(r'(?:src|href)="([\w/.]+)"', page):
        assert os.path.exists(os.path.join(site, path)), path


def test_models_are_listed(site):
    model, = json.loads(content(site, 'models.json'))
    with open(bundled_model(), 'rb') as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    assert model == {'name': MODEL, 'url': f'models/{MODEL}.tflite', 'architecture': 'MobileNetV1',
                     'outputStride': 16, 'multiplier': 0.75, 'bytes': 2424808, 'sha256': digest,
                     'inputResolution': {'width': 481, 'height': 353}}


def test_npm_packs_it(site, tmp_path):
    need('npm')
    done = subprocess.run(['npm', 'pack', '--json', '--dry-run', '--offline'], cwd=site,
                          stdout=subprocess.PIPE, check=True, env={**os.environ,
                                                                   'HOME': str(tmp_path)})
    packed, = json.loads(done.stdout)
    names = {file['path'] for file in packed['files']}
    assert {'package.json', 'README.md', 'LICENSE', 'posenet.js', 'posenet.d.ts', 'worker.js',
            'engine/decoder.js', 'decoder/decoder.wasm', 'litert/index.js', 'models.json',
            f'models/{MODEL}.tflite'} <= names
    assert not any(name.startswith('page/') for name in names)


def test_other_folders_are_left_alone(tmp_path, litert):
    (tmp_path / 'photo.jpg').touch()
    done = subprocess.run([sys.executable, WEB, '--build', str(tmp_path), '--model', MODEL],
                          stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr.decode().splitlines()[-1]) == (
        1, f'error: {tmp_path} has other files: choose a new folder')
    assert os.listdir(tmp_path) == ['photo.jpg']


@pytest.mark.parametrize('model, words', [
    ('nothing.tflite', 'no model nothing.tflite'),
    (os.path.join(ROOT, 'samples', 'couple.jpg'), 'couple.jpg')])
def test_models_that_are_none(tmp_path, litert, model, words):
    folder = str(tmp_path / 'site')
    done = subprocess.run([sys.executable, WEB, '--build', folder, '--model', model],
                          stderr=subprocess.PIPE)
    *_, line = done.stderr.decode().splitlines()
    assert done.returncode == 1 and line.startswith('error: ') and words in line
    assert not os.path.exists(tmp_path / 'site')


def test_the_server(litert):
    server = Served()
    page = get(server.url, '/')
    policy = page.headers['Content-Security-Policy']
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy and "connect-src 'self';" in policy
    assert "'unsafe-" not in policy
    assert get(server.url, '/worker.js').headers['Content-Security-Policy'] == policy
    for name, kind in (('posenet.js', 'text/javascript'), ('style.css', 'text/css'),
                       ('decoder/decoder.wasm', 'application/wasm'),
                       ('models.json', 'application/json'),
                       (f'models/{MODEL}.tflite', 'application/octet-stream')):
        answer = get(server.url, f'/{name}')
        assert answer.status == 200
        assert answer.headers['Content-Type'].partition(';')[0] == kind
        assert answer.headers['X-Content-Type-Options'] == 'nosniff'
        again = get(server.url, f'/{name}', **{'If-None-Match': answer.headers['ETag']})
        assert (again.status, again.body) == (304, b'')
    for name in ('/nothing', '/../setup.py', '/%2e%2e/setup.py', '//etc/passwd', '/page/', '/\0'):
        assert get(server.url, name.replace('\0', '%00')).status == 404, name
    assert (get(server.url, '/', 'HEAD').status, get(server.url, '/', 'POST').status) == (200, 501)
    assert server.end() == 0 or os.name == 'nt'


def test_https(litert, tmp_path):
    pem = str(tmp_path / 'board.pem')
    subprocess.run([need('openssl'), 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1',
                    '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout',
                    pem, '-out', f'{pem}.crt'], check=True, stderr=subprocess.DEVNULL)
    with open(pem, 'a') as both, open(f'{pem}.crt') as certificate:
        both.write(certificate.read())
    server = Served('--certificate', pem)
    assert server.url.startswith('https://')
    context = ssl.create_default_context(cafile=f'{pem}.crt')
    with urllib.request.urlopen(server.url, context=context) as page:
        assert b'<title>' in page.read()
    server.end()


def test_the_runtime_is_checked_by_its_hashes(litert, tmp_path, monkeypatch):
    """A server with a runtime that was tampered with, and then with the true one."""
    monkeypatch.setenv('PATH', '')  # no npm
    served, kept = tmp_path / 'served', tmp_path / 'kept'
    for name, text in litert_files().items():
        package, path = ('wasm-utils', 'dist/index.js') if 'utils' in name else (
            'core', f'dist/{os.path.basename(name)}' if name.endswith('index.js') else
            f'wasm/{os.path.basename(name)}')
        target = served / '@litertjs' / f'{package}@2.5.3' / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.replace(b'"./wasm-utils.js"', b'"@litertjs/wasm-utils"'))
    os.rename(served, tmp_path / 'true')
    shutil.copytree(tmp_path / 'true', served)
    with open(served / '@litertjs' / 'core@2.5.3' / 'dist' / 'index.js', 'a') as file:
        file.write('// more')

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(served))

        def log_message(self, *_):
            """Says nothing."""

    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f'http://127.0.0.1:{server.server_address[1]}'
        with pytest.raises(RuntimeFilesError, match='cannot be fetched'):
            litert_files(str(kept), url)
        shutil.rmtree(served)
        os.rename(tmp_path / 'true', served)
        assert litert_files(str(kept), url) == litert_files()
        server.shutdown()


def test_a_damaged_package_of_npm(tmp_path, monkeypatch, caplog):
    """What npm brings is named, and the other address is tried."""
    (tmp_path / 'npm').write_text('''#!/bin/sh
for name in core wasm-utils; do echo damaged > "$4/litertjs-$name-2.5.3.tgz"; done
''')
    (tmp_path / 'npm').chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(RuntimeFilesError, match='cannot be fetched'):
        litert_files(str(tmp_path / 'kept'), 'http://127.0.0.1:9')
    said = [message for message in caplog.messages if 'cannot be used' in message]
    assert len(said) == 2 and said[0].startswith("npm's litertjs-core-2.5.3.tgz cannot be used: ")
