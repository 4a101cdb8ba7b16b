"""The options of the server for browsers."""
import argparse
import os
import pty
import stat
import subprocess
import threading

from browsers import get
from helpers import children
from posesuite.display import add_display_options

import pytest


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_display_options(parser)
    return parser.parse_args(arguments)


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / 'token'
    path.write_text('open & sesame\n')
    path.chmod(0o600)
    return str(path)


def test_a_token_in_a_file_is_not_in_the_list_of_processes(start, token_file):
    demo = start('--serve', '0', '--token-file', token_file)
    url = demo.stderr.readline().decode().split()[2]
    assert get(url, '/healthz?token=open+%26+sesame').status == 200
    assert get(url, '/healthz').status == 403
    for process in (demo.pid, *children(demo)):
        with open(f'/proc/{process}/cmdline', 'rb') as file:
            assert b'sesame' not in file.read()
    demo.terminate()
    assert demo.stderr.read() == b''


def test_a_token_in_the_environment(start):
    demo = start('--serve', '0', env=dict(os.environ, POSESUITE_TOKEN='sesame12'))
    url = demo.stderr.readline().decode().split()[2]
    assert get(url, '/healthz').status == 403
    assert get(url, '/healthz?token=sesame12').status == 200


def test_the_file_goes_before_the_environment(start, token_file):
    demo = start('--serve', '0', '--token-file', token_file,
                 env=dict(os.environ, POSESUITE_TOKEN='sesame12'))
    url = demo.stderr.readline().decode().split()[2]
    assert get(url, '/healthz?token=open+%26+sesame').status == 200


def test_a_token_that_was_given_is_shown_in_a_terminal_only(demo_command, start, token_file):
    line = start('--serve', '0', '--token-file', token_file).stderr.readline()
    assert b'/?token=\xe2\x80\xa6, with the token of --token-file, ' in line
    terminal, stderr = pty.openpty()
    demo = subprocess.Popen([*demo_command, '--serve', '0', '--token-file', token_file],
                            stderr=stderr)
    os.close(stderr)
    with open(terminal, 'rb') as said:
        assert said.readline().endswith(b'/?token=open%20%26%20sesame\r\n')
        demo.terminate()
        assert demo.wait(10) == 0


def test_a_token_that_was_made_up_is_always_shown(start):
    demo = start('--serve', '0.0.0.0:0')
    url = demo.stderr.readline().decode().split()[-1]
    assert get(url, '/healthz' + url[url.index('?'):]).status == 200


def test_a_wrong_token_in_the_environment_is_one_line(start):
    demo = start('--serve', '0', env=dict(os.environ, POSESUITE_TOKEN='short'))
    assert demo.wait(30) == 1
    assert demo.stderr.read() == (b'error: the token in POSESUITE_TOKEN must have at least 8 '
                                  b'characters and at most 1000, got 5\n')


def test_a_token_on_the_command_line_gets_a_warning(start):
    demo = start('--serve', '0', '--token', 'sesame12')
    assert demo.stderr.readline().startswith(b'serving at ')
    assert b'--token-file' in demo.stderr.readline()


def test_a_token_file_may_be_a_pipe(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    writer = threading.Thread(target=(tmp_path / 'pipe').write_text, args=('sesame12\r\n',))
    writer.start()
    assert parse('--token-file', str(tmp_path / 'pipe')).token_file == 'sesame12'
    writer.join()


@pytest.mark.parametrize('content, reason', [
    (b'short\n', 'got 5'), (b'', 'got 0'), (b'sesame12\nsesame13\n', 'one line'),
    (b'\xff' * 10, 'UTF-8'), (None, 'No such file'), ('/dev/zero', 'at most 1000'),
    ('/', 'Is a directory'), ('a\0b', 'null'),
])
def test_files_that_have_no_token(capsys, tmp_path, content, reason):
    path = content if isinstance(content, str) else str(tmp_path / 'token')
    if isinstance(content, bytes):
        (tmp_path / 'token').write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        parse('--token-file', path)
    assert ended.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert '--token-file' in last and reason in last


@pytest.mark.parametrize('mode, warns', [(0o600, False), (0o640, False), (0o644, True)])
def test_a_token_file_that_everybody_can_read_gets_a_warning(caplog, token_file, mode, warns):
    os.chmod(token_file, mode)
    assert stat.S_IMODE(os.stat(token_file).st_mode) == mode
    parse('--token-file', token_file)
    assert [f'chmod 600 {token_file}' in line for line in caplog.messages] == [True] * warns


def test_names_that_are_allowed(capsys):
    assert parse().allow_host == []
    assert parse('--allow-host', 'Board.fritz.box', '--allow-host', '2001:db8::1').allow_host == [
        'board.fritz.box', '2001:db8::1']
    for wrong in ('*', '', 'board.fritz.box:80', 'http://board', 'board/cam', '.', 'a b', 'a..b'):
        with pytest.raises(SystemExit) as ended:
            parse('--allow-host', wrong)
        assert ended.value.code == 2
        assert 'must be a name such as board.fritz.box' in capsys.readouterr().err
