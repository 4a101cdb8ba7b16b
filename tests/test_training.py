"""The training pipeline: its mathematics, its files, and a minute of it from end to end.

What needs PyTorch or MakeHuman's files (in `makehuman/`, see training/assets.py) is skipped where
they are not; what the bundled models promise is always tested.
"""
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from conftest import google_model, shared

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


def test_mirror_twice_is_nothing():
    """Channel orders and signs of a mirror undo themselves."""
    from training import personlab
    for order, sign in ((personlab.SHORT_MIRROR, personlab.SHORT_SIGN),
                        (personlab.MID_MIRROR, personlab.MID_SIGN)):
        assert (order[order] == np.arange(len(order))).all()
        assert (sign[order] * sign == 1).all()


def test_exact_maps_lead_from_keypoint_to_keypoint():
    """Short offsets point at the keypoint, mid offsets at the next one along each edge."""
    torch = pytest.importorskip('torch')
    from training.crops import Batch
    from training.losses import exact_maps
    from training.personlab import EDGES, STRIDE
    from training.scenes import SEEN
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(20, 230, 17), rng.uniform(20, 170, 17)], 1)
    keypoints = np.zeros((1, 6, 17, 3), np.float32)
    keypoints[0, 2, :, :2], keypoints[0, 2, :, 2] = points, SEEN
    empty, no = torch.zeros(1, 64, 13, 17), torch.tensor([False])
    batch = Batch(torch.zeros(1, 3, 193, 257), empty[:, :17], empty[:, :34], empty, empty,
                  torch.from_numpy(keypoints), torch.tensor([True]), no, no)
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


def test_one_minute_from_end_to_end(tmp_path):
    """Render, label, train, go on and export; the network finds people in its own renders.

    Interrupted work is not done again.
    """
    pytest.importorskip('torch')
    pytest.importorskip('litert_torch')
    assets = ROOT / 'makehuman'
    if not assets.exists():
        assets = shared('makehuman')
    data, output = tmp_path / 'data', tmp_path / 'run'
    for count in (1, 2):
        run('training/render.py', '--assets', assets, '--output', data, '--shards', count,
            '--count', 60, '--workers', 1)
    assert len(list(data.glob('shard-*'))) == 2
    run('training/label.py', '--data', data, '--teacher', google_model('353_481'))
    for minutes in (.3, 1):
        run('training/train.py', '--data', data, '--output', output, '--minutes', minutes,
            '--width', .25, '--batch', 8, '--held-out', 0, '--checkpoint-minutes', .1)
    entries = [json.loads(line) for line in (output / 'log.jsonl').read_text().splitlines()]
    assert len(entries) >= 4
    assert entries[-1]['step'] > entries[0]['step']
    assert sum(entries[-1]['training']) < sum(entries[0]['training'])
    run('training/export.py', '--model', output / 'model.pt', '--data', data, '--output',
        tmp_path / 'models')
    exported = sorted(path.name for path in (tmp_path / 'models').glob('*.tflite'))
    assert len(exported) == 6
