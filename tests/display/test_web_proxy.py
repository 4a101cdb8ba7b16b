"""The server behind nginx."""
import json
import subprocess
from typing import Any, Callable, Iterator

from browsers import events, get
from helpers import need, wait_for
from streams import free_port

import pytest

CONFIGURATION = """
daemon off; pid {folder}/pid; error_log stderr; events {{}}
http {{
    access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; {location} }}
}}
"""


@pytest.fixture
def nginx(tmp_path) -> Iterator[Callable[[str], str]]:
    """Starts nginx with locations, and returns its address."""
    started = []

    def start(location: str) -> str:
        port = free_port()
        (tmp_path / 'conf').write_text(
            CONFIGURATION.format(folder=tmp_path, port=port, location=location))
        process = subprocess.Popen([need('nginx'), '-p', tmp_path, '-c', tmp_path / 'conf', '-e',
                                    'stderr'], stderr=subprocess.DEVNULL)
        started.append(process)

        def answers() -> Any:
            assert process.poll() is None
            try:
                return get(url, '/')
            except ConnectionRefusedError:
                return None

        url = f'http://127.0.0.1:{port}'
        wait_for(answers)
        return url

    yield start
    for process in started:
        process.terminate()
        process.wait()


def test_events_arrive_as_they_are_sent(serve, nginx):
    """In a quiet room nginx would hold them back until it has 8 KB of them."""
    demo = serve()
    demo.stalls = True
    url = nginx(f'location / {{ proxy_pass {demo.url}; }}')
    stream = events(get(url, '/poses'))
    assert next(stream)[0] == 'setup'
    for number in (1, 2, 3):
        demo.show()
        assert next(stream)[1]['frame'] == number


def test_a_proxy_may_have_a_path_and_a_name_of_its_own(serve, nginx):
    location = ('location /cam/ {{ proxy_pass {url}; proxy_http_version 1.1; '
                'proxy_set_header Host $host; proxy_set_header Connection ""; }}')
    demo = serve(token='sesame12', names=['cam.example.org'])
    url = nginx(location.format(url=demo.url.partition('?')[0]))
    page = get(url, '/cam/?token=sesame12', Host='cam.example.org')
    assert page.status == 200
    assert b"'poses?'" in page.body and b"'snapshot.jpg?'" in page.body  # relative addresses
    assert next(events(get(url, '/cam/poses?token=sesame12')))[0] == 'setup'
    health = get(url, '/cam/healthz?token=sesame12')
    assert json.loads(health.body)['state'] == 'ok'
    assert get(url, '/cam/healthz?token=sesame12', 'HEAD').status == 200
    assert get(url, '/cam/?token=sesame12', 'POST').status == 405
    refused = get(url, '/cam/?token=sesame12', Host='board.example.org')
    assert refused.status == 403 and b'--allow-host board.example.org' in refused.body
