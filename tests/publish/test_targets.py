"""posesuite/publish/targets.py: addresses, and what is wrong with them."""
import os

from posesuite.publish.targets import parse

import pytest


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch):
    for name in list(os.environ):
        if name.startswith('POSESUITE_'):
            monkeypatch.delenv(name)


def test_parts():
    found = parse('mqtts://ann@broker.fritz.box/museum/hall%20B?discovery=ha')
    assert (found.kind, found.tls) == ('mqtt', True)
    assert (found.host, found.port) == ('broker.fritz.box', 8883)
    assert (found.user, found.path, found.options) == ('ann', 'museum/hall B', {'discovery': 'ha'})
    assert found.shown == 'mqtts://broker.fritz.box:8883'


def test_numbers_as_hosts_and_ports_by_kind():
    assert parse('mqtt://[::1]/hall').shown == 'mqtt://[::1]:1883'
    assert parse('osc://192.168.1.20').port == 9527
    assert parse('influx://localhost/museum').port == 8086
    assert [parse(f'{scheme}://h/x').port for scheme in ('http', 'https')] == [80, 443]


def test_a_webhook_keeps_what_is_its_own(tmp_path):
    (tmp_path / 'key').touch(0o600)
    (tmp_path / 'key').write_text('word\n')
    found = parse(f'https://host/a/b?token=x&secret_file={tmp_path}/key')
    assert found.rest == [('token', 'x')] and found.secret == 'word'


def test_a_secret_of_the_environment(monkeypatch):
    monkeypatch.setenv('POSESUITE_MQTT_PASSWORD', 'word')
    assert parse('mqtt://ann@h').secret == 'word'
    assert parse('https://h/').secret == ''


def test_a_secret_that_everybody_can_read_is_reported(tmp_path, caplog):
    (tmp_path / 'key').write_text('word\n')
    (tmp_path / 'key').chmod(0o644)
    assert parse(f'mqtts://ann@h?secret_file={tmp_path}/key').secret == 'word'
    assert 'chmod 600' in caplog.text and 'word' not in caplog.text


def test_a_password_in_the_open_is_reported(monkeypatch, caplog):
    monkeypatch.setenv('POSESUITE_MQTT_PASSWORD', 'word')
    for host in ('localhost', '127.0.0.1', '[::1]'):
        parse(f'mqtt://ann@{host}/x')
    parse('mqtts://ann@broker/x')
    assert caplog.messages == []
    parse('mqtt://ann@broker/x')
    assert 'unencrypted: use mqtts://' in caplog.text


@pytest.mark.parametrize('text, reason', [
    ('', 'begins with mqtt, mqtts'), ('broker', 'begins with'), ('mqqt://h', 'did you mean mqtt?'),
    ('file:///etc/passwd', 'begins with'), ('mqtt:///topic', 'begins with'),
    ('mqtt://ann:secret@h', 'secret_file=FILE'), ('mqtt://h:99999', 'port from 1'),
    ('mqtt://h:x', 'port from 1'), ('mqtt://h/a/#', '%23'),
    ('mqtt://h/a/%23', 'topic with + or #'),
    ('mqtt://h/a%00', 'topic with'), ('mqtt://h/%24SYS/x', 'topic with'),
    ('mqtt://h/x\ny', 'without spaces'), ('mqtt://a b/x', 'without spaces'),
    ('mqtt://h?secretfile=x', 'did you mean secret_file?'),
    ('mqtt://h?secret_file=/no/such', 'cannot be read'),
    ('mqtt://h?ca_file=/no/such', 'No such file'),
    (f'mqtt://h?ca_file={__file__}', 'holds no certificate'),
    ('osc://h?format=yaml', 'none of addr'), ('osc://h?slots=0', 'from 1 to 99'),
    ('osc://ann@h', 'has a user'), ('influx://h', 'name of a database'),
    ('influx://h/museum?org=us', 'needs a token'), ('mqtt://[::1', 'no IPv6')])
def test_what_is_no_target(text, reason):
    with pytest.raises(ValueError) as error:
        parse(text)
    assert reason in str(error.value) and 'secret@' not in str(error.value)
