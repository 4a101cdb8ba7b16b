"""Random arrays through DetectPosesInImage: LIBRARY MODEL.

Run by test_engine.py in a process that has the address sanitizer loaded.
"""
import sys

from pose_engine import PoseEngine
from posesuite.engine import raw_decoder

import numpy as np

ROUNDS = 150


def main() -> None:
    raw_decoder.POSENET_SHARED_LIB, model = sys.argv[1:]
    engine = PoseEngine(model)
    random = np.random.RandomState(3)
    for _ in range(ROUNDS):
        shape = list(random.choice([0, 1, 2, 3, 17, 353, 481, 640, 2000], random.randint(1, 5)))
        if random.rand() < 0.7:
            shape = shape[:2] + [3]
        dtype = random.choice(['uint8', 'uint8', 'uint8', 'float32', 'int16', 'bool'])
        if np.prod(shape) > 1e7:
            continue
        image = (random.rand(*shape) * 255).astype(dtype)
        if random.rand() < 0.5:
            image = image[tuple(slice(None, None, random.choice([1, 2, -1])) for _ in shape)]
        image.flags.writeable = random.rand() < 0.5 and image.flags.owndata
        good = (image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
                and 0 not in image.shape)
        try:
            poses, _ = engine.DetectPosesInImage(image)
        except ValueError as error:
            assert not good and 'need a uint8 array' in str(error)
            continue
        assert good
        height, width = image.shape[:2]
        for pose in poses:
            for keypoint in pose.keypoints.values():
                assert 0 <= keypoint.point.x <= width - 1
                assert 0 <= keypoint.point.y <= height - 1
    print(ROUNDS, 'rounds')


if __name__ == '__main__':
    main()
