"""Draws what an areas.json holds on a picture: areas, lines, blackouts and the floor."""
import contextlib
import functools
import importlib.util
import math
import os
import unicodedata
from typing import Any, Optional, Tuple

from posesuite.display import overlay
from posesuite.visits.areas import Line, Plan
from posesuite.visits.floor import Floor

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Color = Tuple[int, int, int]
# By the kind of an area and the field of a Plan; told apart by those who see few colours, too.
COLORS = {'area': (86, 180, 233), 'display': (230, 159, 0), 'queue': (204, 121, 167),
          'lines': (0, 200, 140), 'blackouts': (190, 190, 190),
          'floors': (150, 130, 255)}
COVER = 0.75  # how much of a blackout's grey hides what is under it
GRID_LINES = 40  # of the floor in one direction, at most
ARROW = 0.06  # length of a counting line's arrow, as a share of the picture's width


def draw_plan(image: np.ndarray, plan: Plan) -> None:
    """Draws a plan in place. image: uint8 [Y, X, RGB]."""
    for blackout in plan.blackouts:
        draw_cover(image, pixels(image, blackout.polygon))
        draw_path(image, pixels(image, blackout.polygon), COLORS['blackouts'], closed=True)
    for floor in plan.floors:
        draw_floor(image, floor)
    for area in plan.areas:
        points, color = pixels(image, area.polygon), COLORS[area.kind]
        draw_path(image, points, color, closed=True)
        write_centred(image, *points.mean(0), area.name, color)
    for line in plan.lines:
        draw_line(image, line)


def draw_line(image: np.ndarray, line: Line) -> None:
    """Draws a counting line in place, with an arrow to its inner side."""
    points, color = pixels(image, line.line), COLORS['lines']
    draw_path(image, points, color, closed=False)
    middle, along = points.mean(0), np.subtract(points[1], points[0]).astype(float)
    length = ARROW * image.shape[1]
    tip = middle + np.array([along[1], -along[0]]) / max(1, np.hypot(*along)) * length
    cv2.arrowedLine(image, _point(middle), _point(tip), color, overlay.line_width(image),
                    cv2.LINE_AA, tipLength=0.3)
    write_centred(image, *(tip + (tip - middle) * 0.4), 'in', color)
    write_centred(image, *(middle - (tip - middle) * 0.4), line.name, color)


def draw_floor(image: np.ndarray, floor: Floor) -> None:
    """Draws the floor in place as a grid of metres, around its four points, which are labelled."""
    low, high = np.min(floor.metres, 0), np.max(floor.metres, 0)
    step = max(1, math.ceil((high - low).max() / GRID_LINES))
    low, high = np.floor(low / step) * step, np.ceil(high / step) * step
    width = max(1, overlay.line_width(image) // 2)
    for axis in (0, 1):
        for at in np.arange(low[axis], high[axis] + step / 2, step):
            ends = np.stack([low, high])
            ends[:, axis] = at
            seen = floor.to_picture(ends, above=0)
            if np.isfinite(seen).all() and np.abs(seen).max() < 10000:
                cv2.line(image, *map(_point, pixels(image, seen)), COLORS['floors'], width,
                         cv2.LINE_AA)
    for point, place in zip(pixels(image, floor.points), floor.metres):
        draw_dot(image, point, COLORS['floors'])
        write_centred(image, point[0], point[1] - 0.015 * image.shape[1], in_metres(place),
                      COLORS['floors'])


def draw_cover(image: np.ndarray, points: np.ndarray) -> None:
    """Covers a polygon in place with grey through which it can be guessed."""
    covered = image.copy()
    cv2.fillPoly(covered, [points], (128, 128, 128))
    image[:] = cv2.addWeighted(covered, COVER, image, 1 - COVER, 0)


def draw_path(image: np.ndarray, points: np.ndarray, color: Color, closed: bool) -> None:
    """Draws lines in place from point to point, int32 [N, 2] in pixels."""
    cv2.polylines(image, [points], closed, overlay.BLACK, overlay.line_width(image) + 2,
                  cv2.LINE_AA)
    cv2.polylines(image, [points], closed, color, overlay.line_width(image), cv2.LINE_AA)


def draw_dot(image: np.ndarray, point: Any, color: Color) -> None:
    """Draws a corner in place, at x, y in pixels."""
    cv2.circle(image, _point(point), 2 * overlay.line_width(image), color, -1, cv2.LINE_AA)


def pixels(image: np.ndarray, points: Any) -> np.ndarray:
    """Points in thousandths as int32 [N, 2] in pixels of an image."""
    height, width = image.shape[:2]
    return np.round(np.asarray(points, float) * (width / 1000, height / 1000)).astype(np.int32)


def in_metres(place: Any) -> str:
    """A place on the plan in words, such as '2.5, 0 m'."""
    return ', '.join(f'{round(float(value), 2) + 0:g}' for value in place) + ' m'


def write_centred(image: np.ndarray, x: float, y: float, text: str, color: Color) -> None:
    """Writes a line in place around x, in the picture. Parameters as of write."""
    half = 0.008 * image.shape[1] * len(text)
    right = image.shape[1] - 2 * half
    write(image, min(max(x - half, 0), max(right, 0)),
          min(max(y, 0.03 * image.shape[1]), image.shape[0]), text, color)


def write(image: np.ndarray, x: float, y: float, text: str, color: Color) -> None:
    """Writes a line in place, also with letters that OpenCV's fonts lack, such as é and ü.

    x, y: left end of the baseline in pixels. Where no font has them, letters lose their accents.
    """
    width = image.shape[1]
    font = None if text.isascii() else _font(round(0.027 * width))
    if font is None:
        plain = ''.join(letter for letter in unicodedata.normalize('NFKD', text)
                        if not unicodedata.combining(letter))
        overlay.shadow_text(image, x, y, plain, color)
        return
    picture = Image.fromarray(image)
    ImageDraw.Draw(picture).text((x, y), text, color, font, 'ls', stroke_fill=overlay.BLACK,
                                 stroke_width=max(1, round(0.0015 * width)))
    image[:] = picture


@functools.lru_cache()
def _font(size: int) -> Optional[ImageFont.FreeTypeFont]:
    """A font with letters of many scripts, of the system or of Matplotlib; Pillow's has but ASCII.
    """
    paths = ['DejaVuSans.ttf']
    matplotlib = importlib.util.find_spec('matplotlib')
    if matplotlib and matplotlib.origin:
        paths.append(os.path.join(os.path.dirname(matplotlib.origin), 'mpl-data', 'fonts', 'ttf',
                                  paths[0]))
    for path in paths:
        with contextlib.suppress(ImportError, OSError):
            return ImageFont.truetype(path, size)
    return None


def _point(point: Any) -> Tuple[int, int]:
    x, y = point
    return int(x), int(y)
