"""What the decoder's tests share: the op in an interpreter, feature maps of the bundled network."""
import os
from typing import Any, Dict, List

from helpers import ROOT
from posesuite.engine.device import import_runtime
from posesuite.engine.raw_decoder import POSENET_SHARED_LIB

import numpy as np
from PIL import Image

DECODER = os.path.join(ROOT, 'posenet_decoder')
NETWORK = os.path.join(ROOT, 'models', 'rendered',
                       'posenet_rendered_mobilenet_v1_075_353_481_quant.tflite')
RUNTIME = import_runtime('ai_edge_litert', 'tflite_runtime')


def interpreter(path: str, **options: str) -> Any:
    """An interpreter with the decoder library, which gets these options."""
    delegate = RUNTIME.load_delegate(POSENET_SHARED_LIB, options)
    made = RUNTIME.Interpreter(path, experimental_delegates=[delegate])
    made.allocate_tensors()
    return made


def run(made: Any, inputs: List[np.ndarray]) -> List[np.ndarray]:
    for details, values in zip(made.get_input_details(), inputs):
        made.set_tensor(details['index'], values)
    made.invoke()
    return [made.get_tensor(details['index']) for details in made.get_output_details()]


def photo_maps(picture: str = 'couple.jpg') -> List[np.ndarray]:
    """Heatmaps, short and mid offsets, float32, of the bundled network on a picture of samples/."""
    made = RUNTIME.Interpreter(NETWORK)
    made.allocate_tensors()
    _, height, width, _ = made.get_input_details()[0]['shape']
    image = Image.open(os.path.join(ROOT, 'samples', picture)).convert('RGB')
    outputs = run(made, [np.asarray(image.resize((width, height), Image.NEAREST))[None]])
    return [dequantised(details, values)
            for details, values in zip(made.get_output_details(), outputs)]


def dequantised(details: Dict[str, Any], stored: np.ndarray) -> np.ndarray:
    """The values of a quantised tensor, float32."""
    scale, zero_point = details['quantization']
    return (stored.astype(np.float32) - zero_point) * np.float32(scale)


def details_of(maps: List[np.ndarray]) -> List[Dict[str, Any]]:
    """Float maps as an interpreter's details describe them."""
    return [{'shape': each.shape, 'dtype': np.float32, 'quantization': (0.0, 0)} for each in maps]
