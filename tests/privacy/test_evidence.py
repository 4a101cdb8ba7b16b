"""What a network sees in any view of an image makes a place of that image doubtful."""
from figures import standing
from posesuite.privacy.evidence import (
    BODY,
    CELL,
    ENLARGEMENTS,
    EVIDENCE,
    MASK_MARGIN,
    PARTS,
    RIMS,
    Evidence,
    number_of_views,
    views,
)

import numpy as np
import pytest

SIZE = 320, 240
CELLS = 60, 80  # rows and columns


class Seer:
    """A network that sees parts where an image is red, or a mask where it is blue.

    blind: in which of two views in turn it sees nothing: 0, 1 or None.
    """

    def __init__(self, has_mask: bool = False, blind=None):
        self.has_masks, self._blind, self._views = has_mask, blind, 0

    def DetectPosesInImage(self, image):  # noqa: N802
        self._image = image if self._views % 2 != self._blind else np.zeros_like(image)
        self._views += 1
        return [], 0.0

    def GetHeatmap(self, part):  # noqa: N802
        assert part is None
        return self._channel(0)

    def GetMaskScores(self):  # noqa: N802
        return self._channel(2)

    def _channel(self, number):
        colored = self._image.max(2) != self._image.min(2)
        return np.where(colored, self._image[:, :, number], 0).astype(np.float32) / 255


def room(x: int, y: int, channel: int, score: float = 1.0) -> np.ndarray:
    image = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    image[y - 8:y + 8, x - 8:x + 8] = 0
    image[y - 8:y + 8, x - 8:x + 8, channel] = round(255 * score)
    return image


def seen(image: np.ndarray, *engines: Seer, keep=lambda view: True, factors=(1.0, 1.0),
         **options) -> np.ndarray:
    evidence = Evidence(SIZE, factors)
    for engine in engines:
        for view in filter(keep, views(image)):
            evidence.examine(view, engine)
    return evidence.doubtful(**options)


def test_enlarged_views_cover_all_of_the_picture_twice():
    place = np.arange(75 * 101, dtype=np.uint16).reshape(75, 101)
    times = np.zeros((2, *place.shape), int)
    enlarged = list(views(np.stack([place] * 3, axis=2)))[2 * len(RIMS):]
    for view in enlarged:
        part = view.image[:, ::-1] if view.mirrored else view.image
        times[int(view.mirrored)][np.isin(place, part[:, :, 0])] += 1
        assert part[0, 0, 0] == place[view.top, view.left]
    assert len(enlarged) == 2 * (9 + 25) == number_of_views() - 2 * len(RIMS)
    assert (times >= len(ENLARGEMENTS)).all()


@pytest.mark.parametrize('mirrored', [False, True])
@pytest.mark.parametrize('scale', [1 / 3, 1 / 2, 1, 2, 3])
@pytest.mark.parametrize('x, y', [(75, 100), (300, 15)])
def test_every_view_leads_back_to_the_place(mirrored, scale, x, y):
    doubtful = seen(room(x, y, 0), Seer(blind=int(not mirrored)),
                    keep=lambda view: view.scale == scale)
    assert doubtful.shape == CELLS
    rows, columns = np.where(doubtful)
    radius = BODY * SIZE[0] / max(1, scale)
    for places, middle, size in ((columns, x, SIZE[0]), (rows, y, SIZE[1])):
        low, high = CELL * places.min(), CELL * (places.max() + 1)
        assert low == pytest.approx(max(0, middle - 8 - radius), abs=3 * CELL)
        assert high == pytest.approx(min(size, middle + 8 + radius), abs=3 * CELL)


def test_a_view_and_its_mirror_image_count_by_their_mean():
    least = PARTS[1]
    for score, blind, doubts in ((1.1, None, True), (1.1, 1, False), (1.1, 0, False),
                                 (2.2, 1, True)):
        found = seen(room(160, 120, 0, score * least), Seer(blind=blind),
                     keep=lambda view: view.scale == 1)
        assert found.any() == doubts, (score, blind)


def test_a_mask_counts_without_any_part():
    image = room(160, 120, 2)
    assert not seen(image, Seer()).any()
    doubtful = seen(image, Seer(has_mask=True), keep=lambda view: view.scale == 1)
    assert doubtful.sum() * CELL ** 2 == pytest.approx(
        np.pi * (8 + MASK_MARGIN * SIZE[0]) ** 2, rel=0.25)


@pytest.mark.parametrize('scale, doubts', [(1 / 3, False), (1 / 2, True)])
def test_with_a_mask_the_parts_of_people_who_are_very_close_do_not_count(scale, doubts):
    image = room(160, 120, 0)
    for engines, expected in (([Seer()], True), ([Seer(), Seer(has_mask=True)], doubts)):
        found = seen(image, *engines, keep=lambda view: view.scale == scale)
        assert found.any() == expected


@pytest.mark.parametrize('factors, alone, helped', [
    ((1.0, 1.0), False, False), ((0.5, 1.0), True, False), ((1.0, 0.5), False, True)])
def test_a_network_that_sees_less_needs_less(factors, alone, helped):
    image = room(160, 120, 0, 0.7 * min(PARTS.values()))
    assert seen(image, Seer(), factors=factors).any() == alone
    assert seen(image, Seer(), Seer(has_mask=True), factors=factors).any() == helped


def test_the_rim_needs_less_and_a_factor_changes_all():
    faint = 0.7 * min(PARTS.values())  # below the thresholds, except at the rim
    assert not seen(room(160, 120, 0, faint), Seer()).any()
    assert seen(room(160, 120, 0, faint), Seer(), factor=0.6).any()
    assert seen(room(10, 120, 0, faint), Seer()).any()


def test_only_cells_within_count():
    image, nowhere = room(75, 100, 0), np.zeros(CELLS, bool)
    there = nowhere.copy()
    there[20:30, 15:23] = True
    assert not seen(image, Seer(), within=nowhere).any()
    assert seen(image, Seer(), within=there).any()


def test_a_pose_makes_its_surroundings_doubtful():
    pose = standing(160, 230)._replace(score=EVIDENCE)
    points = np.array([keypoint.point for keypoint in pose.keypoints.values()])
    evidence = Evidence(SIZE)
    evidence.add_poses([pose._replace(score=EVIDENCE - 0.01)])
    assert not evidence.doubtful().any()
    evidence.add_poses([pose])
    doubtful = evidence.doubtful()
    for x, y in points:
        if y >= 0:
            assert doubtful[int(y) // CELL, int(x) // CELL]
    assert 0.1 < doubtful.mean() < 0.7
