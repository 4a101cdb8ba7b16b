"""What demos ask of activities: files by name, labels and events of frames, logs and pictures."""
import json

import athletes
from figures import numbered, standing
from posesuite.activities.files import open_activity, shipped
from posesuite.activities.watch import ActivityWatch
from posesuite.camera.pose_logs import LoggedPoses
from posesuite.pose.event import Event
from posesuite.pose.log import PoseLog, read_log

import pytest

ONE = {'format': 'posesuite-activities', 'version': 1, 'kind': 'rules', 'rules': [
    {'label': 'here', 'when': ['head_height > -9'], 'for': 0.2}]}


def frames(count: int, **more):
    return [numbered(number, number / 10, athletes.SIZE, **more) for number in range(count)]


def test_shipped_files_by_name_and_others_by_path(tmp_path, monkeypatch):
    assert {'fall', 'sitting', 'standing', 'squats'} <= set(shipped())
    for name in shipped():
        open_activity(name)
    (tmp_path / 'my.json').write_text(json.dumps(ONE))
    (tmp_path / 'fall').write_text('no JSON')
    monkeypatch.chdir(tmp_path)
    assert open_activity('my.json').rules[0].label == 'here'
    open_activity('fall')
    with pytest.raises(ValueError, match='not JSON'):
        open_activity('./fall')
    with pytest.raises(FileNotFoundError, match='standing'):
        open_activity('stading')


def test_labels_and_events_of_frames(tmp_path):
    path = tmp_path / 'my.json'
    path.write_text(json.dumps(ONE))
    with ActivityWatch([str(path)]) as watch:
        answers = [watch.update(frame, {4: standing()}) for frame in frames(5)]
    assert [labels for labels, _ in answers] == [{4: []}] * 2 + [{4: ['here']}] * 3
    assert [events for _, events in answers if events] == [[Event('here', 4, .2)]]


def test_a_photograph_is_known_at_once_and_by_itself():
    watch = ActivityWatch(['standing', 'sitting', 'fall'])
    for frame in frames(3, name='a.jpg'):
        labels, events = watch.update(frame, {4: standing()})
        assert labels == {4: ['standing']}
        assert events == [Event('standing', 4, frame.time)]
    assert watch.still({}, athletes.SIZE) == ({}, [])


def test_without_files_events_of_a_log_are_kept(tmp_path):
    events = [Event('fall', 1, .1), Event('crowd', None, .1, 3.0), Event('squat', 1, .1, .5, 2)]
    first, second = str(tmp_path / 'a.jsonl'), str(tmp_path / 'b.jsonl')
    with PoseLog(first, 'test') as log:
        for frame in frames(3):
            log.write(frame, {1: standing()}, events if frame.number == 1 else ())
    watch = ActivityWatch()
    with PoseLog(second, 'test') as log:
        for frame in LoggedPoses(first).frames():
            labels, found = watch.update(frame, frame.people)
            assert labels == {}
            log.write(frame, frame.people, found)
    for path in (first, second):
        assert [list(frame.events) for frame in read_log(path)[1]] == [[], events, []]


def test_an_area_that_is_not_given_is_an_error(tmp_path):
    path = tmp_path / 'my.json'
    path.write_text(json.dumps({**ONE, 'rules': [{'label': 'in', 'when': ['inside kitchen']}]}))
    with pytest.raises(ValueError, match='kitchen'):
        ActivityWatch([str(path)])


def test_what_may_come_is_known_before():
    with ActivityWatch(['fall', 'standing']) as watch:
        assert watch.kinds == ['fall', 'standing']
    with ActivityWatch() as watch:
        assert watch.kinds == []
