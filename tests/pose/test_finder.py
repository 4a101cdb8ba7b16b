"""The people of a source's frames: followed in a film, apart in photographs."""
from posesuite.pose.finder import PeopleFinder
from posesuite.pose.pose import Frame, Keypoint, Point, Pose
from posesuite.pose.skeleton import KeypointType

import numpy as np
import pytest

IMAGE = np.zeros((480, 640, 3), np.uint8)


class Engine:
    """Finds the same two people in every image, and somebody who is no person."""

    def DetectPosesInImage(self, _: np.ndarray) -> tuple:
        return [Pose({part: Keypoint(Point(x + 9 * part, 100 + 9 * part), score)
                      for part in KeypointType}, score)
                for x, score in ((50, 0.9), (400, 0.8), (200, 0.1))], 0.01


def ids(names: list, smooth: bool = False) -> list:
    """The ids of each of a source's frames, which have these names."""
    finder = PeopleFinder(Engine(), 0.4, smooth=smooth)
    return [list(finder.find(Frame(IMAGE, number, number / 30, 0.0, name=name)).people)
            for number, name in enumerate(names)]


def test_people_in_a_film_keep_their_ids():
    assert ids(['', '', '']) == [[1, 2]] * 3


@pytest.mark.parametrize('smooth', [False, True])
def test_nobody_is_followed_from_one_photograph_to_the_next(smooth):
    assert ids(['a.jpg', 'b.jpg', 'a/b.jpg'], smooth) == [[1, 2], [3, 4], [5, 6]]
