"""Nobody gets into the background: clips of people who are hard to see, against the empty room.

The truth is the empty room itself: the first frame of samples/in_and_out.mp4, or the same room
rendered without its people (which needs ../shared/makehuman and g++).
"""
import copy
import os
import pathlib
from typing import Any, Callable, Iterator, List, Optional

from helpers import ROOT, SIZES, google_model, shared
from pose_engine import PoseEngine
from posesuite.pose.pose import Frame
from posesuite.privacy.background import (
    ENLARGED,
    EVIDENCE,
    GREY,
    RIMS,
    Background,
    Structure,
    compose,
    views,
)

import cv2
import numpy as np
import pytest

RATE = 30  # frames a second
ALIKE = 24  # levels of 255: more is another thing
PROOF = 36  # frames that a proof takes with DELAY
DELAY = 0.5  # seconds


@pytest.fixture(scope='module')
def engine(quick_runtime) -> PoseEngine:
    return PoseEngine(google_model(SIZES[0]), device='cpu', score_threshold=EVIDENCE)


@pytest.fixture(scope='module')
def clip() -> List[np.ndarray]:
    """samples/in_and_out.mp4, whose first second shows the room without anybody."""
    capture = cv2.VideoCapture(os.path.join(ROOT, 'samples', 'in_and_out.mp4'))
    return [cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            for _, image in iter(capture.read, (False, None))]


def noisy(images: Iterator[np.ndarray], sigma: float = 2.0) -> Iterator[np.ndarray]:
    """As a camera gives them."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, sigma, (8, *images[0].shape)).astype(np.int16)
    for i, image in enumerate(images):
        yield np.uint8(np.clip(image + noise[i * 5 % 8], 0, 255))


def watch(engine: PoseEngine, images: List[np.ndarray], delay: float = DELAY,
          missed: Callable[[int], bool] = lambda number: False, fault: str = '') -> Background:
    """A background that has been shown a clip until it was set or refused; the network sees nobody
    in the frames that are missed."""
    background = Background(engine, delay)
    for i, image in enumerate(noisy(images)):
        poses = [] if missed(i) else engine.DetectPosesInImage(image)[0]
        background.update(Frame(image, i, i / RATE, 0.0, fault), poses)
        if background.image is not None or background.doubt and not fault:
            break
    return background


def strange(background: Background, empty: np.ndarray) -> int:
    """How many of its pixels are neither the empty room's nor grey."""
    image = background.image
    if image is None:
        return 0
    differs = (cv2.absdiff(cv2.blur(image, (3, 3)), cv2.blur(empty, (3, 3))) > ALIKE).any(2)
    grey = cv2.dilate(np.uint8((image == GREY).all(2)), np.ones((3, 3))) > 0
    return int((differs & ~grey).sum())


@pytest.fixture(scope='module')
def proven(engine, clip) -> Background:
    background = watch(engine, clip[:1] * PROOF)
    assert background.image is not None, background.doubt
    return background


def test_an_empty_room_is_accepted_as_it_is(proven, clip):
    assert strange(proven, clip[0]) == 0
    assert (proven.image == GREY).all(2).mean() < 0.001


def test_light_that_flickers_is_no_movement(engine, clip):
    images = [np.uint8(np.clip(clip[0] * (0.9 + 0.05 * (i % 3)), 0, 255)) for i in range(PROOF)]
    background = watch(engine, images)
    assert background.image is not None, background.doubt
    assert (background.image == GREY).all(2).mean() < 0.05


def test_a_screen_in_the_room_stays_grey(engine, clip):
    images = [clip[0].copy() for _ in range(PROOF)]
    for i, image in enumerate(images):
        image[110:215, 432:560] = 80 + 40 * (i // 3 % 3)
    background = watch(engine, images)
    assert background.image is not None, background.doubt
    assert (background.image[110:215, 432:560] == GREY).all()
    assert 0.04 < (background.image == GREY).all(2).mean() < 0.1


@pytest.mark.parametrize('number', [42, 45, 48, 110, 195, 250])
def test_who_stands_still_in_the_clip(engine, clip, number):
    """At the rim, behind others, before the wall: stopped as they walk."""
    assert watch(engine, clip[number:number + 1] * PROOF).image is None


def test_who_is_missed_in_single_frames(engine, clip):
    for every in (2, 3):
        assert watch(engine, clip[60:61] * PROOF, missed=lambda i: i % every).image is None  # noqa: B023


def test_who_is_missed_in_all_frames_is_found_in_the_picture(engine, clip):
    background = watch(engine, clip[60:61] * PROOF, missed=lambda i: True)
    assert background.image is None


def test_who_walks_through_and_is_missed_all_the_time(engine, clip):
    for start in (30, 150):
        background = watch(engine, clip[start:start + PROOF], missed=lambda i: True)
        assert strange(background, clip[0]) == 0


def test_who_comes_back_in_the_last_moment(engine, clip):
    for empty in (8, 14):
        images = clip[:1] * empty + clip[40:40 + PROOF]
        background = watch(engine, images, missed=lambda i: i < 16)
        assert strange(background, clip[0]) == 0
    seen = watch(engine, clip[:1] * 20 + clip[60:60 + PROOF])  # during the proof
    assert seen.image is None


def test_who_has_just_left(engine, clip):
    background = watch(engine, clip[255:] + clip[-1:] * PROOF)
    assert background.image is not None, background.doubt
    assert strange(background, clip[0]) == 0


@pytest.mark.parametrize('fault', ['truncated', 'black', 'covered', 'frozen since 12:00',
                                   'camera lost since 12:00'])
def test_frames_with_a_fault_prove_nothing(engine, clip, fault):
    assert watch(engine, clip[:1] * PROOF, fault=fault).image is None


def test_a_fault_or_another_size_begins_anew(engine, clip):
    small = np.ascontiguousarray(clip[0][::2, ::2])
    background = Background(engine, DELAY)
    for i in range(3 * PROOF):
        fault = 'truncated' if i % 12 == 0 else ''
        background.update(Frame(clip[0], i, i / RATE, 0.0, fault), [])
        assert background.image is None
    for i in range(PROOF):
        background.update(Frame(clip[0] if i % 2 else small, i, i / RATE, 0.0), [])
        assert background.image is None


# People in the room of the samples, by where they are (x, z), how they are turned and what they
# do; the focal length makes the room's people large or small.
HARD = {
    'seated': (620, -5, 4, .3, 'sit'), 'seated, from the side': (620, 6, 4, 1.57, 'sit'),
    'seated, from behind': (620, 6, 4, 3.4, 'sit'), 'behind a bench': (620, -20, 19, 2., 'sit'),
    'turned away': (620, 0, 0, 3.1, 'stand'), 'behind a tree': (620, 26, 19, 0, 'stand'),
    'half in the frame': (620, -19, 0, 0, 'stand'),
    'half in the frame, turned away': (620, 19.5, 2, 3.1, 'stand'),
    'close': (620, 2, -28, 0, 'stand'), 'far': (180, 8, 20, 0, 'stand'),
    'far, turned away': (180, -5, 20, 3., 'stand'), 'far and seated': (180, -5, 4, .3, 'sit'),
    'far, seated, from behind': (180, 6, 4, 3.4, 'sit'),
    'far, behind a tree': (180, 26, 19, 0, 'stand'),
}
CLOTHES = [(8, 32), (1, 3), (11, 42)]  # characters and seeds


@pytest.fixture(scope='module')
def render(gxx) -> Callable[..., np.ndarray]:
    """render(focal, x, z, yaw, pose) is a picture of the samples' room; without x of it empty."""
    pytest.importorskip('tqdm')
    assets = shared('makehuman')
    from training import make_samples, makehuman, poses, scenes
    cast = makehuman.load_cast(pathlib.Path(assets), pathlib.Path(ROOT, 'training', 'build'))
    stage = make_samples.Set(cast)

    def sit(rotations: np.ndarray, *_: Any) -> None:
        rotations[:] = cast.poses['sit01']

    def picture(focal: float, x: Optional[float] = None, z: float = 0, yaw: float = 0,
                pose: str = 'stand', who: int = 0) -> np.ndarray:
        stage.camera = scenes.Camera(focal * scenes.SUPERSAMPLING, 13.5,
                                     poses.about([1, 0, 0], -.07))
        actors = [] if x is None else [make_samples.Actor(
            *CLOTHES[who], make_samples.at(x, z, yaw),
            sit if pose == 'sit' else make_samples.stand)]
        return stage.frame(actors, 0)[0]
    return picture


@pytest.mark.parametrize('who, name', [(i % len(CLOTHES), name) for i, name in enumerate(HARD)])
def test_who_is_hard_to_see(engine, render, who, name):
    image = render(*HARD[name], who=who)
    assert watch(engine, [image] * PROOF).image is None


@pytest.mark.parametrize('focal, x, z, yaw, pose', [
    (180, -20, 19, 2., 'sit'), (180, -65, 0, 0, 'stand'), (620, 2, -31, 0, 'stand')],
    ids=['a head of 12 pixels', 'an arm at the rim', 'clothes and no more'])
def test_who_the_network_cannot_see_moves_a_little(engine, render, focal, x, z, yaw, pose):
    empty = render(focal)
    images = [render(focal, x + 0.2 * np.sin(i), z, yaw, pose) for i in range(8)]
    assert (cv2.absdiff(images[0], empty) > ALIKE).any()
    background = watch(engine, images * (PROOF // 8), missed=lambda i: True)
    assert strange(background, empty) == 0


def test_compose_fills_what_movement_surrounds():
    samples = []
    for i in range(16):
        image = np.full((240, 320, 3), 90, np.uint8)
        # Plain clothes: only their rim changes.
        cv2.ellipse(image, (160 + i % 3, 130), (40, 70), 0, 0, 360, (200,) * 3, cv2.FILLED)
        samples.append(image)
    still, moved = compose(samples)
    assert moved[(samples[0] == 200).all(2)].all()
    assert not moved[:30].any()
    assert (still[:30] == 90).all()


def test_enlarged_views_cover_all_of_the_picture_twice():
    place = np.arange(75 * 101, dtype=np.uint16).reshape(75, 101)
    seen = np.zeros((2, *place.shape), int)
    enlarged = list(views(np.stack([place] * 3, axis=2)))[2 * len(RIMS):]
    for i, view in enumerate(enlarged):
        part = view.image[:, ::-1] if i % 2 else view.image
        seen[i % 2][np.isin(place, part[:, :, 0])] += 1
    assert len(enlarged) == 2 * (9 + 25)
    assert (seen >= len(ENLARGED)).all()


def moved_by(image: np.ndarray, pixels: int) -> np.ndarray:
    return np.roll(image, pixels, axis=1)


NOWHERE = np.zeros((480, 640), bool)


def test_people_and_light_are_no_other_view(clip):
    structure = Structure(clip[0], NOWHERE)
    assert all(structure.is_in(image) for image in clip[::5])
    for gain, offset in ((0.3, 20), (0.5, 0), (1.5, 0), (1, 60)):
        assert structure.is_in(np.uint8(np.clip(clip[120] * gain + offset, 0, 255)))


@pytest.mark.parametrize('turn', [
    lambda image: moved_by(image, 16), lambda image: np.roll(image, 12, axis=0),
    lambda image: moved_by(image, -200), lambda image: image[:, ::-1],
    lambda image: cv2.warpAffine(image, cv2.getRotationMatrix2D((320, 240), 3, 1), (640, 480)),
    lambda image: cv2.warpAffine(image, cv2.getRotationMatrix2D((320, 240), 0, 1.15), (640, 480))])
def test_another_view_is_seen(clip, turn):
    structure = Structure(clip[0], NOWHERE)
    for number in (0, 120, 200):
        assert not structure.is_in(np.ascontiguousarray(turn(clip[number])))


def test_a_moved_camera_and_another_size_drop_the_background(proven, clip):
    for other in (moved_by(clip[0], 40), np.ascontiguousarray(clip[0][::2, ::2])):
        background = copy.copy(proven)
        for i in range(RATE + 2):  # a second of it
            background.update(Frame(other, i, 100 + i / RATE, 0.0), [])
        assert background.image is None
