"""PoseEngine: an image in, poses out. It draws, prints and captures nothing.

    from PIL import Image
    from pose_engine import PoseEngine

    engine = PoseEngine('models/mobilenet/'
                        'posenet_mobilenet_v1_075_481_641_quant_decoder_edgetpu.tflite')
    poses, inference_time = engine.DetectPosesInImage(Image.open('couple.jpg'))
"""
import functools
import hashlib
import importlib.util
import logging
import os
import re
import time
from enum import IntEnum
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import cv2
import numpy as np

import edgetpu
from posenet_decoder.raw_decoder import RawDecoder

__version__ = '0.1.0'

HERE = os.path.dirname(os.path.abspath(__file__))
POSENET_SHARED_LIB = os.path.join(HERE, 'posenet_decoder', 'posenet_decoder.so')
PADDING = 128  # the grey that the network calls 0, as it pads its own layers
# From 0..255 to what stands for -1..1 in the model's input.
INPUT_SCALES = {np.uint8: lambda image: image,
                np.int8: lambda image: (image ^ 128).view(np.int8),
                np.float32: lambda image: image * np.float32(1 / 127.5) - 1}
DECODER_OP = b'PosenetDecoderOp'
EDGETPU_OP = b'edgetpu-custom-op'
LOGGER = logging.getLogger(__name__)


class KeypointType(IntEnum):
    """The 17 keypoints by id. Left and right are the person's own."""
    NOSE = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    LEFT_EAR = 3
    RIGHT_EAR = 4
    LEFT_SHOULDER = 5
    RIGHT_SHOULDER = 6
    LEFT_ELBOW = 7
    RIGHT_ELBOW = 8
    LEFT_WRIST = 9
    RIGHT_WRIST = 10
    LEFT_HIP = 11
    RIGHT_HIP = 12
    LEFT_KNEE = 13
    RIGHT_KNEE = 14
    LEFT_ANKLE = 15
    RIGHT_ANKLE = 16

    def __str__(self) -> str:  # Python releases disagree on an IntEnum's
        return self.name


class Point(NamedTuple):
    """A place in an image, in pixels; (0, 0) is the centre of the top left pixel."""
    x: float
    y: float

    def distance(self, other: 'Point') -> float:
        """Euclidean distance in pixels."""
        return float(np.hypot(self.x - other.x, self.y - other.y))


class Keypoint(NamedTuple):
    """Where a part of the body is, and how sure the network is of it, 0 to 1."""
    point: Point
    score: float


class Pose(NamedTuple):
    """One person: all 17 keypoints, and the mean of their scores, 0 to 1."""
    keypoints: Dict[KeypointType, Keypoint]
    score: float


class EngineError(RuntimeError):
    """A model or a machine that does not serve: one line with what is wrong and what helps."""


class PoseEngine:
    """A PoseNet, loaded and ready.

    model_path: a .tflite file that ends in PosenetDecoderOp, built for the Edge TPU or for the
        CPU, or in raw feature maps: heatmaps 17, short offsets 34 and mid offsets 64 channels,
        or mid offsets as displacements forward 32 and backward 32.
    mirror: flip x of the keypoints, for a picture that is shown mirrored.
    device: 'cpu', 'edgetpu', 'edgetpu:N' (the Nth), 'usb', 'pci', or 'auto': what the file is
        built for, but where no Edge TPU answers, the CPU file beside an _edgetpu one.
    num_threads: of the CPU; by default one a core, at most 4.
    max_poses (1 to 1000), score_threshold (0 to 1), nms_radius (model pixels): the decoder's,
        instead of the model's own.

    Attributes: device ('cpu' or 'edgetpu'), model_path (the file in use), input_size (the model's
    width and height in pixels).

    Raises EngineError, or ValueError for an option out of range.
    """

    def __init__(self, model_path: str, mirror: bool = False, device: str = 'auto',
                 num_threads: Optional[int] = None, max_poses: Optional[int] = None,
                 score_threshold: Optional[float] = None,
                 nms_radius: Optional[float] = None) -> None:
        self.mirror = mirror
        options = {'max_detections': _in_range('max_poses', max_poses, 1, 1000),
                   'score_threshold': _in_range('score_threshold', score_threshold, 0, 1),
                   'nms_radius': _in_range('nms_radius', nms_radius, 0, 1e6)}
        options = {key: value for key, value in options.items() if value is not None}
        threads = _in_range('num_threads', num_threads, 1, 64) or min(4, os.cpu_count() or 1)
        model = read_model(os.fspath(model_path))
        self.model_path, model, runtime, delegates = _choose_device(
            os.fspath(model_path), model, device)
        self.device = 'edgetpu' if delegates else 'cpu'
        has_decoder = DECODER_OP in model
        self._decoder = None
        try:
            if has_decoder:
                delegates.append(runtime.load_delegate(
                    POSENET_SHARED_LIB, {key: repr(value) for key, value in options.items()}))
            self._model = model  # the interpreter reads it in place
            self._interpreter = runtime.Interpreter(
                model_content=model, num_threads=threads, experimental_delegates=delegates)
            self._interpreter.allocate_tensors()
            details = self._interpreter.get_input_details()[0]
            outputs = self._interpreter.get_output_details()
            _, height, width, channels = details['shape']
            if channels != 3 or details['dtype'] not in INPUT_SCALES:
                raise ValueError('its input is no image')
            self._outputs = _op_outputs(outputs) if has_decoder else _raw_outputs(outputs)
            if not has_decoder:
                stride = round((height - 1) / (self._outputs[0]['shape'][1] - 1))
                self._decoder = RawDecoder(POSENET_SHARED_LIB, self._outputs, stride, options)
        except (OSError, RuntimeError, ValueError) as error:
            raise EngineError(f'{self.model_path} does not load as a PoseNet: {_one_line(error)}')
        self.input_size = int(width), int(height)
        self._input = self._interpreter.tensor(details['index'])
        self._to_input = INPUT_SCALES[details['dtype']]
        self._canvas = np.full((height, width, 3), PADDING, np.uint8)
        self._used = 0, 0  # width and height of the canvas under the last image

    def DetectPosesInImage(self, img: Any) -> Tuple[List[Pose], float]:
        """Finds the people in an image.

        img: a PIL image of any mode, or a uint8 array [Y, X, RGB]; of any size. It is fitted into
            the model's input with its aspect ratio kept, or goes in untouched if it has its size.
        Returns (poses, inference_time): poses by falling score, keypoints in pixels of img;
            seconds that the network and its decoder took.
        Raises TypeError or ValueError for what is no such image, EngineError if the device fails.
        """
        image = _as_array(img)
        scale_x, scale_y = self._fit(image)
        view = self._input()[0]
        view[...] = self._to_input(self._canvas)
        del view  # the runtime refuses to run while its memory is referred to
        start = time.perf_counter()
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise EngineError(f'inference on the {self.device} failed: {_one_line(error)}')
        outputs = [self._interpreter.get_tensor(output['index']) for output in self._outputs]
        if self._decoder is not None:
            outputs = self._decoder(outputs)
        inference_time = time.perf_counter() - start

        keypoints, keypoint_scores, pose_scores, count = outputs
        count = int(count.item())
        height, width = image.shape[:2]
        points = keypoints[0, :count, :, ::-1]  # (y, x) to (x, y)
        points = (points + 0.5) / (scale_x, scale_y) - 0.5  # pixel centres onto pixel centres
        points = np.clip(points, 0, (width - 1, height - 1))
        if self.mirror:
            points[..., 0] = width - 1 - points[..., 0]
        poses = [
            Pose({part: Keypoint(Point(x, y), score)
                  for part, (x, y), score in zip(KeypointType, points_, scores)}, pose_score)
            for points_, scores, pose_score in zip(points.tolist(), keypoint_scores[0].tolist(),
                                                   pose_scores[0].tolist())]
        return poses, inference_time

    def _fit(self, image: np.ndarray) -> Tuple[float, float]:
        """Lays the image into the top left of the canvas; returns canvas pixels per its pixel."""
        (width, height), (image_height, image_width) = self.input_size, image.shape[:2]
        scale = min(width / image_width, height / image_height)
        used = max(1, round(image_width * scale)), max(1, round(image_height * scale))
        if used != self._used:
            self._canvas[...] = PADDING
            self._used = used
        target = self._canvas[:used[1], :used[0]]
        if scale == 1:
            target[...] = image
        else:
            # Far fewer pixels need an average; else it costs five times as much as a mixture.
            how = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
            cv2.resize(np.ascontiguousarray(image), used, dst=target, interpolation=how)
        return used[0] / image_width, used[1] / image_height


def read_model(path: str) -> bytes:
    """Reads a model file; refuses one that is not whole.

    A file that models/SHA256SUMS knows by name must have that hash: a model is a program.
    Raises EngineError.
    """
    try:
        with open(path, 'rb') as file:
            model = file.read()
    except OSError as error:
        raise EngineError(f'no model {path} ({error.strerror}): sh install_requirements.sh '
                          'downloads the models')
    with open(os.path.join(HERE, 'models', 'SHA256SUMS')) as file:
        sums = {os.path.basename(name): digest for digest, name in map(str.split, file)}
    expected = sums.get(os.path.basename(path))
    if expected in (None, hashlib.sha256(model).hexdigest()) and model[4:8] == b'TFL3':
        return model
    what = ('is empty' if not model else
            'is a Git LFS pointer' if model.startswith(b'version https://git-lfs') else
            'is a web page' if model.lstrip()[:1] == b'<' else
            'is no TensorFlow Lite model' if model[4:8] != b'TFL3' else
            'is damaged: its SHA-256 is not the one in models/SHA256SUMS')
    raise EngineError(f'{path} {what}: delete it and run sh install_requirements.sh')


def _choose_device(path: str, model: bytes, device: str) -> Tuple[str, bytes, Any, List[Any]]:
    """Returns the model file to run, what it holds, the runtime, and the Edge TPU if it runs there.
    """
    if not re.fullmatch(r'auto|cpu|usb|pci|edgetpu(:\d+)?', device):
        raise ValueError(f'device must be auto, cpu, edgetpu, edgetpu:N, usb or pci, got {device}')
    cpu_path = path.replace('_edgetpu.tflite', '.tflite')
    if EDGETPU_OP not in model:
        if device not in ('auto', 'cpu'):
            raise EngineError(f'{path} is built for the CPU, not for the Edge TPU: take '
                              + path.replace('.tflite', '_edgetpu.tflite'))
        return path, model, _runtime('ai_edge_litert', 'tflite_runtime'), []
    if device == 'cpu':
        raise EngineError(f'{path} is built for the Edge TPU, not for the CPU: take {cpu_path}')
    try:
        edgetpu.check_library()
        runtime = _runtime('tflite_runtime', 'ai_edge_litert')
        return path, model, runtime, [edgetpu.load_delegate(
            runtime, 'edgetpu' if device == 'auto' else device)]
    except edgetpu.EdgeTpuError as error:
        if device != 'auto' or not os.path.exists(cpu_path):
            raise EngineError(f'{path} needs an Edge TPU: {error}')
        _warn_once(f'{error}; running {cpu_path} on the CPU')
    return _choose_device(cpu_path, read_model(cpu_path), 'cpu')


def _runtime(*names: str) -> Any:
    """The first TensorFlow Lite runtime that is installed, as its interpreter module."""
    for name in names:
        if importlib.util.find_spec(name):
            try:
                return importlib.import_module(name + '.interpreter')
            except ImportError as error:  # built for another numpy, or for another C library
                raise EngineError(f'{name} does not load: {_one_line(error)}')
    raise EngineError(f'neither {" nor ".join(names)} is installed: sh install_requirements.sh '
                      '&& . .venv/bin/activate')


@functools.lru_cache(maxsize=None)
def _warn_once(message: str) -> None:
    LOGGER.warning(message)


def _op_outputs(outputs: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Poses, keypoint scores, pose scores and count among a model's outputs, by their shapes."""
    by_rank = {len(output['shape']): output for output in reversed(outputs)
               if len(output['shape']) < 4 or tuple(output['shape'][2:]) == (17, 2)}
    return [by_rank[4], by_rank[3], by_rank[2], by_rank.get(1) or by_rank[0]]


def _raw_outputs(outputs: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Heatmaps and offsets among a model's outputs, by their channels, and names where those tie.
    """
    def with_channels(channels: int) -> List[Dict[str, Any]]:
        return [output for output in outputs
                if output['shape'][-1] == channels and 'long' not in output['name']]

    displacements = sorted(with_channels(32), key=lambda output: 'bwd' in output['name'])
    found = with_channels(17)[:1] + with_channels(34)[:1] + (with_channels(64)[:1] or displacements)
    if [output['shape'][-1] for output in found] not in ([17, 34, 64], [17, 34, 32, 32]):
        raise ValueError('it has neither PosenetDecoderOp nor outputs with 17, 34 and 64, or 17, '
                         '34, 32 and 32 channels')
    return found


def _as_array(img: Any) -> np.ndarray:
    """A PIL image of any mode, or an array, as uint8 [Y, X, RGB]."""
    if hasattr(img, 'convert'):
        if img.mode[0] in 'IF':  # 16 and 32 bits a pixel, which Pillow would cut off at 255
            grey = np.asarray(img, np.float64) / (1 if img.mode == 'F' else 257)
            return np.stack([np.nan_to_num(grey).clip(0, 255).astype(np.uint8)] * 3, axis=2)
        return np.asarray(img if img.mode == 'RGB' else img.convert('RGB'))
    if not isinstance(img, np.ndarray):
        raise TypeError(f'need a PIL image or a uint8 array [Y, X, RGB], got {type(img).__name__}')
    if img.dtype != np.uint8 or img.ndim != 3 or img.shape[2] != 3 or 0 in img.shape:
        raise ValueError(f'need a uint8 array [Y, X, RGB], got {img.dtype} {list(img.shape)}')
    return img


def _in_range(name: str, value: Optional[float], low: float, high: float) -> Optional[float]:
    if value is not None and not low <= value <= high:
        raise ValueError(f'{name} must be {low:g} to {high:g}, got {value!r}')
    return value


def _one_line(error: Exception) -> str:
    return ' '.join(str(error).split())
