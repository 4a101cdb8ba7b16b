"""People who lie, whom the network knows in the turned picture alone."""
import os
from typing import List

from helpers import ROOT, bundled_model
from pose_engine import PoseEngine
from posesuite.pose.body import hips, shoulders, sure_points
from posesuite.pose.finder import Found, PeopleFinder
from posesuite.pose.pose import Frame

import numpy as np
import pytest
from PIL import Image

RATE = 10


@pytest.fixture(scope='module')
def engine() -> PoseEngine:
    return PoseEngine(bundled_model(), device='cpu')


@pytest.fixture(scope='module')
def upright() -> np.ndarray:
    """A couple who stands: two people."""
    return np.array(Image.open(os.path.join(ROOT, 'samples', 'couple.jpg')).convert('RGB'))


def found(engine: PoseEngine, images: List[np.ndarray], lying: bool = True) -> List[Found]:
    finder = PeopleFinder(engine, 0.4, lying=lying)
    return [finder.find(Frame(image, i, i / RATE, 0.0)) for i, image in enumerate(images)]


@pytest.mark.parametrize('turn', [1, 3])
def test_who_lies_is_found_where_they_are(engine, upright, turn):
    lies = np.ascontiguousarray(np.rot90(upright, turn))
    assert not any(frame.people for frame in found(engine, [lies] * 3, lying=False))
    last = found(engine, [lies] * 14)[-1]
    assert len(last.people) == 2
    right = upright.shape[1] - 1
    places = sorted(tuple(pose.keypoints[0].point) for pose in last.people.values())
    for pose in engine.DetectPosesInImage(upright)[0]:
        x, y = pose.keypoints[0].point
        wanted = (y, right - x) if turn == 1 else (upright.shape[0] - 1 - y, x)
        assert min(np.hypot(*np.subtract(wanted, place)) for place in places) < 2


def test_a_mirrored_picture(upright):
    lies = np.ascontiguousarray(np.rot90(upright))
    plain, mirrored = (found(PoseEngine(bundled_model(), device='cpu', mirror=mirror),
                             [lies] * 14)[-1].poses for mirror in (False, True))
    assert len(plain) == len(mirrored) == 2
    for pose, other in zip(plain, mirrored):
        for part, (point, _) in pose.keypoints.items():
            assert other.keypoints[part].point.x == pytest.approx(lies.shape[1] - 1 - point.x)
            assert other.keypoints[part].point.y == pytest.approx(point.y)


def test_who_falls_is_found_at_once(engine, upright):
    """In a frame or two after they are missing, not only at the next look."""
    square = np.full((640, 640, 3), 128, np.uint8)
    square[80:560, :] = np.array(Image.fromarray(upright).resize((640, 480)))
    counts = [len(frame.people) for frame in
              found(engine, [square] * 5 + [np.ascontiguousarray(np.rot90(square))] * 5)]
    assert counts[:5] == [2] * 5 and counts[-3:] == [2] * 3


def test_who_stands_is_found_once_and_stays_upright(engine, upright):
    for frame in found(engine, [upright] * 12):
        assert len(frame.people) == len(frame.poses) == 2
        for pose in frame.people.values():
            points = sure_points(pose, .3)
            assert hips(points).y > shoulders(points).y + 20


def test_photographs_and_logs_are_left_alone(engine, upright):
    lies = np.ascontiguousarray(np.rot90(upright))
    finder = PeopleFinder(engine, 0.4, lying=True)
    assert not finder.find(Frame(upright, 0, 0.0, 0.0, people={})).people
    assert len(finder.find(Frame(upright, 0, 0.0, 0.0, name='a.jpg')).people) == 2
    assert not finder.find(Frame(lies, 0, 0.0, 0.0, name='b.jpg')).people


def test_the_engines_last_image_is_the_frames(engine, upright):
    """What is asked for after a look, such as a heatmap, belongs to the picture itself."""
    lies = np.ascontiguousarray(np.rot90(upright))
    found(engine, [lies] * 14)
    assert engine.GetHeatmap('nose').shape == lies.shape[:2]
