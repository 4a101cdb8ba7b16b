"""What the page opens and saves."""
import json
import os
import re
import subprocess

from figures import standing
from firefoxes import Firefox
from helpers import ROOT, need, wait_for
from pages import make_page, poses_of, served, write
from posesuite.pose.json_poses import pose_as_json
from posesuite.pose.log import read_log

TRIO = os.path.join(ROOT, 'samples', 'trio.jsonl')
COUPLE = os.path.join(ROOT, 'samples', 'couple.jpg')


def test_what_is_saved_is_what_python_reads(page):
    page.open(poses_of(TRIO))
    page.start()
    page.click('#log')
    wait_for(lambda: re.search(r'\((?:[2-9]\d|\d{3,})\)', page.text('log')))
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
