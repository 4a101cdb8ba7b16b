"""Makes small .onnx files whose inputs and outputs have the forms of known networks'.

Needs the package onnx; where that is not installed, the tests that import this are skipped.
"""
from typing import Any, Dict, Optional, Sequence, Union

import numpy as np
from onnx import TensorProto, helper, numpy_helper

IR_VERSION, OPSET = 8, 13  # old enough for every ONNX Runtime that the suite serves
TYPES = {np.dtype(name): number for name, number in [
    ('float32', TensorProto.FLOAT), ('float16', TensorProto.FLOAT16), ('uint8', TensorProto.UINT8),
    ('bool', TensorProto.BOOL), ('int8', TensorProto.INT8), ('int32', TensorProto.INT32),
    ('int64', TensorProto.INT64)]}
Shape = Sequence[Union[int, str]]  # a name stands for an open dimension


def save(path: Any, nodes: Sequence[Any], inputs: Dict[str, Any], outputs: Dict[str, Any],
         constants: Optional[Dict[str, np.ndarray]] = None,
         metadata: Optional[Dict[str, str]] = None) -> str:
    """inputs, outputs: (type, shape) by name. Returns the path."""
    infos = [[helper.make_tensor_value_info(name, TYPES[np.dtype(kind)], shape)
              for name, (kind, shape) in tensors.items()] for tensors in (inputs, outputs)]
    graph = helper.make_graph(list(nodes), 'graph', *infos, [
        numpy_helper.from_array(values, name) for name, values in (constants or {}).items()])
    model = helper.make_model(graph, ir_version=IR_VERSION,
                              opset_imports=[helper.make_opsetid('', OPSET)])
    helper.set_model_props(model, metadata or {})
    with open(str(path), 'wb') as file:
        file.write(model.SerializeToString())
    return str(path)


def answers(path: Any, outputs: Dict[str, np.ndarray], shape: Shape = (1, 3, 64, 96),
            kind: str = 'float32', declared: Optional[Dict[str, Shape]] = None,
            metadata: Optional[Dict[str, str]] = None) -> str:
    """A network with the same answers to every image.

    shape, kind: of its input. declared: shapes of outputs as the file has them where it leaves
        dimensions open.
    """
    nodes = [helper.make_node('Identity', [f'{name}_is'], [name]) for name in outputs]
    nodes.append(helper.make_node('Identity', ['image'], ['unused']))
    return save(path, nodes, {'image': (kind, shape)},
                {name: (values.dtype, (declared or {}).get(name, values.shape))
                 for name, values in outputs.items()},
                {f'{name}_is': values for name, values in outputs.items()}, metadata)


def echo(path: Any, shape: Shape, kind: str = 'float32',
         metadata: Optional[Dict[str, str]] = None) -> str:
    """A network whose output is its input."""
    return save(path, [helper.make_node('Identity', ['image'], ['echo'])],
                {'image': (kind, shape)}, {'echo': (kind, shape)}, metadata=metadata)


def brightest(path: Any, width: int, height: int, parts: int = 17, y_first: bool = False) -> str:
    """A network with SimCC's outputs, for which every part is where the image is brightest."""
    nodes, constants = [], {}
    for axis, size, others in (('x', width, [1, 2]), ('y', height, [1, 3])):
        constants.update({f'column_{axis}': np.array([1, size, 1], np.int64),
                          f'twice_{axis}': np.array([1, 1, 2], np.int64),
                          f'row_{axis}': np.array([1, 1, 2 * size], np.int64),
                          f'parts_{axis}': np.array([1, parts, 1], np.int64)})
        nodes += [helper.make_node('ReduceMax', ['image'], [f'most_{axis}'], axes=others),
                  helper.make_node('Reshape', [f'most_{axis}', f'column_{axis}'], [f'a_{axis}']),
                  helper.make_node('Tile', [f'a_{axis}', f'twice_{axis}'], [f'b_{axis}']),
                  helper.make_node('Reshape', [f'b_{axis}', f'row_{axis}'], [f'c_{axis}']),
                  helper.make_node('Tile', [f'c_{axis}', f'parts_{axis}'], [f'simcc_{axis}'])]
    outputs = {f'simcc_{axis}': ('float32', (1, parts, 2 * size))
               for axis, size in (('x', width), ('y', height))[::-1 if y_first else 1]}
    return save(path, nodes, {'image': ('float32', (1, 3, height, width))}, outputs, constants)


def external(path: Any, location: str) -> str:
    """A network that adds three numbers which are in another file."""
    weights = numpy_helper.from_array(np.zeros((1, 3, 1, 1), np.float32), 'weights')
    weights.ClearField('raw_data')
    weights.data_location = TensorProto.EXTERNAL
    entry = weights.external_data.add()
    entry.key, entry.value = 'location', location
    graph = helper.make_graph(
        [helper.make_node('Add', ['image', 'weights'], ['sum'])], 'graph',
        *[[helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 3, 64, 96))]
          for name in ('image', 'sum')], [weights])
    model = helper.make_model(graph, ir_version=IR_VERSION,
                              opset_imports=[helper.make_opsetid('', OPSET)])
    with open(str(path), 'wb') as file:
        file.write(model.SerializeToString())
    return str(path)


def greedy(path: Any, floats: int) -> str:
    """A network that fills so many floats of memory."""
    nodes = [helper.make_node('ConstantOfShape', ['shape'], ['much']),
             helper.make_node('ReduceMean', ['much'], ['mean'], keepdims=0),
             helper.make_node('Add', ['image', 'mean'], ['sum'])]
    return save(path, nodes, {'image': ('float32', (1, 3, 64, 96))},
                {'sum': ('float32', (1, 3, 64, 96))},
                {'shape': np.array([floats // 1000, 1000], np.int64)})
