"""Training and measuring: five poses, other people, other cameras, and what was never seen."""
import time

import posers
from posers import Person
from posesuite.activities.classifier import NONE
from posesuite.activities.recordings import read_recording, read_recordings
from posesuite.activities.report import advice, confusion_picture, table
from posesuite.activities.training import test as measure
from posesuite.activities.training import train

import numpy as np
import pytest

FIVE = ['t_pose', 'tree', 'warrior', 'squat', 'sitting']
NEVER_SEEN = ['standing', 'arms_up', 'hands_on_hips', 'lunge', 'star', 'kneeling', 'side_bend']
OTHERS = {'another person': Person(seed=2, yaw=-8), 'a low camera': Person(seed=3, camera=.6),
          'a high camera': Person(seed=4, camera=2.0, height=1.85),
          'turned': Person(seed=5, yaw=18), 'noisy': Person(seed=7, noise=.014, gaps=.08),
          'mirrored': Person(seed=8, mirrored=True)}


def recordings(folder, names, person, seconds=20.0, take='take'):
    posers.record_all(str(folder), names, person, seconds, take)
    return list(read_recordings(str(folder)))


@pytest.fixture(scope='module')
def five(tmp_path_factory):
    """What was trained on 20 seconds of each of FIVE: the classifier and its report."""
    found = recordings(tmp_path_factory.mktemp('five'), FIVE, Person(seed=1, yaw=5, camera=1.3))
    assert [each.label for each in found] == sorted(FIVE)
    return train(found)


@pytest.mark.parametrize('name', OTHERS)
def test_other_recordings_are_found_and_what_was_never_seen_is_none(five, tmp_path, name):
    report = measure(five[0], recordings(tmp_path, FIVE + NEVER_SEEN, OTHERS[name], 3))
    recalls = report.recalls
    assert np.mean([recalls[label] for label in FIVE]) >= 0.95, recalls
    assert np.mean([recalls[label] for label in NEVER_SEEN]) >= 0.9, recalls
    assert report.negative == set(NEVER_SEEN)


def test_the_report_of_single_recordings_says_that_it_is_too_good(five):
    classifier, report = five
    assert report.labels == sorted(FIVE)
    assert report.confusion.sum() == 1000
    assert report.accuracy > 0.97
    assert report.mirrored
    assert any('only one recording' in line for line in advice(report))
    assert any('other' in line for line in advice(report))
    assert classifier.about['recordings'] == dict.fromkeys(FIVE, 1)


def test_two_recordings_are_checked_by_each_other(tmp_path):
    """Frames of the recording that is checked are not learnt, or this would be found."""
    recordings(tmp_path, ['t_pose', 'squat'], Person(seed=1), 5)
    posers.record(str(tmp_path / 't_pose' / 'b.jsonl'), 'arms_up', Person(seed=2), 5)
    posers.record(str(tmp_path / 'squat' / 'b.jsonl'), 'squat', Person(seed=2), 5)
    _, report = train(list(read_recordings(str(tmp_path))))
    assert report.recalls['squat'] > 0.95
    assert report.recalls['t_pose'] < 0.05
    assert any(line.startswith('t_pose is taken for none in 100 %') for line in advice(report))


def test_labels_of_two_sides_learn_no_mirrored_copies(tmp_path):
    found = recordings(tmp_path, ['left_hand_up', 'right_hand_up'], Person(seed=1), 4)
    classifier, report = train(found)
    assert not report.mirrored
    test = recordings(tmp_path / 'test', ['left_hand_up', 'right_hand_up'], Person(seed=2), 2)
    assert measure(classifier, test).accuracy > 0.95


def test_what_is_recorded_as_other_is_none(tmp_path):
    recordings(tmp_path, ['hands_on_hips'], Person(seed=1), 5)
    (tmp_path / 'other').mkdir()
    posers.record(str(tmp_path / 'other' / 'a.jsonl'), 'standing', Person(seed=1), 5)
    classifier, report = train(list(read_recordings(str(tmp_path))))
    assert report.recalls['other'] > 0.95
    path = posers.record(str(tmp_path / 'new.jsonl'), 'standing', Person(seed=2), 2)
    answers = classifier.answers(read_recording(path, 'other').bodies)
    assert len(answers) == 20
    assert {answer.label for answer in answers} == {NONE}


def test_what_is_mixed_up_is_named(tmp_path):
    """The same pose under two names."""
    for label in ('sitting', 'resting'):
        (tmp_path / label).mkdir()
        for seed in (1, 2):
            posers.record(str(tmp_path / label / f'{seed}.jsonl'), 'sitting',
                          Person(seed=seed + 10 * len(label)), 4)
    _, report = train(list(read_recordings(str(tmp_path))))
    assert any('resting is taken for sitting' in line or 'sitting is taken for resting' in line
               for line in advice(report)), list(table(report))


def test_a_table_and_a_picture_show_the_confusion(five):
    _, report = five
    lines = list(table(report))
    assert len(lines) == 6
    assert lines[0].split() == ['shown', 'frames', *sorted(FIVE), 'none', 'recall', 'precision']
    assert '100 %' in lines[1]
    picture = confusion_picture(report)
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 3
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 5


def test_thousands_of_samples_take_seconds(five, tmp_path):
    names = ['t_pose', 'tree', 'star']
    found = [each for take in range(3) for each in
             recordings(tmp_path / str(take), names, Person(seed=take), 5)]
    many = [each._replace(bodies=type(each.bodies)(*(np.tile(part, (10, 1))
                                                     for part in each.bodies)),
                          times=np.arange(10 * len(each.times)) / 10) for each in found]
    assert sum(len(each.times) for each in many) == 4500
    began = time.process_time()
    _, report = train(many)
    assert report.accuracy > 0.9
    assert time.process_time() - began < 20


def test_nothing_to_train_on_is_an_error(tmp_path):
    with pytest.raises(ValueError, match='no recording shows enough of a person'):
        train([])
    found = recordings(tmp_path, ['tree'], Person(gaps=1.0), 1)
    assert len(found[0].times) == 0
    with pytest.raises(ValueError, match='no recording shows enough of a person'):
        train(found)
