"""What the bundled models promise."""
import pathlib

from helpers import ROOT

import pytest

MODELS = sorted((pathlib.Path(ROOT) / 'models/rendered').glob('*_quant.tflite'))
# Operators of the Edge TPU compiler's published list that this network may use.
EDGE_TPU_OPERATORS = {'CONV_2D', 'DEPTHWISE_CONV_2D', 'QUANTIZE', 'CONCATENATION'}


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
