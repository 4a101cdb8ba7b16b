"""Makes model files that nobody publishes in a handy form or size, most of them out of others.

Needs the schema that comes with ai-edge-litert; where that is not installed, its tests skip.
"""
from typing import Any, List

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

FLOAT32, UINT8 = schema.TensorType.FLOAT32, schema.TensorType.UINT8


def read(path: str) -> Any:
    with open(path, 'rb') as file:
        return schema.ModelT.InitFromPackedBuf(file.read(), 0)


def write(model: Any, path: str) -> str:
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=b'TFL3')
    with open(path, 'wb') as file:
        file.write(builder.Output())
    return path


def add_tensor(model: Any, name: str, shape: List[int], kind: int = FLOAT32) -> int:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), shape, kind, 0
    model.subgraphs[0].tensors.append(tensor)
    return len(model.subgraphs[0].tensors) - 1


def add_constant(model: Any, name: str, values: np.ndarray) -> int:
    kind = {'int32': schema.TensorType.INT32, 'float32': FLOAT32}[values.dtype.name]
    index = add_tensor(model, name, list(values.shape), kind)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    model.buffers.append(buffer)
    model.subgraphs[0].tensors[index].buffer = len(model.buffers) - 1
    return index


def add_operator(model: Any, code: int, inputs: List[int], outputs: List[int],
                 options: Any = None, at: int = -1) -> None:
    operator_code = schema.OperatorCodeT()
    operator_code.builtinCode = operator_code.deprecatedBuiltinCode = code
    operator_code.version = 2 if code == schema.BuiltinOperator.DEQUANTIZE else 1
    model.operatorCodes.append(operator_code)
    operator = schema.OperatorT()
    operator.opcodeIndex = len(model.operatorCodes) - 1
    operator.inputs, operator.outputs = inputs, outputs
    if options is not None:
        operator.builtinOptionsType = schema.BuiltinOptions.SplitOptions
        operator.builtinOptions = options
    operators = model.subgraphs[0].operators
    operators.insert(at % (len(operators) + 1), operator)


def four_outputs(google_model: str, path: str) -> str:
    """Google's network in the form of the TFLite and TensorFlow.js PoseNets.

    Float input in [-1, 1]; outputs heatmaps 17, offsets 34, displacement_fwd 32 and
    displacement_bwd 32, all float: a QUANTIZE before it, DEQUANTIZE and SPLIT behind.
    """
    model = read(google_model)
    graph = model.subgraphs[0]
    decoder = graph.operators.pop()
    heatmaps, offsets, mid_offsets = list(decoder.inputs)
    old_input = graph.inputs[0]
    new_input = add_tensor(model, 'image', list(graph.tensors[old_input].shape))
    add_operator(model, schema.BuiltinOperator.QUANTIZE, [new_input], [old_input], at=0)
    graph.inputs = [new_input]
    floats = []
    for name, index in (('heatmap', heatmaps), ('offset', offsets), ('mid', mid_offsets)):
        floats.append(add_tensor(model, name, list(graph.tensors[index].shape)))
        add_operator(model, schema.BuiltinOperator.DEQUANTIZE, [index], [floats[-1]])
    height, width = graph.tensors[heatmaps].shape[1:3]
    halves = [add_tensor(model, name, [1, height, width, 32])
              for name in ('displacement_fwd', 'displacement_bwd')]
    options = schema.SplitOptionsT()
    options.numSplits = 2
    axis = add_constant(model, 'axis', np.array(3, np.int32))
    add_operator(model, schema.BuiltinOperator.SPLIT, [axis, floats.pop()], halves, options)
    # The TensorFlow.js models list backward before forward: names decide.
    graph.outputs = floats + halves[::-1]
    return write(model, path)


def one_person_outputs(raw_model: str, path: str) -> str:
    """A PoseNet with heatmaps and short offsets alone."""
    model = read(raw_model)
    model.subgraphs[0].outputs = list(model.subgraphs[0].outputs)[:2]
    return write(model, path)


def with_fixed_heatmaps(raw_model: str, path: str) -> str:
    """A PoseNet whose heatmaps go through a RESHAPE to the size that they have."""
    model = read(raw_model)
    graph = model.subgraphs[0]
    index = graph.outputs[0]
    tensor = graph.tensors[index]
    fixed = add_tensor(model, 'heatmaps', list(tensor.shape), tensor.type)
    graph.tensors[fixed].quantization = tensor.quantization
    shape = add_constant(model, 'shape', np.array(tensor.shape, np.int32))
    add_operator(model, schema.BuiltinOperator.RESHAPE, [index, shape], [fixed])
    graph.outputs = [fixed, *list(graph.outputs)[1:]]
    return write(model, path)


def bodypix_decoder(component: str, path: str, height: int, width: int) -> str:
    """The decoder component with BodyPix's fourth input and fifth output, for maps of any size."""
    model = read(component)
    graph = model.subgraphs[0]
    operator = graph.operators[-1]
    for index in graph.inputs:
        shape = graph.tensors[index].shape
        graph.tensors[index].shape = [1, height, width, shape[3]]
    long_offsets = add_tensor(model, 'long_offsets', [1, height, width, 34])
    masks = add_tensor(model, 'masks', [1, 20, height, width])
    operator.inputs = list(operator.inputs) + [long_offsets]
    operator.outputs = list(operator.outputs) + [masks]
    graph.inputs = list(graph.inputs) + [long_offsets]
    graph.outputs = list(graph.outputs) + [masks]
    return write(model, path)


def with_input_size(model_path: str, path: str, height: int, width: int) -> str:
    """A PoseNet for images of another size in pixels; the runtime derives all other sizes."""
    model = read(model_path)
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].shape = [1, height, width, 3]
    return write(model, path)


def pixels_are_keypoints(path: str) -> str:
    """A network with outputs as MoveNet's: int32 [1, 17, 1, 3] in, the same as [1, 1, 17, 3] out.

    So the pixels (red, green, blue) of an image of 1x17 pixels become (y, x, score) of keypoints.
    """
    model = empty_model()
    graph = model.subgraphs[0]
    image = add_tensor(model, 'image', [1, 17, 1, 3], schema.TensorType.INT32)
    keypoints = add_tensor(model, 'keypoints', [1, 1, 17, 3], schema.TensorType.INT32)
    shape = add_constant(model, 'shape', np.array([1, 1, 17, 3], np.int32))
    add_operator(model, schema.BuiltinOperator.RESHAPE, [image, shape], [keypoints])
    graph.inputs, graph.outputs = [image], [keypoints]
    return write(model, path)


def empty_model() -> Any:
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [], []
    model = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], []
    model.buffers = [schema.BufferT()]
    return model


def constant_network(path: str, shape: List[int], output: np.ndarray) -> str:
    """A network that always answers the same: uint8 in of a shape, -1 for any size, float32 out.

    The image takes part with nothing: its sum times 0 is added.
    """
    model = empty_model()
    graph = model.subgraphs[0]
    image = add_tensor(model, 'image', [abs(size) for size in shape], UINT8)
    if -1 in shape:
        graph.tensors[image].shapeSignature = shape
    floats = add_tensor(model, 'floats', [abs(size) for size in shape])
    add_operator(model, schema.BuiltinOperator.CAST, [image], [floats])
    maximum = add_tensor(model, 'maximum', [])
    axes = add_constant(model, 'axes', np.arange(4, dtype=np.int32))
    add_operator(model, schema.BuiltinOperator.REDUCE_MAX, [floats, axes], [maximum])
    nothing = add_tensor(model, 'nothing', [])
    zero = add_constant(model, 'zero', np.array(0, np.float32))
    add_operator(model, schema.BuiltinOperator.MINIMUM, [maximum, zero], [nothing])
    answer = add_tensor(model, 'answer', list(output.shape))
    add_operator(model, schema.BuiltinOperator.ADD,
                 [add_constant(model, 'output', output), nothing], [answer])
    graph.inputs, graph.outputs = [image], [answer]
    return write(model, path)


def mean_is_everything(path: str, side: int, kind: str, shape: List[int]) -> str:
    """A network that answers the mean of its image, 0 to 1, as every value of its output.

    kind: the input's type, 'UINT8', 'INT8', 'INT32' or 'FLOAT32'; values mean 0 to 255.
    """
    model = empty_model()
    graph = model.subgraphs[0]
    image = add_tensor(model, 'image', [1, side, side, 3], getattr(schema.TensorType, kind))
    floats = image
    if kind != 'FLOAT32':
        floats = add_tensor(model, 'floats', [1, side, side, 3])
        add_operator(model, schema.BuiltinOperator.CAST, [image], [floats])
    mean = add_tensor(model, 'mean', [])
    axes = add_constant(model, 'axes', np.arange(4, dtype=np.int32))
    add_operator(model, schema.BuiltinOperator.MEAN, [floats, axes], [mean])
    level, share, answer = (add_tensor(model, name, size) for name, size in (
        ('level', []), ('share', []), ('answer', shape)))
    start = add_constant(model, 'start', np.array(128 if kind == 'INT8' else 0, np.float32))
    white = add_constant(model, 'white', np.array(1 / 255, np.float32))
    zeros = add_constant(model, 'zeros', np.zeros(shape, np.float32))
    add_operator(model, schema.BuiltinOperator.ADD, [mean, start], [level])
    add_operator(model, schema.BuiltinOperator.MUL, [level, white], [share])
    add_operator(model, schema.BuiltinOperator.ADD, [zeros, share], [answer])
    graph.inputs, graph.outputs = [image], [answer]
    return write(model, path)


def decoder_alone(full_model: str, path: str) -> str:
    """The decoder op of a model, without its network: the op's inputs are float32 maps."""
    model = read(full_model)
    graph = model.subgraphs[0]
    graph.operators = graph.operators[-1:]
    operator = graph.operators[0]
    for index in operator.inputs:
        graph.tensors[index].type, graph.tensors[index].quantization = FLOAT32, None
    graph.inputs, graph.outputs = list(operator.inputs), list(operator.outputs)
    model.signatureDefs = []
    return write(model, path)


def compiled_part(cpu_model: str, edgetpu_model: str, path: str) -> str:
    """What the edgetpu-custom-op of a model computes, taken from the model's CPU file by the names
    of tensors.
    """
    compiled, model = read(edgetpu_model), read(cpu_model)
    inside = compiled.subgraphs[0]
    operator = next(each for each in inside.operators
                    if compiled.operatorCodes[each.opcodeIndex].customCode == b'edgetpu-custom-op')
    graph = model.subgraphs[0]
    numbers = {tensor.name: number for number, tensor in enumerate(graph.tensors)}
    graph.inputs, graph.outputs = ([numbers[inside.tensors[i].name] for i in ends]
                                   for ends in (operator.inputs, operator.outputs))
    before = next((i for i, each in enumerate(graph.operators)
                   if graph.inputs[0] in list(each.outputs)), -1)
    graph.operators = [each for each in graph.operators[before + 1:]
                       if not model.operatorCodes[each.opcodeIndex].customCode]
    model.signatureDefs = []
    return write(model, path)


def for_edgetpu(full_model: str, path: str) -> str:
    """A model with the decoder in the form that Edge TPU's compiler gives it: one edgetpu-custom-op
    in place of the network. Only the tests' stand-in for the device runs it.
    """
    model = read(full_model)
    graph = model.subgraphs[0]
    graph.operators = graph.operators[-1:]
    add_operator(model, schema.BuiltinOperator.CUSTOM, list(graph.inputs),
                 list(graph.operators[0].inputs), at=0)
    model.operatorCodes[-1].customCode = b'edgetpu-custom-op'
    return write(model, path)
