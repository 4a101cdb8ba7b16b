"""What training/gpu.py makes on a device, here on the CPU."""
import json
import pathlib

from helpers import ROOT, google_model, shared
from training_data import run

import numpy as np
import pytest

torch = pytest.importorskip('torch')


@pytest.fixture
def pool():
    """A pool of eight pictures that nobody renders: two without people, six with a white dot."""
    from training.pool import Pool
    from training.scenes import MAX_PEOPLE, SEEN

    import cv2
    rng = np.random.default_rng(0)
    images = np.zeros((8, 480, 640, 3), np.uint8)
    keypoints = np.zeros((8, MAX_PEOPLE, 17, 3), np.float32)
    for image, people in zip(images[2:], keypoints[2:]):
        people[1, 5] = rng.uniform(100, 540), rng.uniform(100, 380), SEEN
        centre = tuple(people[1, 5, :2].round().astype(int).tolist())
        cv2.circle(image, centre, 7, (255, 255, 255), -1)
    pool = Pool(8, 0, 0, 0, None, [])
    pool.on(torch.device('cpu')).add(images, keypoints)
    return pool


def test_teacher_answers_as_the_file_does():
    """Near a person, heatmaps and short offsets differ by no more than quantization costs."""
    from training.teacher import Teacher
    from training.torch_teacher import TorchTeacher, read_layers

    import cv2
    path = pathlib.Path(google_model('353_481'))
    picture = cv2.imread(str(pathlib.Path(shared('photos')) / 'test_couple.jpg'))[..., ::-1]
    image = cv2.resize(picture, (481, 353), interpolation=cv2.INTER_AREA)
    expected = Teacher(path).look(image)
    pixels = torch.from_numpy(image.transpose(2, 0, 1)[None] / np.float32(128) - 1)
    got = [maps[0].numpy() for maps in TorchTeacher(read_layers(path))(pixels)]
    assert [maps.shape for maps in got] == [maps.shape for maps in expected]
    heat = [1 / (1 + np.exp(-maps[0])) for maps in (expected, got)]
    near = heat[0] > .5
    assert near.sum() > 20
    assert np.abs(heat[0] - heat[1])[near].mean() < .03
    for y_or_x in (slice(17), slice(17, 34)):
        assert np.abs(expected[1][y_or_x] - got[1][y_or_x])[near].mean() < 1  # pixels


def test_a_widened_network_computes_the_same():
    """Only wider at the end; it cannot become narrower."""
    from training.network import PoseNet
    from training.widen import widened
    network = PoseNet(.25).eval()
    wide = widened(network, .375).eval()
    images = torch.rand(1, 3, 65, 81) * 2 - 1
    for old, new in zip(network(images), wide(images)):
        assert old.shape == new.shape
        assert torch.allclose(old, new, atol=1e-4)
    assert wide.features[8][0].out_channels == network.features[8][0].out_channels
    assert wide.features[26][0].out_channels == 192
    with pytest.raises(ValueError, match='cannot shrink'):
        widened(wide, .25)


def test_unvaried_views_are_what_the_engine_makes(pool):
    """The same bytes as PoseEngine's."""
    from posesuite.engine.image import fit
    from training.device_views import fitted
    from training.network import SIZE
    pictures = pool.unseen(0, 8)
    for pixels, picture in zip(fitted(pool, pictures, SIZE, vary=False).pixels, pictures.images):
        canvas = np.empty((*SIZE[::-1], 3), np.uint8)
        fit(np.ascontiguousarray(picture.permute(1, 2, 0).byte().numpy()), canvas)
        assert (((pixels + 1) * 128).permute(1, 2, 0).numpy() == canvas).all()


def test_keypoints_move_with_their_picture(pool, monkeypatch):
    """The dot is where the view's keypoint is; a mirror swaps left and right; nobody stays 0."""
    from posesuite.pose.skeleton import MIRRORED
    from training import device_views
    from training.scenes import OUTSIDE
    monkeypatch.setattr(device_views, 'augment', lambda images: images)
    monkeypatch.setattr(device_views, 'MIXED', 0)
    torch.manual_seed(0)
    seen = mirrored = nobody = 0
    for _ in range(12):
        views = device_views.fitted(pool, pool.draw(8), (481, 353), vary=True)
        for pixels, people in zip(views.pixels, views.keypoints):
            assert not people[[0, 2, 3, 4, 5]].any()
            part = MIRRORED[5] if people[1, MIRRORED[5]].any() else 5
            x, y, state = people[1, part].tolist()
            nobody += not people.any()
            if state == OUTSIDE or not (20 < x < 460 and 20 < y < 330):
                continue
            rows, columns = np.nonzero(pixels[0].numpy() > .5)
            if len(rows) and abs(columns - x).max() < 40:
                seen, mirrored = seen + 1, mirrored + (part != 5)
                assert (columns.mean(), rows.mean()) == pytest.approx((x, y), abs=2)
    assert seen > 25 and mirrored > 5 and nobody > 5


def test_it_trains_and_ends_in_time(tmp_path):
    """Rendered while it trains; what it wrote can be loaded."""
    from training.network import load_network

    import cv2
    assets = pathlib.Path(ROOT) / 'makehuman'
    if not assets.exists():
        assets = shared('makehuman')
    (tmp_path / 'backdrops').mkdir()
    cv2.imwrite(str(tmp_path / 'backdrops/grey.png'), np.full((500, 700, 3), 90, np.uint8))
    run('training/gpu.py', '--assets', assets, '--photographs', tmp_path / 'backdrops', '--teacher',
        google_model('353_481'), '--output', tmp_path / 'run', '--width', .25, '--deep-width', .5,
        '--seconds', 30, '--batch', 2, '--workers', 1, '--capacity', 40, '--least', 12,
        '--held-out', 4, '--log-every', 3, '--device', 'cpu')
    entries = [json.loads(line) for line in (tmp_path / 'run/log.jsonl').read_text().splitlines()]
    assert len(entries[-1]['validation']) == len(entries[-1]['training']) == 4
    assert entries[-1]['rendered'] >= 12
    network = load_network(str(tmp_path / 'run/model.pt'))
    assert (network.width, network.deep_width) == (.25, .5)
