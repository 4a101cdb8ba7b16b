"""PoseEngine: an image in, poses out. It draws, prints and captures nothing.

    from PIL import Image
    from pose_engine import PoseEngine

    engine = PoseEngine('models/mobilenet/'
                        'posenet_mobilenet_v1_075_481_641_quant_decoder_edgetpu.tflite')
    poses, inference_time = engine.DetectPosesInImage(Image.open('couple.jpg'))
"""
import os
import time
from typing import Any, Dict, List, Optional, Tuple

from posesuite.engine import device as pose_runtime
from posesuite.engine.device import EngineError
from posesuite.engine.raw_decoder import RawDecoder
from posesuite.errors import one_line
from posesuite.files import own_file
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KEYPOINT_TYPES, KeypointType

import cv2
import numpy as np

POSENET_SHARED_LIB = own_file('posenet_decoder', 'posenet_decoder.so')
KEYPOINTS = len(KEYPOINT_TYPES)
PADDING = 128  # the grey that the network calls 0, as it pads its own layers
# From 0..255 to what stands for -1..1 in the model's input.
INPUT_SCALES = {np.uint8: lambda image: image,
                np.int8: lambda image: (image ^ 128).view(np.int8),
                np.float32: lambda image: image * np.float32(1 / 127.5) - 1}


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
        self.model_path, model, runtime, delegates = pose_runtime.choose(
            os.fspath(model_path), device)
        self.device = 'edgetpu' if delegates else 'cpu'
        self._decoder = None
        if not os.path.exists(POSENET_SHARED_LIB):
            raise EngineError(f'no {POSENET_SHARED_LIB}: sh install_requirements.sh compiles it')
        try:
            # Gives PosenetDecoderOp its code; without that op in the model it does nothing.
            delegates.append(runtime.load_delegate(
                POSENET_SHARED_LIB, {key: f'{value:.9g}' for key, value in options.items()}))
            self._model = model  # the interpreter reads it in place
            self._interpreter = runtime.Interpreter(
                model_content=model, num_threads=threads, experimental_delegates=delegates)
            self._interpreter.allocate_tensors()
            details = self._interpreter.get_input_details()[0]
            outputs = self._interpreter.get_output_details()
            _, height, width, channels = details['shape']
            if channels != 3 or details['dtype'] not in INPUT_SCALES:
                raise ValueError('its input is no image')
            self._outputs = _op_outputs(outputs)
            if not self._outputs:
                self._outputs = _raw_outputs(outputs)
                stride = round((height - 1) / max(1, self._outputs[0]['shape'][1] - 1))
                self._decoder = RawDecoder(POSENET_SHARED_LIB, self._outputs, stride, options)
        except (OSError, RuntimeError, SystemError, ValueError) as error:
            raise EngineError(f'{self.model_path} does not load as a PoseNet: {one_line(error)}')
        self.input_size = int(width), int(height)
        # The op's own input is still there after it ran, since nothing runs after it.
        self._heatmaps = next(tensor for tensor in reversed(self._interpreter.get_tensor_details())
                              if tensor['shape'][-1:].tolist() == [KEYPOINTS]
                              and len(tensor['shape']) == 4)
        self._input = details['index']
        self._to_input = INPUT_SCALES[details['dtype']]
        # Copied in for each image: the runtime refuses to run while a view of its input is held.
        self._canvas = np.zeros((height, width, 3), np.uint8)

    def DetectPosesInImage(self, img: Any) -> Tuple[List[Pose], float]:
        """Finds the people in an image.

        img: a PIL image of any mode, or a uint8 array [Y, X, RGB]; of any size. It is fitted into
            the model's input with its aspect ratio kept, or goes in untouched if it has its size.
        Returns (poses, inference_time): poses by falling score, keypoints in pixels of img;
            seconds that the network and its decoder took.
        Raises TypeError or ValueError for what is no such image, EngineError if the device fails.
        """
        image = _as_array(img)
        self._scale = scale_x, scale_y = fit(image, self._canvas)
        self._interpreter.set_tensor(self._input, self._to_input(self._canvas)[np.newaxis])
        self._image_size = image.shape[1::-1]
        start = time.perf_counter()
        try:
            self._interpreter.invoke()
        except RuntimeError as error:
            raise EngineError(f'inference on the {self.device} failed: {one_line(error)}')
        outputs = [self._interpreter.get_tensor(output['index']) for output in self._outputs]
        if self._decoder is not None:
            outputs = self._decoder(outputs)
        inference_time = time.perf_counter() - start

        keypoints, keypoint_scores, pose_scores, count = outputs
        count = int(count.item())
        right, bottom = image.shape[1] - 1, image.shape[0] - 1

        def point(y: float, x: float) -> Point:
            # Pixel centres onto pixel centres, and not out of the image into its padding.
            x = min(max((x + 0.5) / scale_x - 0.5, 0.0), right)
            y = min(max((y + 0.5) / scale_y - 0.5, 0.0), bottom)
            return Point(right - x if self.mirror else x, y)

        # Python's numbers: for so few of them numpy costs twice the time.
        poses = [Pose({part: Keypoint(point(*place), score)
                       for part, place, score in zip(KEYPOINT_TYPES, places, scores)}, pose_score)
                 for places, scores, pose_score in zip(
                     keypoints[0, :count].tolist(), keypoint_scores[0].tolist(),
                     pose_scores[0].tolist())]
        return poses, inference_time

    def GetHeatmap(self, part: KeypointType) -> np.ndarray:
        """What the network saw of a part in the last image: float32 [Y, X], scores 0 to 1.

        It has that image's size (it is not mirrored); the network itself has a score every 16 of
        its input's pixels.
        """
        step, zero = self._heatmaps['quantization']
        logits = self._interpreter.get_tensor(self._heatmaps['index'])[0, :, :, part]
        if step:
            logits = (logits - np.float32(zero)) * np.float32(step)
        scores = 1 / (1 + np.exp(-logits.astype(np.float32)))
        stride = (self.input_size[0] - 1) / (scores.shape[1] - 1)
        # From a pixel of the image to a cell of the map.
        x, y = self._scale
        to_cell = np.float32([[x, 0, 0.5 * x - 0.5], [0, y, 0.5 * y - 0.5]]) / stride
        return cv2.warpAffine(scores, to_cell, self._image_size, borderMode=cv2.BORDER_REPLICATE,
                              flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)


def fit(image: np.ndarray, canvas: np.ndarray) -> Tuple[float, float]:
    """Lays an image into the top left of a network's input, grey beside it, its aspect kept.

    Args:
      image: uint8 [Y, X, RGB or RGBA].
      canvas: uint8 [Y, X, RGB], overwritten.

    Returns: pixels of the canvas per pixel of the image, in x and in y.
    """
    (height, width), (image_height, image_width) = canvas.shape[:2], image.shape[:2]
    scale = min(width / image_width, height / image_height)
    used = max(1, round(image_width * scale)), max(1, round(image_height * scale))
    canvas[used[1]:] = canvas[:, used[0]:] = PADDING
    target = canvas[:used[1], :used[0]]
    # Camera frames are shrunk a little, where a mixture of pixels costs twice the time and
    # Google's networks find no more people. Far fewer pixels need an average, more of them a
    # mixture.
    how = (cv2.INTER_AREA if scale < 0.5 else
           cv2.INTER_NEAREST_EXACT if scale < 1 else cv2.INTER_LINEAR)
    if image.shape[2] == 4:
        fitted = image if scale == 1 else cv2.resize(image, used, interpolation=how)
        cv2.cvtColor(fitted, cv2.COLOR_RGBA2RGB, dst=target)
    elif scale == 1:
        target[...] = image
    else:
        cv2.resize(np.ascontiguousarray(image), used, dst=target, interpolation=how)
    return used[0] / image_width, used[1] / image_height


def _op_outputs(outputs: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Poses, keypoint scores, pose scores and count, if a model has them: by their shapes."""
    by_rank = {len(output['shape']): output for output in reversed(outputs)
               if len(output['shape']) < 4 or tuple(output['shape'][2:]) == (17, 2)}
    return [by_rank[rank] for rank in (4, 3, 2, 1)] if {1, 2, 3, 4} <= set(by_rank) else []


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
    """An image as uint8 [Y, X, RGB], or [Y, X, RGBX] if it came from PIL."""
    if hasattr(img, 'convert'):
        if img.mode[0] in 'IF':  # 16 and 32 bits a pixel, which Pillow would cut off at 255
            grey = np.asarray(img, np.float64) / (1 if img.mode == 'F' else 257)
            return np.stack([np.nan_to_num(grey).clip(0, 255).astype(np.uint8)] * 3, axis=2)
        if img.mode == 'La':  # the one mode that Pillow does not take to RGB directly
            img = img.convert('LA')
        # Four bytes a pixel is how Pillow keeps RGB: they come out, and shrink, twice as fast.
        pixels = (img if img.mode == 'RGB' else img.convert('RGB')).tobytes('raw', 'RGBX')
        return np.frombuffer(pixels, np.uint8).reshape(img.height, img.width, 4)
    if not isinstance(img, np.ndarray):
        raise TypeError(f'need a PIL image or a uint8 array [Y, X, RGB], got {type(img).__name__}')
    if img.dtype != np.uint8 or img.ndim != 3 or img.shape[2] != 3 or 0 in img.shape:
        raise ValueError(f'need a uint8 array [Y, X, RGB], got {img.dtype} {list(img.shape)}')
    return img


def _in_range(name: str, value: Optional[float], low: float, high: float) -> Optional[float]:
    if value is not None and not low <= value <= high:
        raise ValueError(f'{name} must be {low:g} to {high:g}, got {value!r}')
    return value
