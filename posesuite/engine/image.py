"""Images into a network's input, with their aspect ratio kept, and coordinates back.

Pixel centres lie at whole numbers, in an image as in a network's input.
"""
import math
from functools import partial
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.pose.pose import Box, Keypoint, Keypoints, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES

import cv2
import numpy as np

MASK_THRESHOLD = 0.5  # score from which a pixel shows a person
PADDING = 128  # the grey that the network calls 0, as it pads its own layers
# White of a grey image: of fractions, and of whole numbers of 8, 10, 12, 16 and up to 32 bits.
WHITES = {'F': (1, 255, 65535), 'I': (255, 1023, 4095, 65535, 2 ** 24 - 1, 2 ** 32 - 1)}
# From a canvas, 0..255, to a network's input of another type than uint8.
INPUT_SCALES: Dict[type, Callable[[np.ndarray], np.ndarray]] = {
    np.uint8: lambda canvas: canvas,  # of another order of axes
    np.int8: lambda canvas: (canvas ^ 128).view(np.int8),  # -128..127
    np.int32: lambda canvas: canvas,
    np.float32: lambda canvas: canvas * np.float32(1 / 127.5) - 1}  # -1..1
# A NamedTuple's own constructor takes three times as long, and a pose needs 34 of them.
_point = partial(tuple.__new__, Point)
_keypoint = partial(tuple.__new__, Keypoint)


class Placement(NamedTuple):
    """Where an image lies in a network's input: at the top left, unless a family crops it."""
    scale_x: float  # pixels of the input per pixel of the image
    scale_y: float
    left: float = 0.0  # the input's left edge, in pixels of the image
    top: float = 0.0


class Decoded(NamedTuple):
    """What a family makes of a network's outputs, people by falling score."""
    keypoints: np.ndarray  # [n, 17, 2] as (y, x), pixels of the network's input
    keypoint_scores: np.ndarray  # [n, 17], 0 to 1
    pose_scores: np.ndarray  # [n], 0 to 1
    boxes: Optional[np.ndarray] = None  # [n, 4]: top, left, bottom, right, as keypoints


def as_array(img: Any) -> np.ndarray:
    """An image as uint8 [Y, X, RGB], or [Y, X, RGBX] if it came from PIL.

    img: a PIL image of any mode, or a uint8 array [Y, X, RGB].
    Raises TypeError or ValueError for anything else.
    """
    if hasattr(img, 'convert'):
        if 0 in img.size:
            raise ValueError(f'need an image with pixels, got {img.width}x{img.height}')
        return _pil_as_array(img)
    if not isinstance(img, np.ndarray):
        raise TypeError(f'need a PIL image or a uint8 array [Y, X, RGB], got {type(img).__name__}')
    if img.dtype != np.uint8 or img.ndim != 3 or img.shape[2] != 3 or 0 in img.shape:
        raise ValueError(f'need a uint8 array [Y, X, RGB], got {img.dtype} {list(img.shape)}')
    return img


def _pil_as_array(img: Any) -> np.ndarray:
    if img.mode[0] in 'IF':
        return np.stack([eight_bits(img)] * 3, axis=2)
    if img.mode == 'La':  # the one mode that Pillow does not convert to RGB directly
        img = img.convert('LA')
    # Pillow keeps RGB as four bytes a pixel: copied and shrunk like this it takes half the time.
    pixels = (img if img.mode == 'RGB' else img.convert('RGB')).tobytes('raw', 'RGBX')
    return np.frombuffer(pixels, np.uint8).reshape(img.height, img.width, 4)


def eight_bits(img: Any) -> np.ndarray:
    """A grey PIL image of 16 or 32 bits a pixel as uint8 [Y, X]; Pillow would cut it off at 255.

    White is the first of WHITES that is not below the brightest pixel: 65535 of 16 bits, except
    where a sensor uses so few of them that the image would be black.
    """
    grey = np.nan_to_num(np.asarray(img, np.float64), posinf=0.0)
    whites = WHITES['F' if img.mode == 'F' else 'I']
    white = next((white for white in whites if grey.max() <= white), whites[-1])
    return (grey / (white / 255)).clip(0, 255).astype(np.uint8)


def fit(image: np.ndarray, canvas: np.ndarray, padding: int = PADDING,
        average_below: float = 0.5) -> Placement:
    """Draws an image into the top left of a canvas, its aspect ratio kept, and grey beside it.

    image: uint8 [Y, X, RGB or RGBX]. canvas: uint8 [Y, X, RGB], overwritten. padding: 0 to 255.
    average_below: the scale from which on shrinking takes an average.
    """
    (height, width), (image_height, image_width) = canvas.shape[:2], image.shape[:2]
    scale = min(width / image_width, height / image_height)
    used = max(1, round(image_width * scale)), max(1, round(image_height * scale))
    target = canvas[:used[1], :used[0]]
    # Camera frames are shrunk a little, for which averaging costs twice the time and Google's
    # networks find no more people. Shrinking a lot needs an average, enlarging interpolation.
    _draw(image, target, cv2.INTER_AREA if scale < average_below else
          cv2.INTER_NEAREST_EXACT if scale < 1 else cv2.INTER_LINEAR)
    canvas[used[1]:] = canvas[:used[1], used[0]:] = padding
    return Placement(used[0] / image_width, used[1] / image_height)


def fit_region(image: np.ndarray, canvas: np.ndarray, region: Box,
               padding: int = 0) -> Placement:
    """Draws a region of an image onto a whole canvas, and grey where it reaches beyond the image.

    image, canvas, padding: as of fit. region: in pixels of the image, its corners in the canvas's
        corners; a part of it must lie in the image.
    """
    canvas[...] = padding
    used, scales, starts = [], [], []
    for size, pixels, low, high in zip(image.shape[1::-1], canvas.shape[1::-1], region[:2],
                                       region[2:]):
        scale = pixels / (high - low)
        first = min(max(0, math.floor(low)), size - 1)
        last = min(size, max(first + 1, math.ceil(high)))
        # Whole pixels of the image go into whole ones of the canvas, by a scale that is a bit off.
        start = min(max(0, round((first - low) * scale)), pixels - 1)
        end = min(pixels, max(start + 1, round((last - low) * scale)))
        used.append((slice(first, last), slice(start, end)))
        scales.append((end - start) / (last - first))
        starts.append(first - start / scales[-1])
    (columns, to_columns), (rows, to_rows) = used
    _draw(image[rows, columns], canvas[to_rows, to_columns],
          cv2.INTER_AREA if min(scales) < 0.5 else cv2.INTER_LINEAR)
    return Placement(*scales, *starts)


def _draw(image: np.ndarray, target: np.ndarray, how: int) -> None:
    """Resizes an image, uint8 [Y, X, RGB or RGBX], into a target, uint8 [Y, X, RGB]."""
    size = target.shape[1], target.shape[0]
    same = image.shape[:2] == target.shape[:2]
    if image.shape[2] == 4:
        fitted = image if same else cv2.resize(image, size, interpolation=how)
        cv2.cvtColor(fitted, cv2.COLOR_RGBA2RGB, dst=target)
    elif same:
        target[...] = image
    else:
        cv2.resize(np.ascontiguousarray(image), size, dst=target, interpolation=how)


def poses_in_image(found: Decoded, placement: Placement, size: Tuple[int, int],
                   mirror: bool) -> List[Pose]:
    """Decoded people as poses in the pixels of their image, and not outside of it.

    size: the image's width and height in pixels. mirror: flip x.
    """
    right, bottom = size[0] - 1.0, size[1] - 1.0
    scale_x, scale_y, left, top = placement
    left, top = left - 0.5, top - 0.5
    poses = []

    def to_image(places: List[List[float]]) -> List[Tuple[float, float]]:
        points = [((x + 0.5) / scale_x + left, (y + 0.5) / scale_y + top) for y, x in places]
        points = [(0.0 if x < 0 else right if x > right else x,
                   0.0 if y < 0 else bottom if y > bottom else y) for x, y in points]
        return [(right - x, y) for x, y in points] if mirror else points

    # Python's numbers: for so few of them numpy takes twice the time.
    for places, scores, score in zip(*(values.tolist() for values in found[:3])):
        keypoints = map(_keypoint, zip(map(_point, to_image(places)), scores))
        poses.append(Pose(Keypoints(zip(KEYPOINT_TYPES, keypoints)), score))
    if found.boxes is not None:
        corners = (to_image(box) for box in found.boxes.reshape(-1, 2, 2).tolist())
        poses = [pose._replace(box=Box(min(a[0], b[0]), a[1], max(a[0], b[0]), b[1]))
                 for pose, (a, b) in zip(poses, corners)]
    return poses


def parts_in_image(parts: np.ndarray, names: Sequence[str], placement: Placement,
                   size: Tuple[int, int], mirror: bool) -> List[Dict[str, Keypoint]]:
    """The parts of people that were found, by their names, in the pixels of the image.

    parts: float32 [n, parts, 3] as (y, x) in pixels of the input and a score, 0 for none.
    size, mirror: as of poses_in_image.
    """
    scale_x, scale_y, left, top = placement
    last = np.array(size) - 1.0
    places = (parts[:, :, 1::-1] + 0.5) / (scale_x, scale_y) + (left - 0.5, top - 0.5)
    places = places.clip(0, last)
    if mirror:
        places[:, :, 0] = last[0] - places[:, :, 0]
    return [{name: Keypoint(Point(*point), score)
             for name, point, score in zip(names, points, scores) if score > 0}
            for points, scores in zip(places.tolist(), parts[:, :, 2].tolist())]


def heatmap_in_image(scores: np.ndarray, stride: float, placement: Placement,
                     size: Tuple[int, int]) -> np.ndarray:
    """A map of scores, enlarged to the size of the image that it is about.

    scores: float32 [Y, X] or [N, Y, X], a cell every `stride` pixels of the network's input.
    size: the image's width and height in pixels.
    Returns float32 [Y, X] or [N, Y, X].
    """
    if scores.ndim == 3:
        enlarged = [heatmap_in_image(each, stride, placement, size) for each in scores]
        return np.array(enlarged, np.float32).reshape(-1, size[1], size[0])
    x, y, left, top = placement
    to_cell = np.array([[x, 0, (0.5 - left) * x - 0.5],
                        [0, y, (0.5 - top) * y - 0.5]], np.float32) / np.float32(stride)
    return cv2.warpAffine(scores, to_cell, size, borderMode=cv2.BORDER_REPLICATE,
                          flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def people_in_image(scores: np.ndarray) -> np.ndarray:
    """Where an image shows people: uint8, 255 where a score reaches MASK_THRESHOLD, else 0."""
    return np.where(scores >= MASK_THRESHOLD, 255, 0).astype(np.uint8)


def instances_in_image(scores: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Which pixels are whose: uint8 [N, Y, X], 255 for each person's, which have none in common.

    scores: how likely each pixel shows somebody, float32 [Y, X].
    shares: how far each pixel belongs to each of N people, float32 [N, Y, X].
    """
    masks = np.zeros(shares.shape, np.uint8)
    if len(shares):
        owners = shares.argmax(0)
        for i, mask in enumerate(masks):
            mask[...] = people_in_image(scores * (owners == i))
    return masks
