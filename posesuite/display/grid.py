"""Several cameras' newest frames beside each other, as one picture with everybody in it."""
import math
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from posesuite.display import overlay
from posesuite.display.video_file import fitted
from posesuite.pose.pose import Box, Frame, Keypoint, People, Point, Pose

import numpy as np

WIDTH = 1280  # pixels of the whole picture
NAME_SIZE = 1.0  # letter size of a camera's name
FAULT_SIZE = 1.5
APART = 1000  # added to the ids of people of each further camera that are taken already

Labels = Dict[int, Sequence[str]]


class Grid:
    """Puts the frames of cameras into one picture.

    names: the cameras', which are written into their tiles.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self._columns = math.ceil(math.sqrt(len(self._names)))
        self._picture: Optional[np.ndarray] = None
        self._people: List[People] = [{} for _ in self._names]
        self._labels: List[Labels] = [{} for _ in self._names]
        self._owners: Dict[int, int] = {}  # the camera that first had an id
        self._number, self._time = 0, 0.0  # of the picture

    def put(self, frame: Frame, people: People, labels: Labels) -> Tuple[Frame, People, Labels]:
        """Puts a camera's frame in its place; returns the whole picture, all people and labels."""
        place = frame.camera
        rows = math.ceil(len(self._names) / self._columns)
        if self._picture is None:  # all tiles have the shape of the first frame
            height, width = frame.image.shape[:2]
            tile = WIDTH // self._columns, max(1, round(WIDTH / self._columns * height / width))
            self._tile = tile
            self._picture = np.zeros((tile[1] * rows, tile[0] * self._columns, 3), np.uint8)
        left = place % self._columns * self._tile[0]
        top = place // self._columns * self._tile[1]
        image = fitted(frame.image, self._tile)
        image = image.copy() if image is frame.image else image
        overlay.shadow_text(image, 0.02 * self._tile[0], 0.06 * self._tile[0], self._names[place],
                            size=NAME_SIZE)
        if frame.fault:
            overlay.shadow_text(image, 0.02 * self._tile[0], 0.14 * self._tile[0],
                                frame.fault.text, overlay.YELLOW, FAULT_SIZE)
        picture = self._picture.copy()  # whoever has the one before may still use it
        picture[top:top + self._tile[1], left:left + self._tile[0]] = image
        self._picture = picture
        ids = {id: self._unique(id, place) for id in people}
        self._people[place] = _moved(people, ids, frame.image.shape, self._tile, (left, top))
        self._labels[place] = {ids[id]: texts for id, texts in labels.items() if id in ids}
        self._number, self._time = self._number + 1, max(self._time, frame.time)
        return (frame._replace(image=picture, number=self._number - 1, time=self._time, fault=None),
                {id: pose for each in self._people for id, pose in each.items()},
                {id: texts for each in self._labels for id, texts in each.items()})

    def _unique(self, id: int, place: int) -> int:
        """An id that nobody before another camera has."""
        return id if self._owners.setdefault(id, place) == place else id + APART * place


def _moved(people: People, ids: Dict[int, int], shape: Tuple[int, ...], tile: Tuple[int, int],
           corner: Tuple[int, int]) -> People:
    """People of a frame in the pixels of a picture into which it was fitted, by new ids.

    shape: of the frame; tile: width and height of its place; corner: its left and top.
    """
    height, width = shape[:2]
    scale = min(tile[0] / width, tile[1] / height)
    left = corner[0] + (tile[0] - round(width * scale)) // 2
    top = corner[1] + (tile[1] - round(height * scale)) // 2

    def moved(x: float, y: float) -> Tuple[float, float]:
        return (x + 0.5) * scale - 0.5 + left, (y + 0.5) * scale - 0.5 + top

    return {ids[id]: Pose(type(pose.keypoints)(
        (part, Keypoint(Point(*moved(*point)), score))
        for part, (point, score) in pose.keypoints.items()), pose.score,
        pose.box and Box(*moved(*pose.box[:2]), *moved(*pose.box[2:])))
        for id, pose in people.items()}
