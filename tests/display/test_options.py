"""The display options of the command line."""
import argparse

from posesuite.display import Display, DisplayError, add_display_options

import pytest


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_display_options(parser)
    return parser.parse_args(arguments)


@pytest.mark.parametrize('arguments', [
    ['--output', 'out.gif'], ['--output', 'out'], ['--output', 'a\0.mp4'], ['--serve', 'port'],
    ['--serve', '65536'], ['--serve', ':80'], ['--serve', '::1:80'], ['--serve', '-1'],
    ['--serve', '80', '--token', 'x'],
])
def test_wrong_usage_is_status_2(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        parse(*arguments)
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert 'must' in last or 'expected' in last


@pytest.mark.parametrize('text, address', [
    ('8080', ('127.0.0.1', 8080)), ('0.0.0.0:0', ('0.0.0.0', 0)), ('[::1]:80', ('::1', 80)),
    ('camera.local:8080', ('camera.local', 8080)),
])
def test_addresses(text, address):
    assert parse('--serve', text).serve == address


def test_a_display_is_made_from_the_options(monkeypatch):
    made = []
    monkeypatch.setattr(Display, '__init__', lambda self, **keywords: made.append(keywords))
    Display.from_args(parse(), 'demo', fps=25)
    Display.from_args(parse('--headless', '--mirror'), 'demo')
    Display.from_args(parse('--output', 'out.mp4', '--stats'), 'demo', may_save=False)
    Display.from_args(parse('--serve', '80', '--token', 'sesame12'), 'demo')
    assert [keywords['window'] for keywords in made] == ['demo', None, None, None]
    assert [keywords['mirror'] for keywords in made] == [False, True, False, False]
    assert {keywords['title'] for keywords in made} == {'demo'}
    assert made[0]['fps'] == 25
    assert (made[2]['output'], made[2]['stats'], made[2]['may_save']) == ('out.mp4', True, False)
    assert (made[3]['serve'], made[3]['token']) == (('127.0.0.1', 80), 'sesame12')


def test_the_source_is_never_overwritten(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'read.mp4').write_bytes(b'')
    args = parse('--output', 'read.mp4')
    args.videosrc = './read.mp4'
    with pytest.raises(DisplayError, match='read.mp4 is the source itself'):
        Display.from_args(args, 'demo')
