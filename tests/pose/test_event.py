"""Events in pose logs: written, read, converted, and refused where they are nonsense."""
import csv
import json

from figures import numbered, row
from logs import HEADER, line, written
from posesuite.pose.event import Event, event_as_json, event_from_json
from posesuite.pose.export import convert
from posesuite.pose.log import PoseLog, read_log

import pytest

FALL, CROWD = Event('fall', 3, 12.4), Event('crowd', None, 12.4, 4.0)


@pytest.fixture
def log(tmp_path) -> str:
    """A log of three frames, the second with events."""
    path = str(tmp_path / 'a.jsonl')
    with PoseLog(path, 'test') as log:
        for number in range(3):
            log.write(numbered(number, number / 10), {2: row(), 3: row(40)},
                      [FALL, CROWD] if number == 1 else ())
    return path


def test_as_json_and_back():
    assert event_as_json(FALL) == {'event': 'fall', 'id': 3, 'time': 12.4}
    for event in (FALL, CROWD, Event('squat', 1, 3.0, 0.8, 2)):
        assert event_from_json(json.loads(json.dumps(event_as_json(event)))) == event


def test_a_log_has_the_events_of_each_frame(log):
    assert [list(frame.events) for frame in read_log(log)[1]] == [[], [FALL, CROWD], []]
    with open(log) as file:
        lines = file.read().splitlines()
    assert '{"event":"fall","id":3,"time":12.4}' in lines[2]
    assert ['events' in text for text in lines] == [False, False, True, False]


@pytest.mark.parametrize('events', [
    'x', [1], [{}], [{'event': 'a', 'id': -1, 'time': 1}], [{'event': 'a'}],
    [{'event': 'a\n', 'time': 1}], [{'event': 'a', 'time': 1, 'value': 'x'}],
    [{'event': 'a', 'time': True}], [{'event': 'a', 'time': 1, 'count': 1.5}]])
def test_nonsense_is_refused_with_its_line(tmp_path, events):
    path = written(tmp_path, HEADER + line(events=events))
    with pytest.raises(ValueError, match=':2: '):
        list(read_log(path)[1])


def test_csv_has_a_column_of_them_if_there_are_any(log, tmp_path):
    output = str(tmp_path / 'a.csv')
    assert convert(log, output) == 3
    with open(output, newline='') as file:
        rows = list(csv.DictReader(file))
    assert [found['events'] for found in rows] == ['', '', '', 'fall', '', '']
    assert {len(found) for found in rows} == {4 + 17 * 3 + 1}


def test_coco_has_those_of_an_image(log, tmp_path):
    output = str(tmp_path / 'a.json')
    convert(log, output)
    with open(output) as file:
        images = json.load(file)['images']
    assert [image.get('events') for image in images] == [
        None, [event_as_json(FALL), event_as_json(CROWD)], None]
