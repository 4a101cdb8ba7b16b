"""Parts of the picture that are grey for everybody, the network too; nobody is counted there."""
from typing import Any, Sequence

from posesuite.pose import body
from posesuite.pose.pose import Frame, People, Pose
from posesuite.privacy.evidence import GREY

import cv2
import numpy as np

MIN_SCORE = 0.3  # lowest score of a keypoint by which a person is located


class Blackout:
    """Covers parts of frames, such as screens, windows to the street and places of staff.

    polygons: x and y in thousandths of the picture, [N, 2] each; without any it does nothing.
    """

    def __init__(self, polygons: Sequence[Any] = ()) -> None:
        self._polygons = [np.array(polygon, float).reshape(-1, 2) for polygon in polygons]

    def cover(self, frame: Frame) -> Frame:
        """The frame with grey where nothing may be seen. Nothing else may use the frame itself."""
        if not self._polygons:
            return frame
        image = frame.image.copy()
        self._fill(image, (GREY,) * 3)
        return frame._replace(image=image)

    def outside(self, frame: Frame, people: People) -> People:
        """Those of the people in a frame who are not in the parts that are covered.

        Somebody is there whose feet, or most of whose sure keypoints, are there.
        """
        if not self._polygons or not people:
            return people
        covered = np.zeros(frame.image.shape[:2], np.uint8)
        self._fill(covered, 1)
        return {id: pose for id, pose in people.items() if not _is_in(covered, pose)}

    def _fill(self, image: np.ndarray, value: Any) -> None:
        """Fills the parts in place, and pixels that they cover in part."""
        height, width = image.shape[:2]
        for polygon in self._polygons:
            corners = polygon * (width / 1000, height / 1000) - 0.5  # 0 to 1000 is rim to rim
            cv2.fillPoly(image, [np.round(corners).astype(np.int32)], value)


def _is_in(covered: np.ndarray, pose: Pose) -> bool:
    """Whether somebody is in the covered part of a picture, uint8 [Y, X], 1 where it is."""
    points = body.sure_points(pose, MIN_SCORE) or body.sure_points(pose, 0)
    feet = body.feet(points)
    if feet is None:
        return False
    top = np.array(covered.shape)[::-1] - 1
    # Somebody may reach beyond the rim of the picture.
    x, y = np.clip(np.round([feet, *points.values()]), 0, top).astype(int).T
    inside = covered[y, x]
    return bool(inside[0] or inside[1:].mean() > 0.5)
