"""What a family of networks is to an engine, and which family a network belongs to."""
import abc
import importlib
import pkgutil
from typing import Dict, Iterator, List, Optional, Tuple, Type

from posesuite.engine import families as folder
from posesuite.engine import image
from posesuite.engine.image import Decoded, Placement
from posesuite.engine.model_file import EngineError
from posesuite.engine.network import Network, TensorDetails
from posesuite.pose.skeleton import SEVENTEEN, KeypointType

import numpy as np


class Family(abc.ABC):
    """A family's part of an engine: it decodes the outputs of one loaded network.

    network: a network whose outputs match.
    options: those of PoseEngine's that its user gave, of any family.
    Raises ValueError if the network or an option does not fit the family.
    """

    NAME = 'this network'  # as users read it
    OPTIONS: Tuple[str, ...] = ()  # names of PoseEngine's options that the family has
    INPUT_SCALES = image.INPUT_SCALES  # by the input's type
    has_masks = False  # whether mask() answers
    tracking = False  # whether the images are frames of a clip, one after the other
    skeleton = SEVENTEEN  # the parts that the network knows

    def __init__(self, network: Network, options: Dict[str, float]) -> None:
        unknown = [name for name in options if name not in self.OPTIONS]
        if unknown:
            raise ValueError(f'{self.NAME} has no {" and no ".join(unknown)}')
        self.network = network
        self._canvas = np.empty((0, 0, 3), np.uint8)

    @staticmethod
    @abc.abstractmethod
    def matches(outputs: List[TensorDetails]) -> bool:
        """Whether these are the outputs of a network of the family."""

    @staticmethod
    def op_libraries(model: bytes, options: Dict[str, float]) -> List[Tuple[str, Dict[str, str]]]:
        """Libraries with the family's custom ops that a model file needs, and their options.

        Raises EngineError if one is not installed.
        """
        return []

    def draw(self, img: np.ndarray) -> Placement:
        """Draws an image, uint8 [Y, X, RGB or RGBX], into the network's input."""
        target = self.network.input()
        if target.dtype == np.uint8 and target.flags.c_contiguous:
            return self.fit(img, target)
        if self._canvas.shape != target.shape:
            self._canvas = np.empty(target.shape, np.uint8)
        placement = self.fit(img, self._canvas)
        target[...] = self.INPUT_SCALES[target.dtype.type](self._canvas)
        return placement

    def fit(self, img: np.ndarray, canvas: np.ndarray) -> Placement:
        """Draws an image onto a canvas of the input's size, uint8 [Y, X, RGB]."""
        return image.fit(img, canvas)

    @abc.abstractmethod
    def decode(self, outputs: List[np.ndarray]) -> Decoded:
        """The people in a network's outputs, which have the order of network.outputs."""

    def heatmap(self, part: Optional[KeypointType]) -> Tuple[np.ndarray, float]:
        """A part's scores, float32 [Y, X], in the last run, and the input's pixels per cell.

        part: None for the likeliest part of each cell.
        Raises EngineError for a family without heatmaps.
        """
        raise EngineError(f'{self.NAME} has no heatmaps')

    def affinity(self, bone: Optional[str]) -> Tuple[np.ndarray, float]:
        """The vectors along a bone of the skeleton in the last run, float32 [2, Y, X] as x and y,
        and the input's pixels per cell.

        bone: None for the longest x and the longest y of all bones in each cell, without signs.
        Raises EngineError for a family without affinity fields, ValueError for what is no bone.
        """
        raise EngineError(f'{self.NAME} has no affinity fields: an OpenPose has')

    def parts(self) -> np.ndarray:
        """The parts of the skeleton that the last run found, float32 [n, parts, 3] as (y, x) in
        pixels of the network's input and a score, 0 for none; people as they were decoded.

        Raises EngineError for a family with no others than the 17.
        """
        raise EngineError(f'{self.NAME} has no parts but the 17 keypoints')

    def mask(self) -> Tuple[np.ndarray, float]:
        """How likely each cell of the last run is a part of anybody, float32 [Y, X], and the
        input's pixels per cell.

        Raises EngineError for a family without masks.
        """
        raise EngineError(f'{self.NAME} has no masks: a BodyPix has')

    def instance_masks(self) -> Tuple[np.ndarray, float]:
        """To which pose each cell of the last run belongs, whether it shows a person or not:
        float32 [poses, Y, X], and the input's pixels per cell.

        Raises EngineError for a family without masks.
        """
        raise EngineError(f'{self.NAME} has no masks: a BodyPix has')


def families() -> Iterator[Type[Family]]:
    """The families in posesuite/engine/families, by file name."""
    for module in sorted(module.name for module in pkgutil.iter_modules(folder.__path__)):
        yield importlib.import_module(f'{folder.__name__}.{module}').Family


def op_libraries(model: bytes, options: Dict[str, float]) -> List[Tuple[str, Dict[str, str]]]:
    """Libraries with the custom ops that a model file needs, each with its options."""
    return [library for family in families() for library in family.op_libraries(model, options)]


def find_family(network: Network, options: Dict[str, float]) -> Family:
    """The family of a network, made ready for it. Raises ValueError."""
    for family in families():
        if family.matches(network.outputs):
            return family(network, options)
    shapes = ', '.join(str(list(map(int, output['shape']))) for output in network.outputs)
    names = ', '.join(family.__module__.rpartition('.')[2] for family in families())
    raise ValueError(f'its outputs {shapes} are those of no known family ({names})')
