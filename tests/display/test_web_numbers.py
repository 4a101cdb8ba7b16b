"""The owner's view: numbers as events, and how a browser shows them."""
import datetime
from typing import Any, Dict

from browsers import Chromium, events, get
from figures import frame, standing
from helpers import need, wait_for
from posesuite.display import web_door, web_frames
from posesuite.visits.areas import Area, Line, Plan
from posesuite.visits.live import Live

import pytest

NUMBERS = {'people': 2}
PLAN = Plan([Area('<b>Till</b>', [(0, 0), (500, 0), (500, 1000), (0, 1000)], '', 'queue'),
             Area('Vases', [(500, 0), (1000, 0), (1000, 1000), (500, 1000)], '')],
            [Line('Entrance', [(500, 0), (500, 1000)], '')])
NOON = datetime.datetime(2025, 5, 1, 12).astimezone()


@pytest.fixture
def quick(monkeypatch) -> None:
    monkeypatch.setattr(web_frames, 'NUMBERS_INTERVAL', 0.05)
    monkeypatch.setattr(web_door, 'WRONG_TOKEN_DELAY', 0.01)


def test_numbers_are_events(quick, serve):
    demo = serve(numbers=NUMBERS)
    stream = events(get(demo.url, '/numbers'))
    assert next(stream)[0] == 'setup'
    assert next(stream) == ('', NUMBERS)
    demo.numbers = {'people': 3}
    assert next(stream) == ('', {'people': 3})
    demo.close()
    assert [name for name, _ in stream][-1] == 'end'


def test_who_looks_at_numbers_asks_for_few_frames(monkeypatch, serve):
    monkeypatch.setattr(web_frames, 'NUMBERS_INTERVAL', 0.3)
    demo = serve(numbers=NUMBERS)
    streams = [events(get(demo.url, '/numbers')) for _ in range(3)]
    for _ in range(4):
        for stream in streams:
            next(stream)
    assert 3 <= demo.asked <= 9


def test_the_end_does_not_wait_for_the_next_numbers(monkeypatch, serve):
    monkeypatch.setattr(web_frames, 'NUMBERS_INTERVAL', 60)
    demo = serve(numbers=NUMBERS)
    stream = events(get(demo.url, '/numbers'))
    assert [next(stream)[0] for _ in range(2)] == ['setup', '']
    demo.close()
    assert [name for name, _ in stream] == ['end']


def test_who_counts_nothing_has_no_owners_view(serve):
    url = serve().url
    assert get(url, '/numbers').status == 404
    page = get(url, '/').body.decode()
    assert 'id="numbers"' not in page and '<!-- NUMBERS -->' not in page


def test_numbers_pass_the_same_door(quick, serve):
    demo = serve(token='sesame12', numbers=NUMBERS)
    assert get(demo.url, '/numbers').status == 403
    assert get(demo.url, '/numbers?token=sesame13').status == 403
    assert get(demo.url, '/numbers?token=sesame12', Host='evil.example').status == 403
    assert get(demo.url, '/numbers?token=sesame12', 'POST').status == 405
    for method in ('GET', 'HEAD'):
        response = get(demo.url, '/numbers?token=sesame12', method)
        assert (response.status, response.headers['Content-Type']) == (200, 'text/event-stream')
        assert response.headers['Content-Security-Policy'].startswith("default-src 'none';")
        assert response.headers['Cache-Control'] == 'no-store'
        assert response.headers['X-Accel-Buffering'] == 'no'
    page = get(demo.url, '/?token=sesame12')
    nonce = page.headers['Content-Security-Policy'].split("script-src 'nonce-")[1].split("'")[0]
    assert page.body.count(f'<script nonce="{nonce}">'.encode()) == 2
    assert page.body.count(b'<script') == 2 and page.body.count(b'<style') == 2


def room(fault: str = '') -> Dict[str, Any]:
    """Numbers of a room with two people: one waits, one looks at vases. Six waited before for ten
    seconds each, five seconds apart, then one for longer while another came in.
    """
    live = Live(PLAN, start=NOON)
    for tenth in range(0, 2100, 5):
        people = {10 + tenth // 150: standing(x=100)} if tenth < 900 else {
            2: standing(x=200), 3: standing(x=200 if tenth < 1500 else 500)}
        if tenth < 900 and tenth % 150 >= 100:
            people = {}
        live.write(frame(tenth / 10), people, 'text', 0.8)
    live.write(frame(3600), {}, 'text', 0.8)
    for tenth in range(36005, 36300, 5):
        live.write(frame(tenth / 10, fault), {} if fault else {
            4: standing(x=200), 5: standing(x=500)}, 'text', 0.8)
    return live.numbers()


@pytest.mark.parametrize('width, height', [(1280, 800), (390, 844)])
def test_a_browser_shows_numbers_and_remembers_that(quick, serve, tmp_path, width, height):
    need('chromedriver')
    need('chromium')
    demo = serve(numbers=room())
    chromium = Chromium(tmp_path, width, height)

    def cards() -> Dict[str, str]:
        texts = chromium.run("Array.from(document.querySelectorAll('#numbers article')).map("
                             'card => card.innerText)')
        return {title: text.strip() for title, _, text in (
            text.strip().partition('\n') for text in texts)}

    try:
        chromium('/url', url=demo.url)
        wait_for(lambda: chromium.run('canvas.width') == 640)
        assert chromium.run("document.getElementById('numbers').hidden") is True
        chromium.run("document.getElementById('view').click()")
        wait_for(cards)
        chromium('/refresh')
        found = wait_for(cards)
        assert chromium.run("document.querySelector('main').hidden") is True
        assert list(found) == ['Came in today', 'In the room now', 'Today', 'Entrance',
                               '<b>Till</b>', 'Vases', 'Visits that began in each hour', 'Camera']
        assert found['Came in today'].split('\n')[0] == '1 person'
        assert found['In the room now'].split() == ['2', 'people']
        assert found['Today'].split('\n')[0] == '10 visits'
        assert found['Entrance'].split()[:4] == ['1', 'in', '0', 'out']
        assert found['<b>Till</b>'].startswith('1 waiting') and 'longest: 2' in found['<b>Till</b>']
        assert 'usual wait today: 10 s' in found['<b>Till</b>']
        assert '80 % of the room' in found['Camera'] and 'no frames' in found['Camera']
        assert chromium.run('[innerWidth, document.documentElement.scrollWidth,'
                            'document.documentElement.scrollHeight]') == [width, width, height]
        assert chromium.run("Array.from(document.querySelectorAll('#numbers article')).every("
                            'card => card.scrollWidth === card.clientWidth)')
        demo.numbers = room('camera lost since 13:00')
        wait_for(lambda: cards()['In the room now'].split() == ['\u2013', 'people'])
        assert 'camera lost since 13:00' in cards()['Camera']
        chromium.run("document.getElementById('view').click()")
        wait_for(lambda: not chromium.run("document.querySelector('main').hidden"))
        wait_for(lambda: chromium.run("document.getElementById('people').textContent"))
        assert not [entry for entry in chromium('/se/log', type='browser')
                    if 'Content Security Policy' in entry['message']]
    finally:
        chromium.close()


def test_a_page_of_numbers_survives_a_restart(quick, serve, tmp_path):
    need('chromedriver')
    need('chromium')
    demo = serve(token='sesame12', numbers=room())
    chromium = Chromium(tmp_path, 390, 844)
    state = "document.getElementById('state').className"
    try:
        chromium('/url', url=demo.url)
        wait_for(lambda: chromium.run(state) == 'connected')
        chromium.run("document.getElementById('view').click()")
        wait_for(lambda: chromium.run("document.querySelectorAll('#numbers article').length"))
        demo.close()
        wait_for(lambda: chromium.run(state) == 'ended')
        serve(('127.0.0.1', demo.port), 'sesame12', numbers=room())
        wait_for(lambda: chromium.run(state) == 'connected')
        assert chromium.run("document.querySelector('main').hidden") is True
    finally:
        chromium.close()


def test_a_browser_shows_numbers_in_its_language(quick, serve, tmp_path):
    need('chromedriver')
    need('chromium')
    demo = serve(numbers=room('camera lost since 13:00'))
    chromium = Chromium(tmp_path, 390, 844)
    text = "document.querySelector('#numbers').innerText"
    try:
        chromium('/goog/cdp/execute', cmd='Emulation.setUserAgentOverride',
                 params={'userAgent': 'test', 'acceptLanguage': 'de-CH,en'})
        chromium('/url', url=demo.url)
        chromium.run("document.getElementById('view').click()")
        wait_for(lambda: chromium.run(text))
        found = chromium.run(text)
        for said in ('Jetzt im Raum', '8 Besuche', '1 herein', 'Wartezeit heute: 10 s',
                     'Kamera getrennt seit 13:00 Uhr', 'keine Bilder'):
            assert said in found
        assert chromium.run('document.documentElement.lang') == 'de'
        assert chromium.run("document.getElementById('fault').textContent") == (
            'Kamera getrennt seit 13:00 Uhr')
    finally:
        chromium.close()
