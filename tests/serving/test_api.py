"""What a server answers to good requests and bad ones."""
import http.client
import io
import json
import socket

from pose_servers import Answer, Engine, ask, port_of, serving
from posesuite.errors import DeviceFault
from posesuite.serving.limits import Limits

import numpy as np
import pytest
from PIL import Image

BOUNDARY = 'abc'
FORM = {'Content-Type': f'multipart/form-data; boundary={BOUNDARY}'}


def form(*parts: bytes, name: str = 'p{}.png') -> bytes:
    head = ('--' + BOUNDARY + '\r\nContent-Disposition: form-data; name="image"; '
            'filename="' + name + '"\r\nContent-Type: image/png\r\n\r\n')
    return b''.join(head.format(number).encode() + part + b'\r\n'
                    for number, part in enumerate(parts)) + f'--{BOUNDARY}--\r\n'.encode()


def refused(answer: Answer, status: int) -> str:
    """The line of an error."""
    assert answer.status == status, answer.body
    assert answer.headers['Content-Type'] == 'application/json'
    assert list(answer.json) == ['error']
    assert '\n' not in answer.json['error'] and answer.body.count(b'\n') == 1
    return answer.json['error']


@pytest.mark.parametrize('format', ['PNG', 'JPEG', 'WebP'])
def test_poses_of_a_picture(server, picture, format):
    answer = ask(server, 'POST', '/v1/poses', picture(format=format))
    assert answer.status == 200
    pose, = answer.json
    assert pose['score'] == 0.9
    assert len(pose['keypoints']) == 17
    assert pose['keypoints'][0] == {'part': 'nose', 'score': 0.9, 'position': {'x': 100, 'y': -100}}
    assert 'network;dur=10.000' in answer.headers['Server-Timing']


def test_the_threshold_of_a_request(server, picture):
    scores = {threshold: [pose['score'] for pose in ask(
        server, 'POST', f'/v1/poses?threshold={threshold}', picture()).json]
        for threshold in (0, 0.2, 0.3, 1)}
    assert scores == {0: [0.9, 0.2], 0.2: [0.9, 0.2], 0.3: [0.9], 1: []}
    for wrong in ('-1', '2', 'nan', 'high', 'inf'):
        said = refused(ask(server, 'POST', f'/v1/poses?threshold={wrong}', picture()), 400)
        assert said == f"threshold must be 0 to 1, got '{wrong}'"


def test_a_turned_photograph_is_looked_at_upright(picture):
    """As phones take them: the pixels lie on their side, and a tag says so."""
    sizes = []

    class Sizes(Engine):
        def DetectPosesInImage(self, img):
            sizes.append(img.shape)
            return super().DetectPosesInImage(img)

    exif = Image.Exif()
    exif[0x112] = 6
    with serving(Sizes()) as server:
        assert ask(server, 'POST', '/v1/poses', picture(format='JPEG', exif=exif)).status == 200
    assert sizes == [(64, 48, 3)]


def test_several_pictures(picture):
    engine = Engine()
    with serving(engine) as server:
        levels = [10, 20, 30, 40, 50]
        parts = [picture(level) for level in levels]
        answer = ask(server, 'POST', '/v1/poses', form(*parts[:3], b'no picture', *parts[3:]), FORM)
    assert answer.status == 200
    assert [each['image'] for each in answer.json] == [f'p{number}.png' for number in range(6)]
    assert [each['poses'] and len(each['poses']) for each in answer.json] == [1, 1, 1, None, 1, 1]
    assert answer.json[3]['error'].startswith('p3.png is no JPEG, PNG or WebP')
    assert sorted(engine.seen) == levels  # two are prepared at a time, and the faster one is first


@pytest.mark.parametrize('body, status, said', [
    (form(), 400, 'the form has no pictures'),
    (form(*[b'x'] * 17), 400, 'part'),
    (b'nothing of the kind', 400, ''),
    (form(b'x')[:-20], 400, ''),
])
def test_forms_that_are_none(server, body, status, said):
    assert said in refused(ask(server, 'POST', '/v1/poses', body, FORM), status)


@pytest.mark.parametrize('body, status, said', [
    (b'', 400, 'is empty: send a JPEG, PNG or WebP'),
    (b'hello', 415, 'is no JPEG, PNG or WebP'),
    (b'\xff\xd8\xff\xe0' + bytes(40), 415, 'damaged at its beginning'),
    (b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n', 415, 'is no JPEG'),
])
def test_bodies_that_are_no_picture(server, body, status, said):
    assert said in refused(ask(server, 'POST', '/v1/poses', body), status)


def test_pictures_that_are_damaged_or_small(server, picture):
    whole = picture(format='JPEG', size=(640, 480))
    assert 'truncated' in refused(ask(server, 'POST', '/v1/poses', whole[:len(whole) // 2]), 422)
    assert 'need 16x16' in refused(ask(server, 'POST', '/v1/poses', picture(size=(15, 99))), 422)
    assert 'is no JPEG' in refused(ask(server, 'POST', '/v1/poses', picture(format='GIF')), 415)


def test_a_small_file_of_many_pixels_is_not_decoded(picture):
    engine = Engine()
    bomb = picture(size=(4000, 1001))
    assert len(bomb) < 100_000
    with serving(engine, limits=Limits(max_pixels=4_000_000)) as server:
        said = refused(ask(server, 'POST', '/v1/poses', bomb), 413)
        assert ask(server, 'POST', '/v1/poses', picture(size=(4000, 1000))).status == 200
        batch = ask(server, 'POST', '/v1/poses', form(bomb), FORM).json
    assert said == ('the picture has 4000x1001 pixels, more than 4000000: send a smaller one')
    assert batch[0]['poses'] is None and '4000x1001 pixels' in batch[0]['error']
    assert len(engine.seen) == 1


def test_too_many_bytes_are_not_read(picture):
    """The answer arrives although the client sends on."""
    with serving(limits=Limits(max_bytes=1 << 20)) as server:
        assert refused(ask(server, 'POST', '/v1/poses', bytes(3 << 20)), 413) == (
            '3145728 bytes are more than 1048576')
        with socket.create_connection(('127.0.0.1', port_of(server)), 10) as connection:
            connection.sendall(b'POST /v1/poses HTTP/1.1\r\nHost: localhost\r\n'
                               b'Content-Length: 99999999999\r\n\r\nbegins')
            assert connection.recv(1 << 16).startswith(b'HTTP/1.1 413 ')
        long_part = form(picture(), bytes((1 << 20) + 1), picture())
        answer = ask(server, 'POST', '/v1/poses', long_part, FORM)
        assert [each['poses'] is None for each in answer.json] == [False, True, False]
        assert answer.json[1]['error'] == 'p1.png has more than 1048576 bytes'


def test_a_body_without_its_length(server):
    with socket.create_connection(('127.0.0.1', port_of(server)), 10) as connection:
        connection.sendall(b'POST /v1/poses HTTP/1.1\r\nHost: localhost\r\n'
                           b'Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n')
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert (answer.status, json.loads(answer.read())) == (
            411, {'error': 'the request has no Content-Length'})


def test_raw_pixels(server):
    pixels, raw = bytes(48 * 64 * 3), {'Content-Type': 'application/x-rgb'}
    assert ask(server, 'POST', '/v1/poses?width=64&height=48', pixels, raw).status == 200
    for query, body, said in (
            ('width=64&height=47', pixels, 'bytes are more than'),
            ('width=64&height=49', pixels, '64x49 pixels have 9408 bytes, got 9216'),
            ('width=64', pixels, 'height'), ('width=64&height=x', pixels, 'height'),
            ('width=8&height=8', bytes(192), 'need 16 to 16384 a side'),
            ('width=99999&height=99999', pixels, 'need 16 to 16384 a side')):
        status = 413 if 'more than' in said else 400
        assert said in refused(ask(server, 'POST', f'/v1/poses?{query}', body, raw), status)


def test_maps(server, picture):
    answer = ask(server, 'POST', '/v1/maps?kind=heatmap&part=nose', picture(51))
    assert answer.headers['Content-Type'] == 'application/x-npy'
    heatmap = np.load(io.BytesIO(answer.body), allow_pickle=False)
    assert heatmap.shape == (48, 64) and heatmap.dtype == np.float32
    assert heatmap[0, 0] == np.float32(0.2)
    assert refused(ask(server, 'POST', '/v1/maps?kind=heatmap&part=toe', picture()),
                   400) == 'no part toe'
    assert 'has no masks' in refused(ask(server, 'POST', '/v1/maps?kind=mask', picture()), 501)
    assert 'one of heatmap' in refused(ask(server, 'POST', '/v1/maps?kind=x', picture()), 400)
    assert ask(server, 'GET', '/healthz').json == {'state': 'ok', 'fault': ''}


def test_models(server):
    model, = ask(server, 'GET', '/v1/models').json['models']
    assert (model['name'], model['family'], model['device']) == ('couple.jpg', 'PoseNet', 'cpu')
    assert model['input'] == {'width': 641, 'height': 481}
    assert len(model['parts']) == 17 and len(model['sha256']) == 64


def test_a_device_that_fails_and_is_back(picture):
    engine = Engine()
    with serving(engine) as server:
        engine.error = DeviceFault('the Edge TPU is being started again', 1.0)
        answer = ask(server, 'POST', '/v1/poses', picture())
        assert refused(answer, 503) == 'the Edge TPU is being started again'
        assert int(answer.headers['Retry-After']) >= 1
        health = ask(server, 'GET', '/healthz')
        assert (health.status, health.json['state']) == (503, 'fault')
        engine.error = None
        assert ask(server, 'POST', '/v1/poses', picture()).status == 200
        assert ask(server, 'GET', '/healthz').status == 200


def test_an_unexpected_error_is_a_line_in_the_log(picture, caplog):
    engine = Engine()
    engine.error = KeyError('nobody expected this')
    with serving(engine) as server:
        said = refused(ask(server, 'POST', '/v1/poses?threshold=0.5', picture()), 500)
    assert said == 'the server failed, and its log says how'
    assert [line for line in caplog.messages if 'POST /v1/poses failed: KeyError' in line]


@pytest.mark.parametrize('method, path, status', [
    ('GET', '/v1/poses', 405), ('POST', '/v1/models', 405), ('GET', '/nothing', 404),
    ('GET', '/v1/poses/../../etc/passwd', 404), ('DELETE', '/', 405)])
def test_other_paths_and_methods(server, method, path, status):
    assert refused(ask(server, method, path), status)


def test_the_document_names_every_path_and_the_page_loads_nothing_from_elsewhere(server):
    document = ask(server, 'GET', '/openapi.json').json
    assert document['openapi'].startswith('3.0')
    for path, operations in document['paths'].items():
        for method in operations:
            answer = ask(server, method.upper(), path.replace('{id}', '0'))
            assert answer.status not in (404, 405), path
            assert str(answer.status) in operations[method]['responses'], (path, answer.status)
    references = json.dumps(document).split('"#/components/schemas/')[1:]
    assert len(references) > 10
    for reference in references:
        assert reference.partition('"')[0] in document['components']['schemas']
    page = ask(server, 'GET', '/')
    assert page.status == 200 and b'openapi.json' in page.body
    assert b'http://' not in page.body and b'https://' not in page.body and b'//' + b'cdn' not in (
        page.body)
    assert "default-src 'none'" in page.headers['Content-Security-Policy']


def test_metrics_can_be_read_by_prometheus(picture):
    from prometheus_client.parser import text_string_to_metric_families
    with serving() as server:
        for _ in range(3):
            ask(server, 'POST', '/v1/poses', picture())
        ask(server, 'POST', '/v1/poses', b'x')
        ask(server, 'GET', '/secret-path')
        text = ask(server, 'GET', '/metrics').body.decode()
    samples = {(sample.name, *sorted(sample.labels.items())): sample.value
               for family in text_string_to_metric_families(text) for sample in family.samples}
    assert samples['pose_server_pictures_total',] == 3
    assert samples['pose_server_poses_total',] == 6
    assert samples['pose_server_network_seconds_count',] == 3
    assert samples['pose_server_requests_total', ('path', '/v1/poses'), ('status', '200')] == 3
    assert samples['pose_server_requests_total', ('path', '/v1/poses'), ('status', '415')] == 1
    assert samples['pose_server_requests_total', ('path', 'other'), ('status', '404')] == 1
    assert samples['pose_server_waiting_pictures',] == 0
    assert samples['process_resident_memory_bytes',] > 1e6
    assert 'secret-path' not in text
