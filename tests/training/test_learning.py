"""From frames and renders to a trained, exported and measured network.

What needs PyTorch or MakeHuman's files (in `makehuman/`, see training/assets.py) is skipped where
they are missing.
"""
import json
import pathlib
import subprocess
import sys

from helpers import ROOT, google_model, shared
from training_data import run, write_pictures

import numpy as np
import pytest

torch = pytest.importorskip('torch')


def test_another_teacher_is_refused(tmp_path):
    """One line says what its input is and what is needed; nothing was trained."""
    write_pictures(tmp_path / 'data', 2)
    teacher = google_model('481_641')
    done = subprocess.run(
        [sys.executable, 'training/train.py', '--data', str(tmp_path / 'data'), '--held-out', '0',
         '--output', str(tmp_path / 'run'), '--teacher', teacher], cwd=ROOT, capture_output=True,
        text=True, check=False)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if not line.startswith('INFO')] == [
        f'error: {teacher} takes (1, 481, 641, 3): expected (1, 353, 481, 3)']
    assert not (tmp_path / 'run/model.pt').exists()


def test_frames_of_a_camera_become_a_shard(tmp_path):
    """Letterboxed, without truth; a folder without pictures gives one line."""
    from training import shards
    from training.views import Views

    import cv2
    frames, data = tmp_path / 'frames', tmp_path / 'data'
    frames.mkdir()
    command = [sys.executable, 'training/frames.py', str(frames), '--output', str(data)]
    empty = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert empty.returncode == 1
    assert empty.stderr == f'error: {frames} holds no picture and no video\n'
    for name in 'ab':
        cv2.imwrite(str(frames / f'{name}.png'), np.full((100, 100, 3), (0, 0, 255), np.uint8))
    run(*command[1:])
    paths = shards.find_shards(data)
    assert len(paths) == 1
    images = shards.load(paths[0], 'images')
    assert images.shape == (2, 480, 640, 3)
    assert images[0, 240, 470].tolist() == [255, 0, 0]
    assert images[0, 240, 490].tolist() == [128, 128, 128]
    views = Views(paths, None, 2, 0)
    assert not next(iter(views)).has_teacher
    rng = np.random.default_rng(0)
    known = [view for view in (views.view(rng) for _ in range(100)) if view.has_truth]
    assert 1 < len(known) < 20  # views of nobody, the only ones without red
    assert all((view.image[..., 0] == view.image[..., 1]).all() for view in known)


def test_exact_maps_lead_from_keypoint_to_keypoint():
    """Short offsets point at the keypoint, mid offsets at the next one along each edge."""
    from posesuite.pose.skeleton import TREE
    from training import STRIDE
    from training.losses import exact_maps
    from training.scenes import SEEN
    from training.views import Batch
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(20, 230, 17), rng.uniform(20, 170, 17)], 1)
    keypoints = np.zeros((1, 6, 17, 3), np.float32)
    keypoints[0, 2, :, :2], keypoints[0, 2, :, 2] = points, SEEN
    empty = torch.zeros(1, 64, 13, 17)
    batch = Batch(torch.zeros(1, 3, 193, 257), empty[:, :17], empty[:, :34], empty, [],
                  torch.from_numpy(keypoints), torch.tensor([True]), False)
    maps = exact_maps(batch)
    for k, (x, y) in enumerate(points):
        row, column = round(y / STRIDE), round(x / STRIDE)
        assert maps.heat[0, k, row, column] > .9
        offset = maps.short[0, [k, 17 + k], row, column].numpy()
        assert offset == pytest.approx([y - row * STRIDE, x - column * STRIDE], abs=1e-3)
        assert not maps.is_background[0, 0, row, column]
    for e, (parent, child) in enumerate(TREE):
        for start, end, part in ((parent, child, 0), (child, parent, 2)):
            row, column = (round(points[start][i] / STRIDE) for i in (1, 0))
            channels = [16 * part + e, 16 * (part + 1) + e]
            assert maps.mid_mask[0, channels, row, column].tolist() == [1, 1]
            assert maps.mid[0, channels, row, column].numpy() == pytest.approx(
                [points[end][1] - row * STRIDE, points[end][0] - column * STRIDE], abs=1e-3)


def test_training_goes_on_where_it_was(tmp_path):
    """Taught by Google's model; more minutes than before train further, and never on cuts again."""
    data, output = tmp_path / 'data', tmp_path / 'run'
    write_pictures(data, 8)
    for minutes in (.2, .3):
        run('training/train.py', '--data', data, '--output', output, '--minutes', minutes,
            '--teacher', google_model('353_481'), '--width', .25, '--batch', 2, '--held-out', 0,
            '--checkpoint-minutes', .05)
    entries = [json.loads(line) for line in (output / 'log.jsonl').read_text().splitlines()]
    assert len(entries) >= 4
    steps = [entry['step'] for entry in entries]
    assert steps == sorted(steps) and steps[0] < steps[-1]
    sizes = [entry['size'] for entry in entries]
    assert sizes == sorted(sizes) and sizes[0] == [241, 177] and sizes[-1] == [481, 353]


def test_one_minute_from_end_to_end(tmp_path):
    """Rendered, trained without a teacher, exported and measured: it finds people in its renders.

    A minute puts poses on people; to place their points well takes longer.
    """
    pytest.importorskip('litert_torch')
    assets = pathlib.Path(ROOT) / 'makehuman'
    if not assets.exists():
        assets = shared('makehuman')
    data, output = tmp_path / 'data', tmp_path / 'run'
    for count in (1, 2):  # the first shard is not rendered again
        run('training/render.py', '--assets', assets, '--output', data, '--shards', count,
            '--count', 60, '--workers', 1)
    assert len(list(data.glob('shard-*'))) == 2
    run('training/train.py', '--data', data, '--output', output, '--minutes', 1, '--width', .25,
        '--batch', 2, '--learning-rate', 8e-3, '--held-out', 0, '--checkpoint-minutes', .2)
    entries = [json.loads(line) for line in (output / 'log.jsonl').read_text().splitlines()]
    assert len(entries) >= 4
    cuts = [sum(entry['training']) for entry in entries if entry['size'] == [241, 177]]
    assert len(cuts) >= 2
    assert cuts[-1] < cuts[0]
    run('training/export.py', '--model', output / 'model.pt', '--data', data, '--output',
        tmp_path / 'models')
    exported = sorted(path.name for path in (tmp_path / 'models').glob('*.tflite'))
    assert len(exported) == 6
    figures = json.loads(run('training/evaluate.py', tmp_path / 'models' / next(
        name for name in exported if name.endswith('353_481_quant_decoder.tflite')),
        '--truth', data / 'shard-00000', '--threshold', .2))
    assert figures['pictures'] == 60
    assert figures['reference_poses'] > 20
    found = figures['found_by_oks']
    assert len(found) == 4
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert found['0.5'] == figures['found']
    if entries[-1]['step'] < 300:
        pytest.skip(f"{entries[-1]['step']} steps a minute are too few to find people")
    assert found['0.1'] >= 5, figures
