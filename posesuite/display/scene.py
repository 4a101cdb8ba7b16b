"""One frame with its people and texts, in the form that all outputs show."""
from typing import Callable, Dict, Optional, Sequence, Tuple

from posesuite.display import overlay
from posesuite.display.palette import Color, Palette
from posesuite.pose.pose import Frame, Keypoint, People, Point

import cv2
import numpy as np

Draw = Callable[[np.ndarray, People], None]  # draws people on uint8 [Y, X, RGB], in place

MARGIN = 0.02  # distance of texts from the edge, as a share of the width
FAULT_BASELINE = 0.09  # distance from the top, as a share of the width
FAULT_COLOR = overlay.YELLOW
FAULT_SIZE = 1.8  # letter size, relative to the line of text at the bottom


class Scene:
    """A frame with its people and texts.

    Attributes: frame, people (poses in the frame's pixels by id), text (a line for the bottom),
    rate (frames shown per second, 0 if not known yet), sound (what was heard since the frame
    before, as Display.show takes it), colors (of the people, RGB by id; default: new ones) and
    labels (what they do, by id).

    draw: draws the people instead of draw_people.
    """

    def __init__(self, frame: Frame, people: People, text: str, rate: float,
                 draw: Optional[Draw] = None, sound: Optional[bytes] = None,
                 colors: Optional[Dict[int, Color]] = None,
                 labels: Optional[Dict[int, Sequence[str]]] = None) -> None:
        self.frame, self.people, self.text, self.rate = frame, people, text, rate
        self.sound, self.labels = sound, labels or {}
        self.colors = Palette().update(people) if colors is None else colors
        self._draw = draw
        self._picture: Optional[np.ndarray] = None

    @property
    def fault(self) -> str:
        """The text of the frame's fault, or ''."""
        return self.frame.fault.text if self.frame.fault else ''

    @property
    def picture(self) -> np.ndarray:
        """The image with skeletons and texts, uint8 [Y, X, RGB]; it is not to be written into.

        It is painted on the first access: browsers do not need it.
        """
        if self._picture is None:
            picture = self.frame.image.copy()
            if self._draw:
                self._draw(picture, self.people)
            else:
                overlay.draw_people(picture, self.people, self.colors)
            overlay.write_labels(picture, self.people, self.labels)
            height, width = picture.shape[:2]
            margin = MARGIN * width
            overlay.shadow_text(picture, margin, height - margin, self.text)
            overlay.shadow_text(picture, margin, FAULT_BASELINE * width, self.fault, FAULT_COLOR,
                                FAULT_SIZE)
            self._picture = picture
        return self._picture


def mirrored(frame: Frame, people: People) -> Tuple[Frame, People]:
    """A frame and its people as a mirror shows them. Left and right stay the person's own."""
    last_column = frame.image.shape[1] - 1
    return frame._replace(image=cv2.flip(frame.image, 1)), {
        identity: pose._replace(keypoints={
            part: Keypoint(Point(last_column - point.x, point.y), score)
            for part, (point, score) in pose.keypoints.items()})
        for identity, pose in people.items()}
