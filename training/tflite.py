"""Takes a TensorFlow Lite file apart and puts it together: the decoder op on or off, uint8 ends,
another output stride or size of the input, the outputs of the TFLite guide's PoseNet.
"""
import copy

import flatbuffers
import numpy as np
from ai_edge_litert import interpreter
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

DECODER_OP = b'PosenetDecoderOp'
# As in Google's models. The radius is in pixels of the input.
DECODER_OPTIONS = {'max_detections': 10, 'nms_radius': 10., 'score_threshold': .2, 'stride': 16}
FILE_IDENTIFIER = b'TFL3'


def read(data: bytes) -> schema.ModelT:
    """The model that a .tflite file holds."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    for buffer in model.buffers:
        if buffer.offset > 1:  # the quantizer writes constants behind the flatbuffer
            buffer.data = np.frombuffer(data, np.uint8, buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def write(model: schema.ModelT) -> bytes:
    """A .tflite file."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())


def without_decoder(data: bytes) -> bytes:
    """The same model without the op at its end, so that it gives its maps.

    Raises:
      ValueError: the last operator is another one.
    """
    model = read(data)
    graph = model.subgraphs[0]
    last = graph.operators[-1]
    if model.operatorCodes[last.opcodeIndex].customCode != DECODER_OP:
        raise ValueError('the model has no decoder op at its end')
    graph.operators.pop()
    graph.outputs = last.inputs
    return write(model)


def with_tensors(data: bytes, names: 'list[str]') -> bytes:
    """The same model with more outputs: the tensors of these names.

    Raises:
      ValueError: one is missing.
    """
    model = read(data)
    graph = model.subgraphs[0]
    numbers = {tensor.name.decode(): number for number, tensor in enumerate(graph.tensors)}
    missing = [name for name in names if name not in numbers]
    if missing:
        raise ValueError(f'the model has no tensor {missing[0]}')
    graph.outputs = [*graph.outputs, *(numbers[name] for name in names)]
    return write(model)


def _operator_code(model: schema.ModelT, builtin: int, custom: 'bytes | None' = None) -> int:
    """The number of an operator's code, added if the model has none yet."""
    for i, code in enumerate(model.operatorCodes):
        if code.builtinCode == builtin and code.customCode == custom:
            return i
    code = schema.OperatorCodeT()
    code.builtinCode, code.version, code.customCode = builtin, 1, custom
    code.deprecatedBuiltinCode = min(builtin, 127)
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _operator(code: int, inputs: 'list[int]', outputs: 'list[int]') -> schema.OperatorT:
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, outputs
    return operator


def _add_tensor(model: schema.ModelT, name: str, kind: int, shape: 'list[int]') -> int:
    graph = model.subgraphs[0]
    model.buffers.append(schema.BufferT())
    tensor = schema.TensorT()
    tensor.name, tensor.type, tensor.shape = name.encode(), kind, shape
    tensor.buffer = len(model.buffers) - 1
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _add_uint8_twin(model: schema.ModelT, number: int, name: str) -> int:
    """A uint8 tensor that means the same as an int8 one: each byte is 128 more."""
    of = model.subgraphs[0].tensors[number]
    twin = _add_tensor(model, name, schema.TensorType.UINT8, list(of.shape))
    quantization = copy.deepcopy(of.quantization)
    quantization.zeroPoint = [int(zero) + 128 for zero in quantization.zeroPoint]
    model.subgraphs[0].tensors[twin].quantization = quantization
    return twin


def with_uint8_ends(data: bytes, input_name: str, output_names: 'list[str]') -> bytes:
    """An int8 model that takes and gives uint8, as Google's models do.

    Raises:
      ValueError: an end of the model is not int8.
    """
    model = read(data)
    graph = model.subgraphs[0]
    for i in [*graph.inputs, *graph.outputs]:
        if graph.tensors[i].type != schema.TensorType.INT8:
            raise ValueError(f'{graph.tensors[i].name.decode()} is not int8')
    quantize = _operator_code(model, schema.BuiltinOperator.QUANTIZE)
    inside = int(graph.inputs[0])
    outside = _add_uint8_twin(model, inside, input_name)
    graph.operators.insert(0, _operator(quantize, [outside], [inside]))
    graph.inputs = [outside]
    outputs = []
    for i, name in zip(graph.outputs, output_names):
        outputs.append(_add_uint8_twin(model, int(i), name))
        graph.operators.append(_operator(quantize, [int(i)], [outputs[-1]]))
    graph.outputs = outputs
    model.signatureDefs = None  # they name the old ends
    return write(model)


def with_decoder(data: bytes, stride: int = 16) -> bytes:
    """The model with the decoder op at its end; its outputs are heatmaps, short, mid offsets."""
    model = read(data)
    graph = model.subgraphs[0]
    most = DECODER_OPTIONS['max_detections']
    outputs = [_add_tensor(model, name, schema.TensorType.FLOAT32, shape) for name, shape in (
        ('poses', [1, most, 17, 2]), ('poses:1', [1, most, 17]), ('poses:2', [1, most]),
        ('poses:3', []))]
    code = _operator_code(model, schema.BuiltinOperator.CUSTOM, DECODER_OP)
    decoder = _operator(code, [int(i) for i in graph.outputs], outputs)
    decoder.customOptions = list(flexbuffers.Dumps(dict(DECODER_OPTIONS, stride=stride)))
    graph.operators.append(decoder)
    graph.outputs = outputs
    return write(model)


def with_stride(data: bytes, stride: int) -> bytes:
    """A PoseNet of output stride 16, without the decoder op, at stride 8 or 32.

    The weights are the same, and so is what the maps say at the cells that both strides have. At 8
    the last layer with a stride loses it, and all after it are dilated in turn (Papandreou et al.,
    PersonLab, arXiv 1803.08225); at 32 the last layer gets one.

    Raises:
      ValueError: the model has no output stride of 16.
    """
    model = read(data)
    depthwise, strides = [], 1
    for operator in model.subgraphs[0].operators:
        code = _builtin(model, operator)
        if code in (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.DEPTHWISE_CONV_2D):
            strides *= operator.builtinOptions.strideW
        if code == schema.BuiltinOperator.DEPTHWISE_CONV_2D:
            depthwise.append(operator.builtinOptions)
    if strides != 16:
        raise ValueError(f'the model has an output stride of {strides}: expected 16')
    if stride == 8:
        last = max(i for i, options in enumerate(depthwise) if options.strideW == 2)
        depthwise[last].strideW = depthwise[last].strideH = 1
        for options in depthwise[last + 1:]:
            options.dilationWFactor = options.dilationHFactor = 2
    elif stride == 32:
        depthwise[-1].strideW = depthwise[-1].strideH = 2
    return _with_shapes(model)


def input_size(data: bytes) -> 'tuple[int, int]':
    """Height and width of the input in pixels."""
    graph = read(data).subgraphs[0]
    height, width = graph.tensors[graph.inputs[0]].shape[1:3]
    return int(height), int(width)


def with_size(data: bytes, height: int, width: int) -> bytes:
    """A PoseNet without the decoder op for images of another size in pixels."""
    model = read(data)
    graph = model.subgraphs[0]
    graph.tensors[graph.inputs[0]].shape = [1, height, width, 3]
    return _with_shapes(model)


def with_displacements(data: bytes) -> bytes:
    """A PoseNet with three maps in the form of the TFLite guide's: float32 of -1 to 1 in; heatmaps,
    offsets, displacements forward and displacements backward out, float32.
    """
    model = read(data)
    graph = model.subgraphs[0]
    inside = int(graph.inputs[0])
    if graph.tensors[inside].type != schema.TensorType.FLOAT32:
        shape = list(graph.tensors[inside].shape)
        graph.inputs = [_add_tensor(model, 'image_float', schema.TensorType.FLOAT32, shape)]
        quantize = _operator_code(model, schema.BuiltinOperator.QUANTIZE)
        graph.operators.insert(0, _operator(quantize, graph.inputs, [inside]))
    maps = []
    for i, name in zip(map(int, graph.outputs), ('heatmaps', 'offsets', 'mid_offsets_float')):
        if graph.tensors[i].type == schema.TensorType.FLOAT32:
            maps.append(i)
            continue
        shape = list(graph.tensors[i].shape)
        maps.append(_add_tensor(model, name, schema.TensorType.FLOAT32, shape))
        dequantize = _operator_code(model, schema.BuiltinOperator.DEQUANTIZE)
        model.operatorCodes[dequantize].version = 2
        graph.operators.append(_operator(dequantize, [i], maps[-1:]))
    mid_offsets = maps.pop()
    *cells, channels = graph.tensors[mid_offsets].shape
    halves = [_add_tensor(model, f'displacement_{way}', schema.TensorType.FLOAT32,
                          [*cells, channels // 2]) for way in ('fwd', 'bwd')]
    axis = _add_tensor(model, 'axis', schema.TensorType.INT32, [])
    model.buffers[graph.tensors[axis].buffer].data = np.frombuffer(
        np.array(3, np.int32).tobytes(), np.uint8)
    split = _operator(_operator_code(model, schema.BuiltinOperator.SPLIT), [axis, mid_offsets],
                      halves)
    split.builtinOptionsType = schema.BuiltinOptions.SplitOptions
    split.builtinOptions = schema.SplitOptionsT()
    split.builtinOptions.numSplits = 2
    graph.operators.append(split)
    graph.outputs = maps + halves
    model.signatureDefs = None
    return write(model)


def has_decoder(data: bytes) -> bool:
    """Whether a model ends in the decoder op."""
    model = read(data)
    last = model.subgraphs[0].operators[-1]
    return model.operatorCodes[last.opcodeIndex].customCode == DECODER_OP


def _builtin(model: schema.ModelT, operator: schema.OperatorT) -> int:
    code = model.operatorCodes[operator.opcodeIndex]
    return max(code.builtinCode, code.deprecatedBuiltinCode)  # old files have the latter alone


def _with_shapes(model: schema.ModelT) -> bytes:
    """A .tflite file, with the shapes of all tensors as the runtime derives them."""
    kernels = interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    runtime = interpreter.Interpreter(model_content=write(model),
                                      experimental_op_resolver_type=kernels)
    runtime.allocate_tensors()
    for tensor, details in zip(model.subgraphs[0].tensors, runtime.get_tensor_details()):
        if tensor.shape is not None:
            tensor.shape = details['shape'].tolist()
    return write(model)
