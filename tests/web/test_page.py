"""The page in a real browser, whose camera plays a clip; a stub finds the poses of a log."""
import os
import re

from browsers import Chromium
from figures import standing
from helpers import need, wait_for
from page_visits import Page, near
from pages import make_page, served, write
from posesuite.pose.json_poses import pose_as_json

SIZES = (390, 844), (820, 1180), (1280, 800)


def test_the_page_fits_and_everything_has_a_name(page):
    page.open([[]])
    for width, height in SIZES:
        page.browser('/goog/cdp/execute', cmd='Emulation.setDeviceMetricsOverride', params={
            'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': width < 500})
        for view in ('skeletons', 'anonymous', 'music', 'trainer'):
            page.view(view)
            page.run("document.querySelector('details').open = true")
            assert page.run('document.documentElement.scrollWidth <= innerWidth'), (width, view)
    page.browser('/goog/cdp/execute', cmd='Emulation.clearDeviceMetricsOverride', params={})
    unnamed = page.run("Array.from(document.querySelectorAll('input, select, button')).filter("
                       "control => !(control.labels && control.labels[0] || control.textContent"
                       " || control.ariaLabel)).map(control => control.id)")
    assert unnamed == []
    assert page.run('document.documentElement.lang') == 'en'
    assert page.run("document.querySelector('#error').getAttribute('role')") == 'alert'


def test_the_camera_shows_people(page):
    page.open([[dict(id=1, **pose_as_json(standing(480)))]])
    page.start()
    wait_for(lambda: page.text('state') == '1 person')
    assert re.fullmatch(r'[\d.–]+ frames a second · network 2 ms', page.text('rate'))
    nose = standing(480).keypoints[0].point
    seen = page.run(f"Array.from(document.getElementById('canvas').getContext('2d').getImageData("
                    f"{639 - nose.x}, {nose.y}, 1, 1).data)")
    assert min(seen[:3]) > 200  # mirrored
    assert sum(near(pixel, (255, 0, 255)) for pixel in page.pixels()) > 300
    page.click('#bare')
    wait_for(lambda: sum(near(pixel, (0, 0, 0)) for pixel in page.pixels()) > 6000)
    page.set('heat', 'leftAnkle')
    wait_for(lambda: any(near(pixel, (252, 200, 80), 80) for pixel in page.pixels()))
    page.set('pose-score', 0.95)
    wait_for(lambda: page.text('state') == 'Nobody in the picture')
    page.click('#stop')
    assert page.text('state') == 'Stopped'
    assert all(max(pixel) == 0 for pixel in page.pixels())


def test_another_view_shows_no_live_picture(page):
    page.open([[dict(id=1, **pose_as_json(standing(480)))]])
    page.start()
    wait_for(lambda: any(near(pixel, (255, 0, 255)) for pixel in page.pixels()))
    page.click('#record')
    page.run_async('await new Promise(resolve => setTimeout(resolve, 1000));')  # of video
    for i in range(10):  # also at the very moment
        change = "document.querySelector('[value=anonymous]').click()" if i == 0 else '0'
        assert not any(near(pixel, (255, 0, 255)) or near(pixel, (255, 255, 0))
                       for pixel in page.pixels(change))
    assert page.text('record') == 'Record video'
    wait_for(lambda: page.text('room') != 'No frame yet.')
    page.saved(r'poses-.*\.(mp4|webm)')


def test_the_keyboard_is_enough(page):
    page.open([[]])
    page.run("document.querySelector('[value=skeletons]').focus()")
    for _ in range(2):
        page.press('\ue014')  # arrow right
    assert page.run("document.querySelector('[data-view=music]').hidden") is False
    page.run("document.getElementById('camera').focus()")
    reached = []
    while 'SUMMARY' not in reached:
        page.press('\ue004')  # tab
        reached.append(page.run('document.activeElement.id || document.activeElement.tagName'))
        assert len(reached) < 20
    assert {'file', 'sound', 'scale', 'key', 'octaves', 'loudness'} <= set(reached)


def test_what_cannot_be_is_said(tmp_path):
    need('chromedriver')
    need('chromium')
    folder = make_page(tmp_path / 'page')
    write(folder, 'poses.json', '[[]]')
    chromium = Chromium(tmp_path / 'profile', 390, 844)  # there is no camera
    try:
        with served(folder) as url:
            page = Page(chromium, url, folder, folder).open([[]])
            page.click('#camera')
            wait_for(lambda: page.text('error'))
            assert 'camera' in page.text('error').lower()
            os.unlink(os.path.join(folder, 'poses.json'))
            chromium('/url', url=url)
            wait_for(lambda: page.text('state') == 'No network')
            assert page.text('error')
    finally:
        chromium.close()
