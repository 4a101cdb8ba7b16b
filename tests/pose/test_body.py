"""posesuite/pose/body.py: lengths and postures of stick figures."""
from figures import standing
from posesuite.pose import body
from posesuite.pose.pose import Point
from posesuite.pose.skeleton import FACE, KEYPOINT_TYPES, KeypointType

import pytest


def points(**moved):
    return body.sure_points(standing(**moved), 0.3)


SITTING = {'LEFT_KNEE': (340, 260), 'RIGHT_KNEE': (300, 260)}
FACELESS = {part.name: None for part in FACE}
NO_ANKLES = {'LEFT_ANKLE': None, 'RIGHT_ANKLE': None}
NOTHING = {part.name: None for part in KEYPOINT_TYPES}


def test_points_are_sure_finite_and_those_asked_for():
    assert set(points()) == set(KEYPOINT_TYPES)
    assert KeypointType.LEFT_WRIST not in points(LEFT_WRIST=None)
    assert KeypointType.LEFT_WRIST not in points(LEFT_WRIST=(float('nan'), 400))
    assert KeypointType.LEFT_WRIST not in points(LEFT_WRIST=(300, float('inf')))
    assert KeypointType.LEFT_WRIST in body.sure_points(standing(LEFT_WRIST=None), 0.1)
    assert list(body.sure_points(standing(), 0.3, body.HIPS)) == list(body.HIPS)


def test_middle():
    assert body.middle([]) is None
    assert body.middle([Point(1, 2)]) == (1, 2)
    assert body.middle([Point(1, 2), Point(3, 6)]) == (2, 4)


def test_torso_and_shoulders():
    assert body.shoulders(points()) == (320, 150)
    assert body.hips(points()) == (320, 250)
    assert body.torso(points()) == 100
    assert body.torso(points(LEFT_HIP=None, RIGHT_SHOULDER=None)) == pytest.approx(101.98, abs=.01)
    assert body.torso(points(LEFT_HIP=None, RIGHT_HIP=None)) is None
    assert body.shoulder_width(points()) == 20
    assert body.shoulder_width(points(LEFT_SHOULDER=None)) is None


def test_feet_and_height():
    assert body.feet(points()) == (320, 400) and body.has_feet(points())
    assert body.feet(points(LEFT_ANKLE=None)) == (310, 400)
    lowest = points(**NO_ANKLES)
    assert body.feet(lowest).y == 325 and not body.has_feet(lowest)
    assert body.height(points()) == 300
    assert body.height(points(LEFT_WRIST=(300, 50))) == 300
    assert body.height(points(LEFT_WRIST=(300, 50), **FACELESS)) == 350
    assert body.has_head(points()) and not body.has_head(points(**FACELESS))


@pytest.mark.parametrize('left, right, nose, degrees', [
    (40, -40, 0, 90),  # how far each shoulder, and the nose, are to the right of the ears
    (-40, 40, 0, 270), (0, 0, 25, 0), (0, 0, -25, 180), (28, -28, 17.7, 45), (-28, 28, -17.7, 225),
    (40, -40, None, 90), (-40, 40, None, 270), (10, -10, None, None), (0, 0, None, None)])
def test_facing(left, right, nose, degrees):
    """The torso is 100 pixels long."""
    found = body.facing(points(LEFT_SHOULDER=(320 + left, 150), RIGHT_SHOULDER=(320 + right, 150),
                               NOSE=None if nose is None else (320 + nose, 100)))
    assert found == (None if degrees is None else pytest.approx(degrees, abs=2))
    assert body.facing(points(LEFT_SHOULDER=None)) is None
    assert body.facing(points(LEFT_HIP=None, RIGHT_HIP=None)) is None


@pytest.mark.parametrize('moved, raised', [
    ({}, False), ({'LEFT_WRIST': (300, 100)}, True), ({'RIGHT_WRIST': (300, 100)}, True),
    ({'LEFT_WRIST': (300, 100), 'LEFT_SHOULDER': None}, False),
    ({'LEFT_WRIST': (300, 150)}, False)])
def test_raised_hand(moved, raised):
    assert body.has_raised_hand(points(**moved)) == raised


@pytest.mark.parametrize('knees, sitting, upright', [
    (325, False, True), (260, True, False), (289, True, False), (291, False, False),
    (314, False, False), (316, False, True)])
def test_postures(knees, sitting, upright):
    """The torso is 100 pixels long, and the hips are at 250."""
    found = points(LEFT_KNEE=(330, knees), RIGHT_KNEE=(310, knees))
    assert body.knee_drop(found) == (knees - 250) / 100
    assert (body.is_sitting(found), body.is_upright(found)) == (sitting, upright)


def test_one_side_is_enough_for_a_posture():
    assert body.is_sitting(points(RIGHT_SHOULDER=None, **SITTING))
    assert body.knee_drop(points(RIGHT_KNEE=None, LEFT_HIP=None)) is None
    assert body.knee_drop(points(LEFT_HIP=(330, 100), RIGHT_HIP=(310, 100))) is None  # upside down


def test_nothing_known_is_no_answer():
    nothing = points(**NOTHING)
    for measure in (body.shoulders, body.hips, body.torso, body.shoulder_width, body.feet,
                    body.height, body.knee_drop):
        assert measure(nothing) is None
    for holds in (body.has_feet, body.has_head, body.has_raised_hand, body.is_sitting,
                  body.is_upright):
        assert holds(nothing) is False
