"""The page in a real browser, whose camera plays a clip; a stub finds the poses of a log."""
import json
import os
import re
import subprocess

from browsers import Chromium
from figures import standing
from firefoxes import Firefox
from helpers import ROOT, need, wait_for
from pages import camera_clip, make_page, poses_of, served, write
from posesuite.activities.classifier import Classifier
from posesuite.activities.recordings import read_recording
from posesuite.pose.json_poses import pose_as_json
from posesuite.pose.log import read_log

import pytest

SIZES = (390, 844), (820, 1180), (1280, 800)
TRIO = os.path.join(ROOT, 'samples', 'trio.jsonl')
COUPLE = os.path.join(ROOT, 'samples', 'couple.jpg')
CAMERA = ['use-fake-device-for-media-stream', 'use-fake-ui-for-media-stream',
          'autoplay-policy=no-user-gesture-required']


class Page:
    """The page in a Chromium; opened anew for each test."""

    def __init__(self, browser: Chromium, url: str, folder: str, downloads: str) -> None:
        self.browser, self._url, self._folder, self._downloads = browser, url, folder, downloads
        self.run, self.run_async, self.type = browser.run, browser.run_async, browser.type

    def open(self, poses) -> 'Page':
        """Opens it with a network that finds these poses, frame by frame."""
        write(self._folder, 'poses.json', json.dumps(poses))
        self.browser('/url', url=self._url)
        wait_for(lambda: self.text('state') == 'Ready')
        return self

    def text(self, id: str) -> str:
        return self.run(f"document.getElementById('{id}').textContent")

    def click(self, selector: str) -> None:
        element, = self.browser('/element', using='css selector', value=selector).values()
        self.browser(f'/element/{element}/click')

    def press(self, key: str) -> None:
        self.browser('/actions', actions=[{'type': 'key', 'id': 'keyboard', 'actions': [
            {'type': 'keyDown', 'value': key}, {'type': 'keyUp', 'value': key}]}])

    def set(self, id: str, value: object) -> None:
        """Sets a control as a visitor does."""
        self.run(f"(target => {{target.value = {json.dumps(value)}; target.dispatchEvent("
                 f"new Event('input', {{bubbles: true}}))}})(document.getElementById('{id}'))")

    def view(self, name: str) -> None:
        self.click(f'label:has([value={name}])')

    def start(self) -> None:
        """Starts the camera; returns once a frame was looked at."""
        self.click('#camera')
        wait_for(lambda: 'frames a second' in self.text('rate'))

    def saved(self, pattern: str) -> str:
        """The path of the file of such a name that the page saves."""
        def found():
            names = [name for name in os.listdir(self._downloads) if re.fullmatch(pattern, name)]
            return names and os.path.join(self._downloads, names[0])
        path = wait_for(found, 20)
        moved = os.path.join(self._folder, os.path.basename(path))
        os.rename(path, moved)
        return moved

    def pixels(self, before: str = '0') -> list:
        """Every 37th pixel of the canvas, as [r, g, b]; before: an expression to evaluate first."""
        return self.run(before + ", (data => Array.from({length: data.length / 148 | 0}, (_, i) => "
                        "Array.from(data.slice(148 * i, 148 * i + 3))))(document.getElementById("
                        "'canvas').getContext('2d').getImageData(0, 0, 640, 480).data)")


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    need('chromedriver')
    need('chromium')
    folder = tmp_path_factory.mktemp('browser')
    (folder / 'downloads').mkdir()
    clip = camera_clip(str(folder / 'camera.y4m'))
    chromium = Chromium(folder / 'profile', 1280, 800, [
        *CAMERA, f'use-file-for-fake-video-capture={clip}'], folder / 'downloads')
    with served(make_page(folder / 'page')) as url:
        yield chromium, url, str(folder / 'page'), str(folder / 'downloads')
    chromium.close()


@pytest.fixture
def page(browser):
    """Nothing in it may break the page's policy, or fail unheard."""
    yield Page(*browser)
    errors = [entry['message'] for entry in browser[0]('/se/log', type='browser')
              if entry['level'] == 'SEVERE']
    assert [error for error in errors if 'service_worker.js' not in error
            and 'bad HTTP response code (404)' not in error] == []


def near(pixel, color, by=60):
    return max(abs(a - b) for a, b in zip(pixel, color)) < by


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


def test_what_is_saved_is_what_python_reads(page):
    page.open(poses_of(TRIO))
    page.start()
    page.click('#log')
    wait_for(lambda: '(20)' in page.text('log'))
    page.click('#log')
    header, frames = read_log(page.saved(r'poses-.*\.jsonl'))
    frames = list(frames)
    assert (header['width'], header['height'], header['model']) == (640, 480, 'stub')
    assert len(frames) >= 20 and [len(frame.people) for frame in frames] == [3] * len(frames)
    assert [frame.number for frame in frames] == list(range(len(frames)))
    assert all(a.time < b.time for a, b in zip(frames, frames[1:]))
    assert len({id for frame in frames for id in frame.people}) == 3


def test_a_picture_and_its_poses(page):
    people = [dict(id=1, **pose_as_json(standing(200))), dict(id=2, **pose_as_json(standing(400)))]
    page.open([people])
    page.type('#file', COUPLE)
    wait_for(lambda: page.text('state') == '2 people')
    page.click('#save-poses')
    with open(page.saved(r'poses-.*\.json')) as file:
        saved = json.load(file)
    assert saved == [{key: pose[key] for key in ('score', 'keypoints')} for pose in people]
    page.click('#log')
    _, frames = read_log(page.saved(r'poses-.*\.jsonl'))
    assert [len(frame.people) for frame in frames] == [2]
    page.type('#file', os.path.join(ROOT, 'README.md'))
    wait_for(lambda: 'cannot play README.md' in page.text('error'))


def webm(folder) -> str:
    """The path of a clip of two seconds, of 320x240 pixels."""
    path = str(folder / 'clip.webm')
    subprocess.run([need('ffmpeg'), '-v', 'error', '-f', 'lavfi', '-i', 'testsrc=s=320x240:d=2',
                    '-c:v', 'libvpx', path], check=True)
    return path


def test_a_clip_plays_to_its_end_and_is_recorded(page, tmp_path):
    page.open(poses_of(TRIO))
    page.type('#file', webm(tmp_path))
    wait_for(lambda: 'frames a second' in page.text('rate'))
    assert page.run("document.getElementById('canvas').width") == 320
    page.click('#record')
    assert page.text('record') == 'Stop recording'
    wait_for(lambda: page.text('pause') == 'Play again')
    page.click('#record')
    path = page.saved(r'poses-.*\.(mp4|webm)')
    shown = subprocess.run([need('ffprobe'), '-v', 'error', '-show_entries',
                            'stream=codec_type,width,height', '-of', 'json', path],
                           stdout=subprocess.PIPE, check=True)
    stream, = json.loads(shown.stdout)['streams']
    assert (stream['codec_type'], stream['width'], stream['height']) == ('video', 320, 240)
    page.click('#pause')
    assert page.text('pause') == 'Pause'


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


def test_three_people_play(page):
    page.open(poses_of(TRIO))
    page.view('music')
    page.start()
    wait_for(lambda: re.fullmatch('Guitar [A-G]#?[345], Bass [A-G]#?[234], Voice [A-G]#?[456]',
                                  page.text('notes')))
    page.click('#sound')
    assert page.text('sound') == 'Sound off'
    heard = page.run_async("""
        const {Band} = await import('/page/sound.js'), band = new Band();
        band.loudness = 1;
        const analyser = new AnalyserNode(band.context, {fftSize: 16384});
        band.master.connect(analyser);
        const bins = new Float32Array(analyser.frequencyBinCount), found = [];
        for (const place of [0, 1, 2]) {
          band.play([0, 1, 2].map(other => other === place ? {note: 57, volume: .8} : null));
          await new Promise(resolve => setTimeout(resolve, 1200));
          analyser.getFloatFrequencyData(bins);
          const width = band.context.sampleRate / analyser.fftSize;
          const low = bins.slice(0, 300 / width | 0);
          found.push([low.indexOf(Math.max(...low)) * width, Math.max(...low)]);
        }
        await band.close();
        return found;""")
    for frequency, level in heard:
        assert frequency == pytest.approx(220, abs=8)  # A3
        assert level > -60  # decibels


def test_poses_are_collected_trained_and_recognized(page):
    """What the page writes is what pose_trainer.py reads, and the other way round."""
    standers = [dict(id=1, **pose_as_json(standing(480)))]
    pointers = [dict(id=1, **pose_as_json(standing(
        480, LEFT_WRIST=(580, 150), LEFT_ELBOW=(540, 150), RIGHT_WRIST=(380, 150),
        RIGHT_ELBOW=(420, 150))))]
    page.open([standers])
    page.view('trainer')
    page.type('#label', 'tree/')
    page.click('#add')
    assert page.text('error').startswith('A label needs 1 to 60 letters')
    page.run("document.getElementById('label').value = ''")
    for label in ('standing', 't_pose'):
        page.type('#label', label + '\n')
    assert page.run("document.querySelectorAll('#labels li').length") == 2
    page.set('countdown', 0)
    page.set('length', 2)
    page.start()
    for label in ('standing', 't_pose'):
        page.click(f'[aria-label="Record {label}"]')
        wait_for(lambda label=label: page.text('training').startswith('Recorded')
                 and label in page.text('training'))
        page.run_async(f"""stub.frames = {json.dumps([pointers])};""")
    page.click('[aria-label="Save the recordings of t_pose as pose logs"]')
    recording = read_recording(page.saved(r't_pose-.*\.jsonl'), 't_pose')
    assert len(recording.times) > 5
    page.click('#train')
    wait_for(lambda: page.text('training') == 'Person 1: t_pose')
    page.click('#save-classifier')
    path = page.saved(r'classifier-.*\.json')
    classifier = Classifier.read(path)
    assert classifier.labels == ['standing', 't_pose']
    assert {answer.label for answer in classifier.answers(recording.bodies)} == {'t_pose'}
    classifier.labels[1] = 'star'
    classifier.write(path)
    page.type('#classifier', path)
    wait_for(lambda: page.text('training') == 'Person 1: star')


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


def test_firefox_shows_and_records(tmp_path):
    need('firefox-esr')
    clip = webm(tmp_path)
    folder = make_page(tmp_path / 'page')
    write(folder, 'poses.json', json.dumps(poses_of(TRIO)))
    (tmp_path / 'profile').mkdir()
    firefox = Firefox(tmp_path / 'profile', **{
        'browser.download.folderList': 2, 'browser.download.dir': folder})
    try:
        with served(folder) as url:
            firefox('Navigate', url=url)
            state = "document.getElementById('%s').textContent"
            wait_for(lambda: firefox.run(state % 'state') == 'Ready')
            found = firefox('FindElement', using='css selector', value='#file')['value']
            firefox('ElementSendKeys', id=next(iter(found.values())), text=clip)
            wait_for(lambda: firefox.run(state % 'state') == '3 people')
            wait_for(lambda: firefox.run(state % 'pause') == 'Play again')
            firefox.run("document.getElementById('pause').click()")
            firefox.run("document.getElementById('record').click()")
            wait_for(lambda: firefox.run(state % 'pause') == 'Play again')
            firefox.run("document.getElementById('record').click()")
            wait_for(lambda: firefox.run(state % 'record') == 'Record video')
            wait_for(lambda: list((tmp_path / 'page').glob('poses-*.webm')))
            assert firefox.run(state % 'error') == ''
    finally:
        firefox.close()


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
