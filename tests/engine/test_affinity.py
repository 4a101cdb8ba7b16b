"""The assembly of people from affinity fields, against a slow reference."""
import os

from affinities import maps_of, slow_people, upright
from helpers import run_sanitized
from posesuite.engine.affinity import AffinityDecoder
from posesuite.engine.families.openpose import BODY_25, COCO_18, LAYOUTS, MPII_15
from posesuite.engine.raw_decoder import library_path

import numpy as np
import pytest

NAMES = ['COCO-18', 'BODY-25', 'MPII-15']


def check(layout, heatmaps, fields, stride=8) -> int:
    """Compares the library with the reference; returns how many people both find."""
    parts, scores = AffinityDecoder(library_path(), layout, stride, {})(heatmaps, fields)
    expected_parts, expected_scores = slow_people(layout, heatmaps, fields, stride)
    assert len(scores) == len(expected_scores)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-4)
    np.testing.assert_allclose(parts, expected_parts, atol=2e-3)
    return len(scores)


@pytest.mark.parametrize('layout', LAYOUTS, ids=NAMES)
def test_people_are_found_where_they_are(layout):
    people = [upright(layout, 7.3, 9.6, 5.2), upright(layout, 12.1, 30.4, 8), upright(
        layout, 4.8, 50, 3.9)]
    heatmaps, fields = maps_of(layout, people, 40, 60)
    parts, scores = AffinityDecoder(library_path(), layout, 8, {})(heatmaps, fields)
    assert len(scores) == 3
    assert scores.min() > 0.85
    for found in parts:
        person = min(people, key=lambda each: np.abs(each * 8 - found[:, :2]).mean())
        assert np.abs(person * 8 - found[:, :2]).max() < 4  # half a cell
    assert check(layout, heatmaps, fields) == 3


@pytest.mark.parametrize('layout', LAYOUTS, ids=NAMES)
def test_people_who_overlap(layout):
    """Two people a shoulder's width apart share most of the picture but no part."""
    people = [upright(layout, 6, 15, 6), upright(layout, 6.5, 19, 6)]
    heatmaps, fields = maps_of(layout, people, 30, 40)
    assert check(layout, heatmaps, fields) == 2


def test_somebody_whose_legs_are_outside():
    person = upright(COCO_18, 14, 15, 8)
    person[person[:, 0] > 23] = np.nan
    heatmaps, fields = maps_of(COCO_18, [person], 24, 30)
    parts, scores = AffinityDecoder(library_path(), COCO_18, 8, {})(heatmaps, fields)
    assert len(scores) == 1
    np.testing.assert_array_equal(parts[0, :, 2] > 0, np.isfinite(person[:, 0]))
    assert check(COCO_18, heatmaps, fields) == 1


@pytest.mark.parametrize('layout', LAYOUTS, ids=NAMES)
def test_noise_as_the_reference(layout):
    """People of any size, also beyond the edges, in more and more noise."""
    random, found = np.random.RandomState(5), 0
    for noise in (0, 0.05, 0.1, 0.2, 0.4):
        height, width = random.randint(8, 17, 2)
        people = [upright(layout, *random.uniform(2, 14, 2), random.uniform(2, 8))
                  for _ in range(random.randint(1, 4))]
        heatmaps, fields = maps_of(layout, people, height, width, random.uniform(0.3, 1))
        heatmaps += np.float32(noise) * random.rand(*heatmaps.shape).astype(np.float32)
        fields += noise * random.normal(size=fields.shape).astype(np.float32)
        found += check(layout, heatmaps, fields, random.randint(1, 20))
    assert found > 10


def test_the_options():
    people = [upright(COCO_18, 6, 10, 5), upright(COCO_18, 6, 28, 5)]
    heatmaps, fields = maps_of(COCO_18, people, 24, 40)
    heatmaps[:, :, 20:] *= 0.5  # the one on the right
    library = library_path()

    def count(**options: float) -> int:
        return len(AffinityDecoder(library, COCO_18, 8, options)(heatmaps, fields)[1])

    assert count() == 2
    assert count(max_poses=1) == 1
    assert count(score_threshold=0.8) == 1
    assert count(part_threshold=0.6) == 1
    assert count(min_parts=19) == 0
    assert count(nms_radius=500) < 2


def test_maps_that_do_not_fit_are_refused():
    decoder = AffinityDecoder(library_path(), COCO_18, 8, {})
    maps = np.zeros((19, 4, 5), np.float32)
    with pytest.raises(ValueError, match=r'heatmaps \[17, 4, 5\] .* do not fit 18 parts'):
        decoder(maps[:17], np.zeros((38, 4, 5), np.float32))
    with pytest.raises(ValueError, match='do not fit'):
        decoder(maps, np.zeros((38, 5, 4), np.float32))
    with pytest.raises(ValueError, match='the affinity fields have too few channels'):
        decoder(maps, np.zeros((37, 4, 5), np.float32))
    with pytest.raises(ValueError, match='the maps.* sides must be 1 to 4096'):
        decoder(np.zeros((19, 0, 5), np.float32), np.zeros((38, 0, 5), np.float32))
    with pytest.raises(ValueError, match='max_poses must be 1 to 1000'):
        AffinityDecoder(library_path(), COCO_18, 8, {'max_poses': 0})(
            maps, np.zeros((38, 4, 5), np.float32))


def test_the_layouts_are_the_published_ones():
    """OpenPose's COCO and MPII networks have 19 and 14 bones, BODY-25 has 26; all fields are used.

    https://github.com/CMU-Perceptual-Computing-Lab/openpose, src/openpose/pose/poseParameters.cpp
    """
    for layout, parts, bones in ((COCO_18, 18, 19), (BODY_25, 25, 26), (MPII_15, 15, 14)):
        assert len(layout.skeleton.parts) == len(set(layout.skeleton.parts)) == parts
        assert len(layout.skeleton.bones) == len(set(layout.skeleton.bones)) == bones
        assert sorted(layout.fields) == list(range(0, 2 * bones, 2))
        for a, b in layout.skeleton.bone_names and layout.skeleton.bones:
            assert a != b and 0 <= min(a, b) <= max(a, b) < parts


def test_random_maps_under_the_sanitizer(sanitized_library):
    script = os.path.join(os.path.dirname(__file__), 'fuzz_affinity.py')
    done = run_sanitized([script, sanitized_library])
    assert (done.returncode, done.stdout) == (0, b'200 rounds\n'), done.stderr.decode()
