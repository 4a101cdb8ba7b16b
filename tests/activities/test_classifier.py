"""Trained files: written, read, refused; and what a classifier says of people over time."""
import json
import os
import subprocess

import posers
from helpers import need
from posers import Person
from posesuite.activities.activities import Activities
from posesuite.activities.classifier import NONE, Classifier
from posesuite.activities.features import NAMES, features, places_of
from posesuite.activities.neighbours import Bodies, distances
from posesuite.activities.recordings import read_recordings
from posesuite.activities.training import train
from posesuite.pose.json_poses import pose_as_json

import numpy as np
import pytest


@pytest.fixture(scope='module')
def file(tmp_path_factory) -> str:
    """A trained file of two labels."""
    folder = tmp_path_factory.mktemp('trained')
    posers.record_all(str(folder / 'poses'), ['t_pose', 'squat'], Person(seed=1), 5)
    classifier, _ = train(list(read_recordings(str(folder / 'poses'))))
    classifier.write(str(folder / 'my.json'))
    return str(folder / 'my.json')


def bodies(name, person, seconds=1.0):
    return Bodies(*features(places_of(list(posers.frames(name, person, seconds)))))


def test_a_file_answers_as_what_was_written(file, tmp_path):
    classifier = Classifier.read(file)
    classifier.write(str(tmp_path / 'again.json'))
    again = Classifier.read(str(tmp_path / 'again.json'))
    for name in ('t_pose', 'squat', 'star'):
        first, second = (each.answers(bodies(name, Person(seed=2))) for each in (classifier, again))
        assert len(first) == 10
        assert first == second
    assert os.stat(file).st_mode & 0o777 == 0o600
    with open(file) as opened:
        content = json.load(opened)
    assert (content['format'], content['version'], content['kind']) == (
        'posesuite-activities', 1, 'classifier')
    assert [label['name'] for label in content['labels']] == ['squat', 't_pose']
    assert len(content['features']['numbers']) == len(content['samples'][0]['values'])


def test_who_lies_is_looked_for_if_a_label_lies(file, tmp_path):
    assert not Classifier.read(file).lying
    posers.record_all(str(tmp_path), ['standing', 'lying'], Person(seed=1, yaw=80), 3)
    assert train(list(read_recordings(str(tmp_path))))[0].lying


def test_confidence_falls_with_the_distance(file):
    classifier = Classifier.read(file)
    near = classifier.answers(bodies('t_pose', Person(seed=1)))
    far = classifier.answers(bodies('t_pose', Person(seed=5, yaw=25, noise=.02)))
    assert np.mean([each.confidence for each in near]) > 0.75
    assert np.mean([each.confidence for each in near]) > np.mean([each.confidence for each in far])
    assert all(0 <= each.confidence <= 1 for each in near + far)


def test_nobody_and_too_little_of_somebody_is_none(file):
    classifier = Classifier.read(file)
    assert classifier.answers(bodies('t_pose', Person(), 0)) == []
    answers = classifier.answers(bodies('t_pose', Person(gaps=0.95)))
    assert [answer.label for answer in answers] == [NONE] * 10


def changed(content, *path_and_value):
    *path, key, value = path_and_value
    inner = content
    for step in path:
        inner = inner[step]
    if value is None:
        del inner[key]
    else:
        inner[key] = value
    return json.dumps(content)


@pytest.mark.parametrize('change, words', [
    (('format', 'other'), "'format' must be"),
    (('version', 2), "'version' must be 1"),
    (('kind', 'rules'), "of kind 'classifier'"),
    (('kind', 'x'), "'kind' must be one of"),
    (('features', 'name', 'x'), 'other features'),
    (('labels', []), '1 to 200'),
    (('labels', 0, 'name', 't_pose'), 'different names'),
    (('labels', 0, 'name', 'a\nb'), 'printable'),
    (('labels', 0, 'name', 'x' * 61), '1 to 200'),
    (('labels', 0, 'limit', -1), "'limit' must be a number"),
    (('labels', 0, 'limit', True), "'limit' must be a number"),
    (('samples', []), "'samples' must be"),
    (('samples', [{'label': 0, 'values': []}] * 1921), "'samples' must be"),
    (('samples', 0, 'label', 2), "'label' must be a number"),
    (('samples', 0, 'values', [1]), "'values' must be"),
    (('samples', 0, 'values', 3, '1'), "'value' must be a number"),
    (('samples', 0, 'values', 3, 1e99), "'value' must be a number"),
    (('hold', None), "'hold' must be a number"),
    (('layers', [{'weights': [], 'bias': [1]}]), "'weights' of a layer"),
    (('layers', 3), "'bias' must be a list"),
])
def test_a_wrong_file_is_refused_in_one_line(file, tmp_path, change, words):
    with open(file) as opened:
        content = json.load(opened)
    path = tmp_path / 'wrong.json'
    path.write_text(changed(content, *change))
    with pytest.raises(ValueError) as error:
        Classifier.read(str(path))
    assert words in str(error.value)
    assert str(error.value).startswith(str(path))
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('data', [b'', b'\x80\x04}q\x00.', b'[' * 100000, b'{"a": NaN}', b'[]',
                                  b'{"format": "posesuite-activities", "version": ' + b'9' * 5000])
def test_what_is_no_such_file_is_refused(tmp_path, data):
    path = tmp_path / 'x.json'
    path.write_bytes(data)
    with pytest.raises(ValueError, match='no file of activities'):
        Classifier.read(str(path))


def random_bodies():
    """Two hundred bodies, each with some of its numbers."""
    rng = np.random.default_rng(0)
    known = rng.random((200, len(NAMES))) < .8
    return Bodies(np.where(known, rng.normal(size=known.shape), 0).astype(np.float32), known)


def test_a_body_is_no_distance_from_itself():
    """Whatever the rounding."""
    found = np.diag(distances(random_bodies(), random_bodies()))
    np.testing.assert_allclose(found, 0, atol=2e-3)


def test_nor_is_it_on_a_page(file, tmp_path):
    Classifier.read(file).write_script(str(tmp_path / 'my.js'))
    rows = [[[float(value) for value in values], known.tolist(),
             [float(value) if is_known else None for value, is_known in zip(values, known)]]
            for values, known in zip(*random_bodies())]
    (tmp_path / 'run.js').write_text((tmp_path / 'my.js').read_text() + (
        f'console.log(JSON.stringify({json.dumps(rows)}.map(row => distance(...row, [1, 1]))))'))
    done = subprocess.run([need('node'), str(tmp_path / 'run.js')], stdout=subprocess.PIPE,
                          check=True)
    assert max(json.loads(done.stdout)) < 1e-6 and None not in json.loads(done.stdout)


def test_a_device_or_nothing_is_no_file(tmp_path):
    with pytest.raises(ValueError, match='is no file'):
        Classifier.read('/dev/zero')
    with pytest.raises(OSError, match='cannot read'):
        Classifier.read(str(tmp_path / 'none.json'))


def test_a_label_that_is_held_is_an_event_once(file):
    classifier = Classifier.read(file)
    activities = Activities([classifier])
    poses = [*posers.frames('squat', Person(seed=2), 3), *posers.frames('star', Person(seed=2), 2),
             *posers.frames('t_pose', Person(seed=2), 2)]
    seen, events = [], []
    for number, pose in enumerate(poses):
        labels, more = activities.update({7: pose}, number / posers.RATE, posers.SIZE)
        seen.append(labels[7])
        events += more
    assert [(event.event, event.id) for event in events] == [('squat', 7), ('t_pose', 7)]
    assert 0.4 <= events[0].time <= 1.0
    assert 5.4 <= events[1].time <= 6.2
    assert all(0.5 < event.value <= 1 for event in events)
    assert seen[25] == ['squat']
    assert seen[45] == []
    assert classifier.latest[7].label == 't_pose'


def test_people_are_told_apart(file):
    activities = Activities([Classifier.read(file)])
    pairs = zip(posers.frames('squat', Person(seed=2), 2), posers.frames('t_pose', Person(3), 2))
    for number, (one, two) in enumerate(pairs):
        far = two._replace(keypoints={part: keypoint._replace(
            point=keypoint.point._replace(x=keypoint.point.x + 400))
            for part, keypoint in two.keypoints.items()})
        labels, _ = activities.update({1: one, 2: far}, number / posers.RATE, (1200, 480))
    assert labels == {1: ['squat'], 2: ['t_pose']}


def test_a_page_answers_alike(file, tmp_path):
    """The script of export, run by node."""
    classifier = Classifier.read(file)
    classifier.write_script(str(tmp_path / 'my.js'))
    poses = [pose for name in ('t_pose', 'squat', 'star', 'sitting')
             for pose in posers.frames(name, Person(seed=2, gaps=.2), .5)]
    keypoints = json.dumps([pose_as_json(pose)['keypoints'] for pose in poses])
    (tmp_path / 'run.js').write_text(
        (tmp_path / 'my.js').read_text()
        + f'console.log(JSON.stringify({keypoints}.map(classify)))')
    done = subprocess.run([need('node'), str(tmp_path / 'run.js')], stdout=subprocess.PIPE,
                          check=True)
    found = json.loads(done.stdout)
    answers = classifier.answers(Bodies(*features(places_of(poses))))
    assert len(found) == len(answers) == 20
    assert [each['label'] for each in found] == [each.label for each in answers]
    assert {'t_pose', 'squat', NONE} == {each.label for each in answers}
    np.testing.assert_allclose([each['confidence'] for each in found],
                               [each.confidence for each in answers], atol=0.02)
