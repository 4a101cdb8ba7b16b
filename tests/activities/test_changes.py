"""Relabelling and deleting what was collected, and the page for it."""
import http.client
import json
import threading
from urllib.parse import urlsplit

import posers
from helpers import need, wait_for
from posers import Person
from posesuite.activities.changes import change, frames_of, listing
from posesuite.activities.label_server import serve_labels
from posesuite.pose.log import read_log

import pytest


@pytest.fixture
def folder(tmp_path) -> str:
    posers.record_all(str(tmp_path / 'poses'), ['tree', 'squat'], Person(seed=1), 1, 'a')
    return str(tmp_path / 'poses')


def counts(folder):
    return {(each['label'], each['name']): each['frames'] for each in listing(folder)}


def test_frames_move_to_another_label(folder):
    assert change(folder, 'tree', 'a.jsonl', [2, 3, 4], 'warrior') == 3
    assert change(folder, 'tree', 'a.jsonl', [7], 'warrior') == 1
    assert counts(folder) == {('squat', 'a.jsonl'): 10, ('tree', 'a.jsonl'): 6,
                              ('warrior', 'a.jsonl'): 4}
    numbers = [frame.number for frame in read_log(f'{folder}/warrior/a.jsonl')[1]]
    assert numbers == [2, 3, 4, 7]


def test_a_log_of_another_recording_is_never_mixed_in(folder):
    assert change(folder, 'tree', 'a.jsonl', range(10), 'squat') == 10
    assert counts(folder) == {('squat', 'a.jsonl'): 10, ('squat', 'a_2.jsonl'): 10}


def test_deleted_frames_are_gone(folder):
    assert change(folder, 'tree', 'a.jsonl', range(4), None) == 4
    assert counts(folder)['tree', 'a.jsonl'] == 6
    assert change(folder, 'tree', 'a.jsonl', range(10), None) == 6
    assert counts(folder) == {('squat', 'a.jsonl'): 10}


@pytest.mark.parametrize('label, name, to', [
    ('..', 'a.jsonl', 'x'), ('tree', '../squat/a.jsonl', 'x'), ('tree', 'b.jsonl', 'x'),
    ('tree', 'a.jsonl', '../x'), ('tree', 'a.jsonl', ''), ('tree/..', 'a.jsonl', None)])
def test_nothing_outside_of_the_folder_is_touched(folder, label, name, to):
    before = counts(folder)
    with pytest.raises(ValueError):
        change(folder, label, name, [1], to)
    assert counts(folder) == before


@pytest.fixture
def url(folder):
    """The address of the page, which a thread serves."""
    found = []
    thread = threading.Thread(target=serve_labels, args=(folder, 0, found.append), daemon=True)
    thread.start()
    wait_for(lambda: found)
    return found[0]


def request(url, method, path, body=None, **headers):
    token = urlsplit(url).query
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request(method, path + ('&' if '?' in path else '?') + token, body,
                       {key.replace('_', '-'): value for key, value in headers.items()})
    response = connection.getresponse()
    response.body = response.read().decode()
    return response


def test_the_page_lists_shows_and_changes(url, folder):
    listed = json.loads(request(url, 'GET', '/recordings').body)
    assert [each['label'] for each in listed] == ['squat', 'tree']
    frames = json.loads(request(url, 'GET', '/frames?label=tree&name=a.jsonl').body)['frames']
    assert len(frames) == 10
    assert frames == frames_of(folder, 'tree', 'a.jsonl')['frames']
    asked = {'label': 'tree', 'name': 'a.jsonl', 'numbers': [1, 2], 'to': 'other'}
    done = request(url, 'POST', '/change', json.dumps(asked), X_Pose_Trainer='1')
    assert json.loads(done.body) == {'changed': 2}
    assert counts(folder)['other', 'a.jsonl'] == 2


def test_only_the_page_itself_may_ask(url, folder):
    body = json.dumps({'label': 'tree', 'name': 'a.jsonl', 'numbers': [1], 'to': None})
    before = counts(folder)
    wrong = url.replace('token=', 'token=x')
    assert request(wrong, 'GET', '/recordings').status == 403
    assert request(wrong, 'POST', '/change', body, X_Pose_Trainer='1').status == 403
    assert request(url, 'GET', '/recordings', Host='evil.example').status == 403
    assert request(url, 'POST', '/change', body).status == 403  # as a form of another page
    assert request(url, 'POST', '/change', body, X_Pose_Trainer='1',
                   Host='evil.example').status == 403
    assert request(url, 'GET', '/etc/passwd').status == 404
    assert counts(folder) == before


def test_a_malformed_host_is_refused_without_a_traceback(url, capfd):
    assert request(url, 'GET', '/recordings', Host='[').status == 403
    assert capfd.readouterr().err == ''


@pytest.mark.parametrize('body', ['', '[]', '{"label": 1}', '{"label": "tree", "name": "a.jsonl", '
                                  '"numbers": ["x"], "to": null}', '[' * 100000,
                                  '{"label": "..", "name": "x", "numbers": [], "to": null}'])
def test_a_wrong_change_is_refused(url, folder, body):
    answer = request(url, 'POST', '/change', body, X_Pose_Trainer='1')
    assert answer.status == 400, answer.body
    assert len(counts(folder)) == 2


def test_a_page_may_run_its_own_script_alone(url):
    answer = request(url, 'GET', '/')
    policy = answer.headers['Content-Security-Policy']
    assert "default-src 'none'" in policy
    assert answer.headers['X-Frame-Options'] == 'DENY'
    nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
    assert f'<script nonce="{nonce}">' in answer.body
    assert 'NONCE' not in answer.body


def test_a_browser_relabels_and_deletes(url, folder, tmp_path):
    need('chromedriver')
    from browsers import Chromium
    browser = Chromium(tmp_path / 'profile', 900, 700)
    try:
        browser('/url', url=url)
        buttons = 'document.querySelectorAll("nav button")'
        wait_for(lambda: browser.run(f'{buttons}.length') == 2)
        browser.run(f'{buttons}[1].click()')
        wait_for(lambda: browser.run('document.querySelectorAll("canvas").length') == 2)
        browser.run('document.querySelectorAll("canvas")[1].click()')
        browser.run('(document.getElementById("to").value = "other", '
                    'document.getElementById("move").click())')
        wait_for(lambda: counts(folder).get(('other', 'a.jsonl')) == 5)
        wait_for(lambda: browser.run('document.querySelectorAll("canvas").length') == 1)
        browser.run('(window.confirm = () => true, document.getElementById("all").click(), '
                    'document.getElementById("delete").click())')
        wait_for(lambda: ('tree', 'a.jsonl') not in counts(folder))
        assert counts(folder) == {('other', 'a.jsonl'): 5, ('squat', 'a.jsonl'): 10}
        assert not [entry for entry in browser('/se/log', type='browser')
                    if entry['level'] == 'SEVERE' and 'favicon' not in entry['message']]
    finally:
        browser.close()
