"""The room with nobody in it: made of many frames, and proven empty before anybody sees it.

    background = Background(engine, delay=2)
    for frame in camera:
        poses, _ = engine.DetectPosesInImage(frame.image)
        background.update(frame, poses)
        background.image  # the room, or None as long as it is not known to be empty

For `delay` seconds the network must see nobody in any frame, at a threshold far below the one for
showing people. The median of samples from these seconds is what stays; what moved in them becomes
grey. Then the network looks at that picture again, larger and larger and as in a mirror, while it
still watches the frames. Whatever speaks against it, it all begins anew.
"""
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from posesuite.pose.pose import Frame, Pose

import cv2
import numpy as np

# Scores of poses that may be somebody. Real and rendered people who are seated, turned away, far or
# half hidden score from 0.2 up in their best view. So do things in many an empty room: of 8
# photographs without people 3 pass with Google's model; what keeps the others (a bottle, a vase, a
# cat) scores up to 0.7. To ask that several views agree would let people in before these pass.
EVIDENCE, EVIDENCE_ENLARGED = 0.15, 0.2
SAMPLES = 16  # frames that are composed
LONGEST_GAP = 10.0  # seconds without a frame; composing takes a slow machine some of them
ENLARGED = 2, 3  # how much larger the network looks at parts, which overlap by half ...
RIMS = 0, 0.5, 1  # ... and how wide a rim it sees the whole with, for people who are too close
VIEWS_A_FRAME = 4  # how often it looks at the composed picture for each frame of the camera
GREY = 128  # what is not known

NOISE = 10.0  # levels of 255 that a still pixel may vary by ...
NOISIER = 3.0  # ... or this many times what half of them do, if that is more ...
NOISIEST = 30.0  # ... but no more
SPAN, MARGIN = 8, 40  # parts of the width: what is as near is one thing, and as much is around it
MOST_MOVED = 0.25  # of the picture; more is no room to show anybody in

COLUMNS, SQUARE = 16, 20  # the view is compared in so many squares a row, of so many pixels
PLAIN = 4.0  # contrast below which a square tells nothing
STAY, ALIKE = 25, 0.85  # % of the squares that must correlate by this much with what they were
MOVED_FOR = 1.0  # seconds


class Background:
    """The picture of an empty room, or none.

    engine: what finds poses that score EVIDENCE and less; it looks at the picture itself.
    delay: seconds without anybody, from 0.

    Attributes: image (uint8 [Y, X, RGB], or None as long as the room is not proven empty),
    doubt (why it is not, in a few words, or '').
    """

    def __init__(self, engine: Any, delay: float) -> None:
        self._engine, self._delay = engine, delay
        self.drop('')

    def drop(self, doubt: str) -> None:
        """Forgets the room, and begins anew."""
        self.image: Optional[np.ndarray] = None
        self._differs: Optional[float] = None  # since when the view does
        self._restart(doubt)

    def _restart(self, doubt: str) -> None:
        self.doubt = doubt
        self._samples: List[np.ndarray] = []
        self._views: Optional[Iterator[_View]] = None  # of what is composed, still to be looked at
        self._time: Optional[float] = None

    def update(self, frame: Frame, poses: List[Pose]) -> None:
        """Takes a frame and all poses in it that score EVIDENCE or more."""
        if self.image is not None:
            self._check_view(frame)
        elif frame.fault:
            self._restart(frame.fault.text)
        elif any(pose.score >= EVIDENCE for pose in poses):
            self._restart('')  # all see who it is
        elif self._time is not None and not 0 <= frame.time - self._time <= LONGEST_GAP or (
                self._samples and frame.image.shape != self._samples[0].shape):
            self._restart('')
        else:
            self._time = frame.time
            if self._views is None:
                self._sample(frame)
            else:
                self._look()

    def look(self, frame: Frame) -> None:
        """Takes a frame and finds the poses in it itself."""
        self.update(frame, self._engine.DetectPosesInImage(frame.image)[0])

    def _sample(self, frame: Frame) -> None:
        if not self._samples:
            self._began = frame.time
        if frame.time - self._began >= self._delay * len(self._samples) / (SAMPLES - 1) - 1e-6:
            self._samples.append(frame.image)
        if len(self._samples) < SAMPLES:
            return
        self._composed, self._moved = compose(self._samples)
        if self._moved.mean() > MOST_MOVED:
            self._restart('too much moves')
            return
        # Without the grey, which may hide what tells a person.
        self._views = views(self._composed.copy())
        self._composed[self._moved] = GREY

    def _look(self) -> None:
        for _ in range(VIEWS_A_FRAME):
            view = next(self._views, None)
            if view is None:
                self.image, self._structure = self._composed, Structure(self._composed, self._moved)
                self._restart('')
                return
            poses, _ = self._engine.DetectPosesInImage(view.image)
            if any(pose.score >= view.evidence for pose in poses):
                self._restart(f'is that somebody{view.place}?')
                return

    def _check_view(self, frame: Frame) -> None:
        if frame.image.shape != self.image.shape:
            self.drop('the picture has another size')
        elif not frame.fault:
            if self._structure.is_in(frame.image):
                self._differs = None
            elif self._differs is None:
                self._differs = frame.time
            elif not 0 <= frame.time - self._differs < MOVED_FOR:
                self.drop('the camera was moved')


def compose(samples: List[np.ndarray]) -> Tuple[np.ndarray, np.ndarray]:
    """What stays in frames of one size: their median, and where they differ.

    Returns uint8 [Y, X, RGB] and bool [Y, X]. What differs includes what it surrounds: the inside
    of somebody in plain clothes who sways a little never changes.
    """
    stack = np.stack(samples)
    still = np.partition(stack, len(samples) // 2, axis=0)[len(samples) // 2]
    height, width = still.shape[:2]
    soft = np.float32([cv2.blur(cv2.resize(image, (width // 2, height // 2),
                                           interpolation=cv2.INTER_AREA), (3, 3))
                       for image in samples])
    # A lamp that flickers and a camera that adapts change all of a picture by one factor.
    sparse = soft[:, ::4, ::4] + 1
    soft *= np.median(sparse[:1] / sparse, axis=(1, 2))[:, None, None]
    spread = (soft.max(0) - soft.min(0)).max(2)
    noise = min(max(NOISE, NOISIER * float(np.median(spread))), NOISIEST)
    moved = cv2.resize(np.uint8(spread > noise), (width, height), interpolation=cv2.INTER_NEAREST)
    for how, part in ((cv2.MORPH_CLOSE, SPAN), (cv2.MORPH_DILATE, MARGIN / 2)):
        size = round(width / part) | 1
        # With a rim, for what is closed at the picture's own.
        rimmed = cv2.copyMakeBorder(moved, size, size, size, size, cv2.BORDER_CONSTANT)
        rimmed = cv2.morphologyEx(rimmed, how, np.ones((size, size), np.uint8))
        moved = np.ascontiguousarray(rimmed[size:-size, size:-size])
    contours = cv2.findContours(moved, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]
    for contour in contours:
        cv2.fillConvexPoly(moved, cv2.convexHull(contour), 1)
    return still, moved > 0


class _View(NamedTuple):
    image: np.ndarray  # uint8 [Y, X, RGB]
    evidence: float  # the score that a pose needs to be somebody
    place: str  # where it is in the picture


def views(image: np.ndarray) -> Iterator[_View]:
    """A picture as a whole, smaller, and in parts for the network to enlarge; each as in a mirror,
    too."""
    height, width = image.shape[:2]
    parts = [(cv2.copyMakeBorder(image, *[round(height * rim)] * 2, *[round(width * rim)] * 2,
                                 cv2.BORDER_CONSTANT, value=(GREY,) * 3), EVIDENCE, '')
             for rim in RIMS]
    for times in ENLARGED:
        for row in range(2 * times - 1):
            for column in range(2 * times - 1):
                y, x = row * height // (2 * times), column * width // (2 * times)
                part = image[y:y + -(-height // times), x:x + -(-width // times)]
                parts.append((part, EVIDENCE_ENLARGED, f' around {x + part.shape[1] // 2}, '
                                                       f'{y + part.shape[0] // 2}'))
    for part, evidence, place in parts:
        for turned in (part, part[:, ::-1]):
            yield _View(np.ascontiguousarray(turned), evidence, place)


class Structure:
    """How the squares of a room look, by which a camera that was moved is told from people and
    lights: these leave some squares as they are but for their brightness and contrast."""

    def __init__(self, image: np.ndarray, unknown: np.ndarray) -> None:
        """image: uint8 [Y, X, RGB]; unknown: bool [Y, X], where it shows no room."""
        self._squares, contrast = self._see(image)
        hidden = self._see(np.repeat(np.uint8(unknown)[:, :, None] * 255, 3, axis=2))[1] > 0
        self._used = (contrast >= max(PLAIN, np.median(contrast))) & ~hidden

    def is_in(self, image: np.ndarray) -> bool:
        """Whether a picture of the same size shows this room; True for one without structure."""
        alike = (self._see(image)[0] * self._squares).sum(1)[self._used]  # correlations
        return not alike.size or np.percentile(alike, 100 - STAY) >= ALIKE

    @staticmethod
    def _see(image: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """The squares from left to right, of mean 0 and length 1, [N, SQUARE ** 2]; and their
        contrast, [N], the standard deviation in levels of 255."""
        rows = max(1, round(COLUMNS * image.shape[0] / image.shape[1]))
        small = cv2.resize(image, (COLUMNS * SQUARE, rows * SQUARE), interpolation=cv2.INTER_AREA)
        grey = np.float32(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
        squares = grey.reshape(rows, SQUARE, COLUMNS, SQUARE).swapaxes(1, 2)
        squares = squares.reshape(-1, SQUARE ** 2)
        squares = squares - squares.mean(1, keepdims=True)
        length = np.linalg.norm(squares, axis=1)
        return squares / np.maximum(length, 1)[:, None], length / SQUARE
