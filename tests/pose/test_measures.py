"""Ratios and angles of bodies of known sizes, and how uncertain they are."""
import csv
import io

from figures import numbered
from posesuite.pose.log import PoseLog
from posesuite.pose.measures import MEASURES, measured
from posesuite.pose.measuring import measure_log
from posesuite.pose.pose import Keypoint, Keypoints, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np
import pytest

# A body in a T: arms 2 x 116 and 40 between the shoulders; 30 + 100 + 120 from nose to ankles.
PLACES = np.array([(0, 0), (5, -5), (-5, -5), (10, 0), (-10, 0), (20, 30), (-20, 30), (85, 30),
                   (-85, 30), (136, 30), (-136, 30), (15, 130), (-15, 130), (15, 190), (-15, 190),
                   (15, 250), (-15, 250)], float)


def body(places: np.ndarray = PLACES, score: float = 1.0, **scores: float) -> Pose:
    return Pose(Keypoints((part, Keypoint(Point(*place), scores.get(part.name.lower(), score)))
                          for part, place in zip(KEYPOINT_TYPES, 300 + places)), score)


def test_ratios_and_angles():
    found = {name: value for name, (value, _) in measured(body()).items()}
    assert set(found) == set(MEASURES)
    assert found['arm_span_to_height'] == pytest.approx(272 / 250)
    assert found['torso_to_leg'] == pytest.approx(100 / 120)
    assert found['shoulder_tilt'] == 0
    assert found['left_elbow'] == found['right_knee'] == pytest.approx(180)
    assert found['left_shoulder'] == pytest.approx(90, abs=4)


@pytest.mark.parametrize('size', [.2, 3.0])
def test_distance_changes_nothing(size):
    near, far = measured(body()), measured(body(size * PLACES))
    for name in MEASURES:
        assert far[name] == pytest.approx(near[name])


def test_the_left_shoulder_is_higher():
    for sign in (1, -1):  # also from behind
        places = PLACES * (sign, 1)
        places[5, 1] -= 20
        assert measured(body(places))['shoulder_tilt'].value == pytest.approx(26.57, abs=.01)


def test_a_lower_score_is_less_certain():
    sure, unsure = measured(body()), measured(body(left_wrist=.4))
    assert unsure['left_elbow'].deviation > 1.1 * sure['left_elbow'].deviation
    assert unsure['right_elbow'] == sure['right_elbow']
    assert 'left_elbow' not in measured(body(left_wrist=.2))
    assert measured(body(score=.1)) == {}


def test_the_deviation_is_what_noise_does():
    random, spread = np.random.RandomState(1), 100 / .7
    sigmas = np.array([.026] * 5 + [.079] * 2 + [.072] * 2 + [.062] * 2 + [.107] * 2 + [.087] * 2
                      + [.089] * 2)[:, None] * spread
    places = PLACES.copy()
    places[9], places[13] = (85, 81), (60, 160)  # bent at the left elbow and knee
    trials = [measured(body(places + random.normal(0, 1, places.shape) * sigmas))
              for _ in range(300)]
    told = measured(body(places))
    for name in ('torso_to_leg', 'arm_span_to_height', 'left_elbow', 'shoulder_tilt'):
        values = [trial[name].value for trial in trials if name in trial]
        assert told[name].deviation == pytest.approx(np.std(values), rel=.35), name


def test_a_log_as_csv_and_text(tmp_path):
    path, text = str(tmp_path / 'a.jsonl'), io.StringIO()
    with PoseLog(path, 'test') as log:
        for number in range(4):
            log.write(numbered(number, number / 10, (640, 640)), {7: body(left_ankle=.2)})
    people = measure_log(path, text)
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert len(rows) == 4
    assert len(rows[0]) == 3 + 2 * len(MEASURES)
    assert float(rows[0]['right_knee']) == pytest.approx(180)
    assert float(rows[0]['right_knee_deviation']) > 5
    assert rows[0]['left_knee'] == rows[0]['torso_to_leg_deviation'] == ''
    lines = people[7].lines(7)
    assert lines[0] == 'person 7: 4 poses in 0.3 s'
    assert any(line.startswith('  right knee') and '180 ±' in line for line in lines)
    assert 'gait: not known' in lines[-1]
