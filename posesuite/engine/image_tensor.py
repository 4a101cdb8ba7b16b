"""A network's input of one image, whichever order its axes have."""
from typing import Any, Sequence, Tuple

import numpy as np

MAX_SIDE = 4096  # pixels of the input, from which runtimes derive the size of everything else
INPUT_TYPES = (np.uint8, np.int8, np.int32, np.float32)
DYNAMIC = -1  # a dimension that a network leaves open
ANY_SIZE = 640, 480  # width and height where they are open, in pixels: networks divide by up to 32


class ImageTensor:
    """Memory for a network's input [1, 3, Y, X] or [1, Y, X, 3]; the leading 1 may be missing.

    shape: of the input, with DYNAMIC for open dimensions. dtype: one of INPUT_TYPES, or float16,
        in whose place families see float32. size: width and height where they are open.

    Attributes: shape, without DYNAMIC; dynamic, whether width and height are open; size, width and
    height in pixels; image, [Y, X, RGB] of one of INPUT_TYPES, to be written.

    Raises ValueError if the input is no image.
    """

    def __init__(self, shape: Sequence[int], dtype: Any,
                 size: Tuple[int, int] = ANY_SIZE) -> None:
        rank = len(shape)
        one = rank == 3 or rank == 4 and shape[0] in (1, DYNAMIC)
        channels = [axis for axis in (rank - 3, rank - 1) if one and shape[axis] == 3][:1]
        y, x = [axis for axis in range(rank - 3, rank) if axis not in channels][:2]
        sides = [given if shape[axis] == DYNAMIC else shape[axis]
                 for given, axis in zip(size, (x, y)) if channels]
        if not channels or not 1 <= min(sides) <= max(sides) <= MAX_SIDE:
            dimensions = ', '.join('any' if n == DYNAMIC else str(n) for n in shape)
            raise ValueError(f'its input [{dimensions}] is no image of up to {MAX_SIDE} pixels a '
                             'side')
        if dtype not in (*INPUT_TYPES, np.float16):
            raise ValueError(f'its input of {np.dtype(dtype)} numbers is no image')
        self._given, self._dtype = list(shape), dtype
        self.dynamic = DYNAMIC in (shape[x], shape[y])
        self.size = sides[0], sides[1]
        self.shape = [1] * (rank - 3) + ([3, *sides[::-1]] if channels[0] < y else
                                         [*sides[::-1], 3])
        self._half = dtype == np.float16
        self._array = np.zeros(self.shape, np.float32 if self._half else dtype)
        image = self._array.reshape(self.shape[-3:])
        self.image = image.transpose(1, 2, 0) if channels[0] < y else image

    def resized(self, width: int, height: int) -> 'ImageTensor':
        """Memory for an image of another size. Raises ValueError if it is too large, or fixed."""
        resized = ImageTensor(self._given, self._dtype, (width, height))
        if resized.size != (width, height):
            raise ValueError(f'its input has {self.size[0]} x {self.size[1]} pixels, which is '
                             'fixed')
        return resized

    def array(self) -> np.ndarray:
        """What the network takes, the same memory unless its type is float16."""
        return self._array.astype(np.float16) if self._half else self._array
