"""PoseEngine: an image in, poses out. It draws, prints and captures nothing.

    from PIL import Image
    from pose_engine import PoseEngine

    engine = PoseEngine('models/mobilenet/'
                        'posenet_mobilenet_v1_075_481_641_quant_decoder_edgetpu.tflite')
    poses, inference_time = engine.DetectPosesInImage(Image.open('samples/couple.jpg'))
"""
import os
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from posesuite import __version__
from posesuite.engine.choice import open_network
from posesuite.engine.device import default_threads
from posesuite.engine.family import find_family, op_libraries
from posesuite.engine.image import (
    Placement,
    as_array,
    heatmap_in_image,
    instances_in_image,
    parts_in_image,
    people_in_image,
    poses_in_image,
)
from posesuite.engine.limits import given
from posesuite.engine.model_file import EngineError
from posesuite.errors import one_line
from posesuite.pose.pose import Keypoint, Point, Pose
from posesuite.pose.skeleton import KeypointType

import numpy as np

__all__ = ['EngineError', 'Keypoint', 'KeypointType', 'Point', 'Pose', 'PoseEngine', '__version__']


class PoseEngine:
    """A network that finds poses, loaded and ready. Several threads may use one engine.

    model_path: a file of any family in posesuite/engine/families and any runtime in
        posesuite/engine/runtimes; a .tflite file is built for the Edge TPU or for the CPU.
    mirror: flip x of the keypoints, for a picture that is shown mirrored. Left and right stay the
        person's own.
    device: 'cpu', 'edgetpu', 'edgetpu:N' (the Nth), 'usb', 'pci', or 'auto': what the file is
        built for, but the CPU file beside an _edgetpu one where no Edge TPU can be used.
    num_threads: of the CPU; by default one for each core that the process may use, at most 4.
    max_poses (1 to 1000), score_threshold (0 to 1), nms_radius (model pixels): replace the
        decoder's values in the model.
    single: find one person, in the most likely place of each part: quicker, right for one only.
    image_scale_factor: 0.2 to 1: run a PoseNet on a smaller image, which is quicker.
    tracking: whether the images are frames of a clip, one after the other, so that MoveNet may look
        closely at where the person was.

    Attributes: device ('cpu' or 'edgetpu'), model_path (the file in use), family (the network's,
    such as 'PoseNet'), skeleton (the names of the parts that it knows, and its bones), has_masks
    (whether GetMask answers), mirror.

    Raises EngineError, or ValueError for an option out of range.
    """

    def __init__(self, model_path: str, mirror: bool = False, device: str = 'auto',
                 num_threads: Optional[int] = None, max_poses: Optional[int] = None,
                 score_threshold: Optional[float] = None, nms_radius: Optional[float] = None,
                 single: bool = False, image_scale_factor: Optional[float] = None,
                 tracking: bool = False) -> None:
        options = given(max_poses=max_poses, score_threshold=score_threshold, nms_radius=nms_radius,
                        single=single or None, image_scale_factor=image_scale_factor)
        threads = given(num_threads=num_threads).get('num_threads', default_threads())
        choice, self._network = open_network(os.fsdecode(model_path), device, threads,
                                             lambda model: op_libraries(model, options))
        try:
            self._family = find_family(self._network, options)
        except ValueError as error:
            raise EngineError(f'{choice.path} does not load: {one_line(error)}')
        self.mirror = mirror
        self.model_path = choice.path
        self.device = choice.device
        self.family, self.has_masks = self._family.NAME, self._family.has_masks
        self.skeleton = self._family.skeleton
        self._family.tracking = tracking
        self._lock = threading.Lock()  # for network, family and the last image
        self._last: Optional[Tuple[Placement, Tuple[int, int]]] = None  # image: where, and its size

    @property
    def input_size(self) -> Tuple[int, int]:
        """The width and height of the network's input in pixels."""
        return self._network.input_size

    def DetectPosesInImage(self, img: Any) -> Tuple[List[Pose], float]:
        """Finds the people in an image.

        img: a PIL image of any mode, or a uint8 array [Y, X, RGB]; of any size. It is fitted into
            the model's input with its aspect ratio kept.
        Returns (poses, inference_time): poses by falling score, keypoints in pixels of img;
            seconds that the network and its decoder took.
        Raises TypeError or ValueError for what is no such image, EngineError if the device fails.
        """
        image = as_array(img)
        size = image.shape[1], image.shape[0]
        with self._lock:
            self._last = None
            try:
                placement = self._family.draw(image)
                start = time.perf_counter()
                outputs = self._network.run()
            except EngineError:
                raise
            except RuntimeError as error:
                raise EngineError(f'inference on the {self.device} failed: {one_line(error)}')
            found = self._family.decode(outputs)
            inference_time = time.perf_counter() - start
            poses = poses_in_image(found, placement, size, self.mirror)
            self._last = placement, size
        return poses, inference_time

    def GetHeatmap(self, part: Optional[KeypointType]) -> np.ndarray:
        """Where the network saw a part in the engine's last image: float32 [Y, X], 0 to 1.

        part: a KeypointType, its id, its name such as 'leftWrist', that of another part of the
            network's skeleton, or None for whichever part is the likeliest at each place.
        It has that image's size and is not mirrored; PoseNet has a score every 16 pixels of its
        input. Raises EngineError before the first image, ValueError for what is no part.
        """
        try:
            part = None if part is None else KeypointType(part)
        except ValueError:
            if part not in self.skeleton.parts:
                raise ValueError(f'need a KeypointType, its id 0 to 16 or its name, got {part!r}')
        return self._in_last_image(lambda: self._family.heatmap(part))[0]

    def GetAffinity(self, bone: Optional[str]) -> np.ndarray:
        """The vectors that an OpenPose saw along a bone: float32 [2, Y, X] as x and y, -1 to 1.

        bone: a name such as 'neck-nose', see skeleton.bone_names, or None for the largest x and y
            of all bones at each place, without signs.
        Else as GetHeatmap. Raises EngineError for a network without affinity fields.
        """
        return self._in_last_image(lambda: self._family.affinity(bone))[0]

    def GetParts(self) -> List[Dict[str, Keypoint]]:
        """What the network found of its skeleton in the engine's last image, by the parts' names:
        an OpenPose's neck and feet, too. As DetectPosesInImage answered, in its order.

        Raises EngineError before the first image, and for a network that has the 17 alone.
        """
        with self._lock:
            placement, size = self._last_image()
            return parts_in_image(self._family.parts(), self.skeleton.parts, placement, size,
                                  self.mirror)

    def GetMask(self) -> np.ndarray:
        """Which pixels of the engine's last image show people: uint8 [Y, X], 255 there and else 0.

        It has that image's size and is not mirrored. Only a BodyPix has masks, see has_masks.
        Raises EngineError before the first image, and for a network without masks.
        """
        return people_in_image(self.GetMaskScores())

    def GetMasks(self) -> np.ndarray:
        """As GetMask, but a mask for each pose: uint8 [N, Y, X], in the order of the poses."""
        read = (self._family.mask, self._family.instance_masks)
        return instances_in_image(*self._in_last_image(*read))

    def GetMaskScores(self) -> np.ndarray:
        """How likely each pixel shows a person: float32 [Y, X], 0 to 1; else as GetMask."""
        return self._in_last_image(self._family.mask)[0]

    def _in_last_image(self, *read: Callable[[], Tuple[np.ndarray, float]]) -> List[np.ndarray]:
        with self._lock:
            placement, size = self._last_image()
            maps = [each() for each in read]
        return [heatmap_in_image(scores, stride, placement, size) for scores, stride in maps]

    def _last_image(self) -> Tuple[Placement, Tuple[int, int]]:
        if self._last is None:
            raise EngineError('there is no image yet: call DetectPosesInImage first')
        return self._last
