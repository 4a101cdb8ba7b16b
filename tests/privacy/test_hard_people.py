"""People who are hard to see, rendered into the room of the samples.

The truth is the same room rendered without them, which needs ../shared/makehuman and g++.
"""
import pathlib
from typing import Any, Callable, Dict, Optional, Tuple

from helpers import ROOT, SIZES, bundled_model, google_model, shared
from pose_engine import PoseEngine
from posesuite.privacy import EVIDENCE
from rooms import ALIKE, PROOF, strange, watch

import cv2
import numpy as np
import pytest

# Where they are (x, z), how they are turned and what they do, after the focal length, which makes
# the people of the room large or small.
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
INVISIBLE = {'a head of 12 pixels': (180, -20, 19, 2., 'sit'),
             'an arm at the rim': (180, -65, 0, 0, 'stand'),
             'clothes and no more': (620, 2, -31, 0, 'stand')}
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


@pytest.fixture(scope='module')
def pictures(render) -> Dict[str, Tuple[np.ndarray, np.ndarray]]:
    """A picture of each of HARD, and of the empty room."""
    empty = {focal: render(focal) for focal in {place[0] for place in HARD.values()}}
    return {name: (render(*place, who=i % len(CLOTHES)), empty[place[0]])
            for i, (name, place) in enumerate(HARD.items())}


@pytest.mark.parametrize('model', [google_model, bundled_model])
def test_people_who_are_hard_to_see(quick_runtime, pictures, model):
    engine = PoseEngine(model(SIZES[0]), device='cpu', score_threshold=EVIDENCE)
    assert [name for name, (image, empty) in pictures.items()
            if strange(watch(engine, [image] * PROOF, until_seen=True), empty)] == []


def test_people_whom_the_network_cannot_see_move_a_little(quick_runtime, render):
    engine = PoseEngine(bundled_model(SIZES[0]), device='cpu', score_threshold=EVIDENCE)
    for name, (focal, x, *place) in INVISIBLE.items():
        empty = render(focal)
        images = [render(focal, x + 0.2 * np.sin(i), *place) for i in range(8)]
        assert (cv2.absdiff(images[0], empty) > ALIKE).any(), name
        background = watch(engine, images * (PROOF // 8), missed=lambda i: True)
        assert strange(background, empty) == 0, name
