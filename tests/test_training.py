"""The training pipeline: its mathematics, its files, and a minute of it from end to end.

What needs PyTorch or MakeHuman's files (in `makehuman/`, see training/assets.py) is skipped where
they are not; what the bundled models promise is always tested.
"""
import json
import pathlib
import subprocess
import sys

from helpers import google_model, shared

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS = sorted((ROOT / 'models/rendered').glob('*_quant.tflite'))
# Of the Edge TPU compiler's published list, those that this network may use.
EDGE_TPU_OPERATORS = {'CONV_2D', 'DEPTHWISE_CONV_2D', 'QUANTIZE', 'CONCATENATION'}


def run(*command):
    """Runs a script of training/; gives what it prints on stdout."""
    done = subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, capture_output=True,
                          text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def tflite():
    """training/tflite.py, where its schema is installed."""
    pytest.importorskip('ai_edge_litert.schema_py_generated')
    pytest.importorskip('flatbuffers')
    from training import tflite
    return tflite


@pytest.mark.parametrize('path', MODELS, ids=lambda path: path.name)
def test_edge_tpu_compiler_can_take_it(tflite, path):
    """Every operator on the compiler's list, every shape static, 8-bit, not dilated."""
    schema = tflite.schema
    names = {value: name for name, value in vars(schema.BuiltinOperator).items()
             if isinstance(value, int)}
    model = tflite.read(path.read_bytes())
    assert len(model.subgraphs) == 1
    graph = model.subgraphs[0]
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
        assert name in EDGE_TPU_OPERATORS
        if 'CONV' in name:
            options = operator.builtinOptions
            assert options.dilationWFactor == options.dilationHFactor == 1
    eight_bits = (schema.TensorType.INT8, schema.TensorType.UINT8)
    for tensor in graph.tensors:
        assert tensor.shapeSignature is None or -1 not in tensor.shapeSignature
        is_bias = tensor.type == schema.TensorType.INT32 and len(tensor.shape) == 1
        assert tensor.type in eight_bits or is_bias, tensor.name
    assert [graph.tensors[i].type for i in [*graph.inputs, *graph.outputs]] == (
        [schema.TensorType.UINT8] * 4)


@pytest.mark.parametrize('path', MODELS, ids=lambda path: path.name)
def test_size_and_twin(tflite, path):
    """Under 5 MB, and the file with the op is the same network."""
    twin = path.with_name(path.name.replace('_quant', '_quant_decoder'))
    assert twin.stat().st_size < 5e6
    with_op = tflite.read(twin.read_bytes()).subgraphs[0]
    without = tflite.read(tflite.without_decoder(twin.read_bytes())).subgraphs[0]
    plain = tflite.read(path.read_bytes()).subgraphs[0]
    assert len(with_op.operators) == len(without.operators) + 1 == len(plain.operators) + 1
    assert list(without.outputs) == list(plain.outputs)


@pytest.mark.parametrize('kind', ['WHOLE', 'CUT'])
def test_keypoints_move_with_their_picture(kind):
    """A dot drawn at a keypoint is where the view says; a mirror swaps left and right."""
    pytest.importorskip('torch')
    from posesuite.pose.skeleton import MIRRORED
    from training import views
    from training.scenes import HEIGHT, OUTSIDE, SEEN, WIDTH
    from training.views import move_keypoints, placement

    import cv2
    kind, size = {'WHOLE': (views.WHOLE, views.SIZE), 'CUT': (views.CUT, views.CUT_SIZE)}[kind]
    rng, mirrors, seen, scales = np.random.default_rng(0), 0, 0, []
    for _ in range(40):
        keypoints = np.zeros((6, 17, 3), np.float32)
        keypoints[1, 5] = rng.uniform(40, WIDTH - 40), rng.uniform(40, HEIGHT - 40), SEEN
        image = np.zeros((HEIGHT, WIDTH), np.float32)
        cv2.circle(image, tuple(keypoints[1, 5, :2].round().astype(int).tolist()), 6, 1., -1)
        matrix, mirror = placement(rng, keypoints, (WIDTH, HEIGHT), size, kind)
        scales.append(abs(np.linalg.det(matrix[:, :2])) ** .5)
        moved = move_keypoints(keypoints, matrix, mirror, size)
        x, y, state = moved[1, MIRRORED[5] if mirror else 5]
        mirrors += mirror
        assert not moved[[0, 2, 3, 4, 5]].any()
        if state == OUTSIDE:
            assert not (1 <= x < size[0] - 1 and 1 <= y < size[1] - 1)
            continue
        seen += 1
        view = cv2.warpAffine(image, matrix, size)
        rows, columns = np.nonzero(view > .5)
        if 16 < x < size[0] - 16 and 16 < y < size[1] - 16:
            assert (columns.mean(), rows.mean()) == pytest.approx((x, y), abs=1.5)
    assert 5 < mirrors < 25
    assert seen > 25
    # A cut has people about as large as a whole view has them.
    assert .6 < np.median(scales) < 1.1


def test_belongings_are_on_heads_and_in_hands(monkeypatch):
    """Headgear is above the ears however the head lies; what is held is around a hand."""
    from training import belongings
    from training.people import Materials, Person
    monkeypatch.setattr(belongings, 'HATTED', 1.)
    monkeypatch.setattr(belongings, 'LOADED', 0.)
    monkeypatch.setattr(belongings, 'HOLDING', 1.)
    rng = np.random.default_rng(0)
    keypoints = np.zeros((17, 3))
    keypoints[:5] = [[0, 16, 1], [.3, 16.3, .9], [-.3, 16.3, .9], [.8, 16.3, 0], [-.8, 16.3, 0]]
    keypoints[7:11] = [[3, 11, 0], [-3, 11, 0], [3, 9, 1], [-3, 9, 1]]
    for turn in (np.eye(3), np.array([[0., -1, 0], [1, 0, 0], [0, 0, 1]])):
        person = Person([], keypoints @ turn.T, 17., None)
        for _ in range(20):
            hat = belongings.worn(rng, person, Materials())
            assert 1 <= len(hat) <= 2
            x, y, z = ((hat[0].vertices - person.keypoints[3:5].mean(0)) @ turn).T
            assert .4 < y.mean() < 2.2 and abs(x.mean()) < .1 and abs(z.mean()) < .6
            assert np.ptp(x) > 1.6  # wider than from ear to ear
            things = belongings.held(rng, person, Materials(), 1)
            assert 2 <= len(things) <= 4
            for hand in (person.keypoints[9], person.keypoints[10]):
                assert min(np.linalg.norm(t.vertices - hand, axis=1).min() for t in things) < 4


def test_views_are_fitted_by_the_engine(tmp_path):
    """A tall picture that is not varied is what PoseEngine feeds its network, keypoints with it."""
    pytest.importorskip('torch')
    from pose_engine import PoseEngine
    from training import shards
    from training.scenes import MAX_PEOPLE, SEEN
    from training.views import Views
    picture = np.random.default_rng(0).integers(0, 256, (480, 300, 3), np.uint8)
    keypoints = np.zeros((1, MAX_PEOPLE, 17, 3), np.float32)
    keypoints[0, 0] = 299, 240, SEEN
    shards.write_shard(shards.shard_path(tmp_path, 0), images=picture[None], keypoints=keypoints,
                       areas=np.zeros((1, MAX_PEOPLE), np.float32))
    views = Views(shards.find_shards(tmp_path), None, 1, 0, vary=False)
    view = views.view(np.random.default_rng(0))
    engine = PoseEngine(google_model('353_481'), device='cpu')
    engine.DetectPosesInImage(picture)
    assert view.image.shape == (353, 481, 3)
    assert (view.image == engine._canvas).all()
    assert view.used == (221, 353)
    assert view.keypoints[0, :, :2] == pytest.approx(np.tile([299 * 221 / 300, 176.5], (17, 1)))


def test_views_vary_as_cameras_do(tmp_path):
    """Some leave a grey bar at the right or below, kept while colours change; nobody is in it."""
    pytest.importorskip('torch')
    from training.scenes import OUTSIDE
    from training.views import Views
    views = Views(write_pictures(tmp_path, 4), None, 8, 0)
    tall = wide = whole = 0
    rng = np.random.default_rng(0)
    for _ in range(150):
        view = views.view(rng)
        width, height = view.used
        tall, wide = tall + (width < 470), wide + (height < 345)
        whole += (width, height) == (481, 353)
        inside = view.keypoints[view.keypoints[..., 2] > OUTSIDE][:, :2]
        assert (inside <= view.used).all()
        assert (view.image[height:] == 128).all() and (view.image[:, width:] == 128).all()
    assert tall > 10 and wide > 3 and whole > 60
    batch = next(iter(views))
    assert batch.images.shape == (8, 3, 353, 481)
    grey = (batch.images[:, :, :, -1] == 0).flatten(1).all(1)
    assert 0 < grey.sum() < 8


def write_pictures(folder, count):
    """A shard of noise with one person whose keypoints are known in each picture but the last."""
    from training import shards
    from training.scenes import HEIGHT, MAX_PEOPLE, SEEN, WIDTH
    rng = np.random.default_rng(1)
    keypoints = np.zeros((count, MAX_PEOPLE, 17, 3), np.float32)
    keypoints[:-1, 0] = [200, 150, SEEN]
    shards.write_shard(shards.shard_path(folder, 0),
                       images=rng.integers(0, 256, (count, HEIGHT, WIDTH, 3), np.uint8),
                       keypoints=keypoints, areas=np.zeros((count, MAX_PEOPLE), np.float32))
    return shards.find_shards(folder)


def test_teacher_sees_what_the_student_sees(tmp_path):
    """Its maps in a batch are its answer to the very bytes of the batch."""
    pytest.importorskip('torch')
    from training.teacher import HINTS, Teacher
    from training.views import Views
    path = pathlib.Path(google_model('353_481'))
    batch = next(iter(Views(write_pictures(tmp_path, 4), path, 2, 0)))
    assert batch.has_teacher
    assert batch.has_truth.all()
    assert len(batch.hints) == len(HINTS) == 3
    teacher = Teacher(path)
    for n, image in enumerate(batch.images):
        seen = ((image + 1) * 128).permute(1, 2, 0).numpy()
        assert (seen == seen.astype(np.uint8)).all()
        answer = teacher.look(np.ascontiguousarray(seen.astype(np.uint8)))
        maps = [batch.heatmaps, batch.short_offsets, batch.mid_offsets, *batch.hints]
        assert len(answer) == len(maps) == 6
        for expected, got in zip(answer, maps):
            assert expected.any()
            assert (got[n].numpy() == expected).all()


def test_views_of_another_size(tmp_path):
    """A picture in a quarter of the area, keypoints and the teacher's maps with it."""
    pytest.importorskip('torch')
    from training.views import CUT_SIZE, Views
    path = pathlib.Path(google_model('353_481'))
    batch = next(iter(Views(write_pictures(tmp_path, 4), path, 3, 0, vary=False, size=CUT_SIZE)))
    assert batch.images.shape == (3, 3, 177, 241)
    assert batch.heatmaps.shape == (3, 17, 12, 16)
    assert batch.hints[0].shape == (3, 192, 23, 31)
    known = batch.keypoints[batch.has_truth][:, 0]
    assert len(known)
    assert known[..., :2].numpy() == pytest.approx(np.tile([200, 150], known.shape[:2] + (1,)) *
                                                   177 / 480, abs=.5)


def test_another_teacher_is_refused(tmp_path):
    """One line says what its input is and what is needed; nothing was trained."""
    pytest.importorskip('torch')
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
    pytest.importorskip('torch')
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
    torch = pytest.importorskip('torch')
    from posesuite.pose.skeleton import EDGES, STRIDE
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
    for e, (parent, child) in enumerate(EDGES):
        for start, end, part in ((parent, child, 0), (child, parent, 2)):
            row, column = (round(points[start][i] / STRIDE) for i in (1, 0))
            channels = [16 * part + e, 16 * (part + 1) + e]
            assert maps.mid_mask[0, channels, row, column].tolist() == [1, 1]
            assert maps.mid[0, channels, row, column].numpy() == pytest.approx(
                [points[end][1] - row * STRIDE, points[end][0] - column * STRIDE], abs=1e-3)


def test_training_goes_on_where_it_was(tmp_path):
    """Taught by Google's model; more minutes than before train further, and never on cuts again."""
    pytest.importorskip('torch')
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
    pytest.importorskip('torch')
    pytest.importorskip('litert_torch')
    assets = ROOT / 'makehuman'
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


def test_poses_are_counted_by_how_well_they_fit():
    """The better of two poses takes the person; the other one is unmatched."""
    pytest.importorskip('tqdm')
    from training.evaluate import Found, Tally, oks
    points = np.random.default_rng(0).uniform(50, 250, (17, 2))
    person = Found(points, np.ones(17), 1.)
    shifted = [Found(points + shift, np.ones(17), .5) for shift in (0, 10, 16, 24, 34, 80)]
    fits = [oks(pose, person) for pose in shifted]
    assert fits[0] == 1
    assert fits == sorted(fits, reverse=True)
    tally = Tally()
    for pose in shifted:
        tally.add('', np.zeros((300, 300, 3), np.uint8), [pose, shifted[-1]], [person], False)
    result = tally.result()
    assert result['reference_poses'] == len(shifted)
    assert result['found_by_oks'] == {str(least): sum(fit > least for fit in fits)
                                      for least in (.1, .3, .5, .75)}
    assert len(set(result['found_by_oks'].values())) == 4
    assert result['found'] == result['found_by_oks']['0.5']
    assert result['unmatched_a_picture'] == round(2 - result['found'] / len(shifted), 3)
