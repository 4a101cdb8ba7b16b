"""Files of rules: what they may hold, when rules begin and end, and what they say of themselves."""
import json
from typing import Any, Dict, List

from athletes import SIZE, STANDING, Camera, exact, joints
from posesuite.activities.activities import Activities
from posesuite.activities.conditions import conditions_from
from posesuite.activities.files import open_activity, shipped
from posesuite.activities.quantities import QUANTITIES
from posesuite.activities.rules import Event, RuleSet
from posesuite.activities.watch import ActivityWatch
from posesuite.pose.pose import Pose
from posesuite.visits.areas import Area

import pytest

SHIPPED = ['crowding', 'fall', 'hand_raised', 'jumping_jacks', 'lying', 'plank', 'sitting',
           'squats', 'standing', 'yoga']
CAMERA = Camera(1.4, 4.5, 20)


def seen(camera: Camera = CAMERA, **changes: float) -> Pose:
    """Somebody who stands, some joints turned."""
    return exact(camera.project(joints(dict(STANDING, **changes))))


STANDS, RAISES = seen(), seen(arm_l=160, elbow_l=5)


def rule(**changes: Any) -> Dict[str, Any]:
    return {'rules': [dict({'label': 'hand', 'when': ['highest_hand > 0.1']}, **changes)]}


def played(rules: Dict[str, Any], poses: List[Any], rate: float = 10.0, **more: Any) -> List[Any]:
    """(labels of person 1, events) of each frame; None: nobody is there."""
    activities = Activities([RuleSet(rules)], **more)
    found = []
    for number, pose in enumerate(poses):
        people = {} if pose is None else {1: pose}
        labels, events = activities.update(people, number / rate, SIZE)
        found.append((labels.get(1), events))
    return found


def test_what_is_shipped():
    assert sorted(shipped()) == SHIPPED
    for name, path in shipped().items():
        rules = open_activity(name).rules
        with open(path) as file:
            assert json.load(file)['text'].endswith('.')
        assert rules, name
        for one in rules:
            assert len(one.needs) > 20 and len(one.misses) > 20 and 'no medical device' in one.notes


def test_every_quantity_has_a_unit_and_a_text():
    assert len(QUANTITIES) > 25
    assert all(one.unit and one.text.endswith('.') for one in QUANTITIES.values())


def test_a_rule_begins_after_its_time_and_ends_after_its_release():
    poses = [STANDS] * 10 + [RAISES] * 15 + [STANDS] * 15
    found = played(rule(**{'for': 0.5, 'release': 0.3}), poses)
    events = [event for _, events in found for event in events]
    assert len(events) == 1
    assert events[0][:2] == ('hand', 1) and 1.5 <= events[0].time <= 1.8
    labelled = [number for number, (labels, _) in enumerate(found) if labels == ['hand']]
    assert labelled == list(range(labelled[0], labelled[-1] + 1))
    assert labelled[0] / 10 == events[0].time and 2.7 <= labelled[-1] / 10 <= 3.1


def test_frames_without_the_person_interrupt_nothing():
    poses = [STANDS] * 5 + ([RAISES] * 4 + [None] * 3) * 4
    assert [event.event for _, events in played(rule(**{'for': 1.0}), poses)
            for event in events] == ['hand']


def test_a_short_raise_is_no_event():
    assert not any(events for _, events in played(
        rule(**{'for': 1.0}), [STANDS] * 10 + [RAISES] * 6 + [STANDS] * 20))


def test_what_is_not_seen_is_not_claimed():
    hidden = RAISES._replace(keypoints={part: keypoint._replace(score=.1)
                                        for part, keypoint in RAISES.keypoints.items()})
    assert not any(labels or events for labels, events in played(rule(), [hidden] * 20))


def test_hysteresis():
    angles = [10.0] * 10 + [30.0] * 10 + [20.0] * 10 + [10.0] * 10  # of the trunk
    poses = [seen(Camera(1.0, 4.5, 90), lean=angle) for angle in angles]
    for condition, frames in (('torso_tilt > 25', 10), ('torso_tilt > 25 until 15', 20)):
        found = played(rule(when=[condition], **{'for': 0, 'release': 0}), poses)
        assert abs(sum(labels == ['hand'] for labels, _ in found) - frames) <= 4


def test_within_remembers():
    poses = [STANDS] * 10 + [RAISES] * 5 + [STANDS] * 30
    found = played(rule(when=['highest_hand > 0.1 within 1'], **{'for': 0, 'release': 0}), poses)
    assert 14 <= sum(labels == ['hand'] for labels, _ in found) <= 18


def test_a_moment_is_not_long_enough():
    """Ten frames a second: raised for half a second, then for more than one."""
    poses = [STANDS] * 10 + [RAISES] * 5 + [STANDS] * 30 + [RAISES] * 16 + [STANDS] * 30
    for condition, first, last in (('highest_hand > 0.1 for 1', 54, 62),
                                   ('highest_hand > 0.1 for 1 within 1.5', 54, 77)):
        found = played(rule(when=[condition], **{'for': 0, 'release': 0}), poses)
        held = [index for index, (labels, _) in enumerate(found) if labels == ['hand']]
        assert held and held == list(range(held[0], held[-1] + 1))
        assert abs(held[0] - first) <= 3 and abs(held[-1] - last) <= 3


def test_any_and_areas():
    left = Area('left', [(0, 0), (500, 0), (500, 1000), (0, 1000)], '')
    poses = [seen(CAMERA._replace(aside=x)) for x in (-.8, .8) for _ in range(20)]
    for condition, wanted in (('inside left', [True, False]), ('outside left', [False, True]),
                              ({'any': [['inside left'], ['torso_tilt < 40']]}, [True, True])):
        found = played(rule(when=[condition], **{'for': 0, 'release': 0}), poses, areas=[left])
        assert [found[19][0] == ['hand'], found[39][0] == ['hand']] == wanted
    with pytest.raises(ValueError, match="the area 'attic', which is not given; given: left"):
        Activities([RuleSet(rule(when=['inside attic']))], [left])


def test_rules_of_one_label_are_alternatives():
    both = {'rules': rule(**{'for': .2})['rules'] + rule(**{'for': .6})['rules']}
    found = played(both, [STANDS] * 5 + [RAISES] * 20)
    assert [event.event for _, events in found for event in events] == ['hand']
    assert found[-1][0] == ['hand']


def test_events_may_have_another_name_or_none():
    assert [event for _, events in played(rule(event='up'), [RAISES] * 15)
            for event in events][0].event == 'up'
    assert not any(events for _, events in played(rule(event=False), [RAISES] * 15))


def test_crowding_is_of_the_whole_picture():
    activities = Activities([open_activity('crowding')])
    events: List[Event] = []
    for number in range(60):
        people = {id: seen(CAMERA._replace(aside=.5 * id - 1)) for id in range(
            4 if number >= 10 else 3)}
        labels, more = activities.update(people, number / 10, SIZE)
        events += more
    assert [(event.event, event.id, event.value) for event in events] == [('crowding', None, 4.0)]
    assert labels == {id: ['crowding'] for id in range(4)}


def test_labels_have_everybody_in_the_picture():
    labels, _ = Activities([RuleSet(rule())]).update({3: STANDS, 7: RAISES}, 0.0, SIZE)
    assert labels == {3: [], 7: []}


@pytest.mark.parametrize('value, words', [
    ({}, 'need "rules"'), ({'rules': []}, 'need "rules"'), ({'rules': [7]}, 'rule 1: a rule must'),
    (rule(label=''), 'need "label"'), (rule(label='a\n'), "'label' must be"),
    (rule(when='x'), '"when": need a list'), (rule(when=[]), '"when": need a list'),
    (rule(when=['height > 1']), "no quantity 'height': need one of"),
    (rule(when=['speed = 1']), 'is no condition'), (rule(when=['speed > 1e9']), 'is no condition'),
    (rule(when=['speed > 1 until 2']), '"until" must make it last longer'),
    (rule(when=[{'any': []}]), '"any" needs'), (rule(when=[[[['speed > 1']]]]), 'is no condition'),
    (rule(scope='world'), 'need "scope"'), (rule(**{'for': -1}), "'for' must be a number"),
    (rule(**{'for': float('nan')}), "'for' must be a number"), (rule(colour=1), "no 'colour'"),
    (rule(count={'from': ['speed > 1']}), '"to": need a list'),
    (rule(count={'from': ['speed > 1'], 'to': ['speed < 1'], 'seconds': [3, 1]}), "'longest'"),
    (rule(count={'from': ['speed > 1'], 'to': ['speed < 1'],
                 'depth': {'quantity': 'speed', 'none': 1, 'full': 1}}), 'must differ'),
])
def test_wrong_files_are_refused_in_one_line(value, words):
    with pytest.raises(ValueError) as error:
        RuleSet(value)
    assert words in str(error.value) and '\n' not in str(error.value)
    assert len(str(error.value)) < 800


def test_lists_of_lists_have_a_limit():
    deep: Any = ['speed > 1']
    for _ in range(50):
        deep = [{'any': [deep]}]
    with pytest.raises(ValueError, match='need a list'):
        conditions_from(deep)


def test_rules_ask_for_people_who_lie():
    assert [ActivityWatch([name]).lying for name in ('fall', 'lying', 'plank', 'squats')] == [
        True, True, True, False]
    with pytest.raises(ValueError, match='"lying" must be true or false'):
        RuleSet(dict(rule(), lying='yes'))
