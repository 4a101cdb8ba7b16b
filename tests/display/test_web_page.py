"""The page in a real browser."""
import re
import signal

from browsers import Chromium
from figures import sure
from helpers import need, wait_for
from posesuite.display.overlay import look_of

import pytest


@pytest.mark.parametrize('width, height', [(1280, 800), (390, 844)])
def test_a_browser_shows_the_picture_with_its_people(start, tmp_path, width, height):
    need('chromedriver')
    need('chromium')
    demo = start('--serve', '0', '--token', 'sesame12', '--text', '<b>Nposes</b> 1', '--fault',
                 'covered')
    url = demo.stderr.readline().decode().split()[2].partition('?')[0] + '?token=sesame12'
    chromium = Chromium(tmp_path, width, height)
    try:
        chromium('/url', url=url)
        wait_for(lambda: chromium.run('canvas.width') == 320)
        assert chromium.run('document.title') == 'demo'
        assert chromium.run("document.getElementById('text').textContent") == '<b>Nposes</b> 1'
        assert chromium.run("document.getElementById('fault').textContent") == 'covered'
        wait_for(lambda: chromium.run("document.getElementById('rate').textContent"))
        assert chromium.run("document.querySelector('header').innerText.split('\\n').slice(0, 3)"
                            ) == ['demo', 'Live, with a fault of the camera', '1 person']
        assert re.fullmatch(r'[\d.]+ frames a second', chromium.run(
            "document.getElementById('rate').textContent"))
        assert chromium.run('[innerWidth, document.documentElement.scrollWidth,'
                            'document.documentElement.scrollHeight]') == [width, width, height]

        def pixel(x: int, y: int) -> list:
            return chromium.run(f'Array.from(pen.getImageData({x}, {y}, 1, 1).data)')[:3]

        assert min(pixel(150, 75)) > 200  # the left shoulder's white centre
        assert max(pixel(140, 200)) < 60  # the picture's left half
        red, green, blue = pixel(165, 82)  # a bone; the first person is blue
        assert min(green, blue) > 1.5 * red
        number = look_of(sure(), 3, 320, 240).number
        box = f'{number.x:.0f}, {number.y:.0f} - 12, 10, 12'
        data = chromium.run(f'Array.from(pen.getImageData({box}).data)')
        assert any(min(g, b) > 150 > 120 > r for r, g, b in zip(*(data[i::4] for i in range(3))))
        demo.send_signal(signal.SIGTERM)
        wait_for(lambda: chromium.run("document.getElementById('state').className") == 'ended')
        assert not [entry for entry in chromium('/se/log', type='browser')
                    if 'Content Security Policy' in entry['message']]
    finally:
        chromium.close()


def test_a_page_whose_token_is_no_longer_right_says_so(serve, tmp_path):
    need('chromedriver')
    need('chromium')
    demo = serve(token='sesame12')
    chromium = Chromium(tmp_path, 1280, 800)
    state = "document.getElementById('state').className"
    try:
        chromium('/url', url=demo.url)
        wait_for(lambda: chromium.run(state) == 'connected')
        demo.close()
        wait_for(lambda: chromium.run(state) == 'ended')
        serve(('127.0.0.1', demo.port), 'another1')
        wait_for(lambda: chromium.run(state) == 'refused')
    finally:
        chromium.close()
