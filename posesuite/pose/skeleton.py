"""The 17 keypoints: their ids, names, bones and mirror pairs. No other file repeats these facts.

`posenet_decoder/decoder.h` has TREE once more, in C++; a test compares the two.
"""
from enum import IntEnum
from typing import Any, NamedTuple, Optional, Tuple


class KeypointType(IntEnum):
    """The 17 keypoints by id. Left and right are the person's own.

    KeypointType('leftWrist') is LEFT_WRIST too, and so are 'LEFT_WRIST' and 'left wrist'.
    """
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

    @classmethod
    def _missing_(cls, value: Any) -> Optional['KeypointType']:
        letters = value.replace('_', '').replace(' ', '').upper() if isinstance(value, str) else ''
        return next((part for part in cls if part.name.replace('_', '') == letters), None)

    # Python releases disagree on an IntEnum's text.
    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        return format(self.name, spec)


_K = KeypointType
KEYPOINT_TYPES = tuple(KeypointType)  # quicker to iterate than the enum
FACE = KEYPOINT_TYPES[:5]

# Lines of a drawn skeleton.
BONES = (
    (_K.NOSE, _K.LEFT_EYE), (_K.NOSE, _K.RIGHT_EYE),
    (_K.LEFT_EYE, _K.LEFT_EAR), (_K.RIGHT_EYE, _K.RIGHT_EAR),
    (_K.LEFT_SHOULDER, _K.RIGHT_SHOULDER),
    (_K.LEFT_SHOULDER, _K.LEFT_ELBOW), (_K.LEFT_ELBOW, _K.LEFT_WRIST),
    (_K.RIGHT_SHOULDER, _K.RIGHT_ELBOW), (_K.RIGHT_ELBOW, _K.RIGHT_WRIST),
    (_K.LEFT_SHOULDER, _K.LEFT_HIP), (_K.RIGHT_SHOULDER, _K.RIGHT_HIP), (_K.LEFT_HIP, _K.RIGHT_HIP),
    (_K.LEFT_HIP, _K.LEFT_KNEE), (_K.LEFT_KNEE, _K.LEFT_ANKLE),
    (_K.RIGHT_HIP, _K.RIGHT_KNEE), (_K.RIGHT_KNEE, _K.RIGHT_ANKLE),
)
# PersonLab's tree, parent to child, in the order of the mid offsets' channels (Papandreou et al.
# 2018, https://arxiv.org/abs/1803.08225).
TREE = (
    (_K.NOSE, _K.LEFT_EYE), (_K.LEFT_EYE, _K.LEFT_EAR),
    (_K.NOSE, _K.RIGHT_EYE), (_K.RIGHT_EYE, _K.RIGHT_EAR),
    (_K.NOSE, _K.LEFT_SHOULDER), (_K.LEFT_SHOULDER, _K.LEFT_ELBOW), (_K.LEFT_ELBOW, _K.LEFT_WRIST),
    (_K.LEFT_SHOULDER, _K.LEFT_HIP), (_K.LEFT_HIP, _K.LEFT_KNEE), (_K.LEFT_KNEE, _K.LEFT_ANKLE),
    (_K.NOSE, _K.RIGHT_SHOULDER), (_K.RIGHT_SHOULDER, _K.RIGHT_ELBOW),
    (_K.RIGHT_ELBOW, _K.RIGHT_WRIST),
    (_K.RIGHT_SHOULDER, _K.RIGHT_HIP), (_K.RIGHT_HIP, _K.RIGHT_KNEE),
    (_K.RIGHT_KNEE, _K.RIGHT_ANKLE),
)
# COCO's own list of bones, in its order; COCO counts keypoints from 1.
COCO_BONES = tuple((_K(a - 1), _K(b - 1)) for a, b in (
    (16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8), (7, 9),
    (8, 10), (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7)))


def _mirrored(part: KeypointType) -> KeypointType:
    side, _, rest = part.name.partition('_')
    return _K.__members__.get({'LEFT': 'RIGHT_', 'RIGHT': 'LEFT_'}.get(side, '') + rest, part)


def _json_name(part: KeypointType) -> str:
    first, *others = part.name.lower().split('_')
    return first + ''.join(map(str.capitalize, others))


class Skeleton(NamedTuple):
    """The parts that a family of networks knows, which may be others than the 17, and its bones."""
    parts: Tuple[str, ...]  # 'leftShoulder', 'neck': those of the 17 by their JSON names
    bones: Tuple[Tuple[int, int], ...]  # indices of the parts that each joins

    @property
    def bone_names(self) -> Tuple[str, ...]:
        """'leftShoulder-leftElbow' and so on."""
        return tuple(f'{self.parts[a]}-{self.parts[b]}' for a, b in self.bones)

    def bone(self, name: str) -> int:
        """The index of a bone by its name, whichever end comes first. Raises ValueError."""
        for i, known in enumerate(self.bone_names):
            if name in (known, '-'.join(known.split('-')[::-1])):
                return i
        raise ValueError(f'need a bone, one of {", ".join(self.bone_names)}, got {name!r}')


MIRRORED = tuple(map(_mirrored, KEYPOINT_TYPES))  # by id: the same part on the other side
JSON_NAMES = {part: _json_name(part) for part in KEYPOINT_TYPES}  # 'leftShoulder'
BY_JSON_NAME = {name: part for part, name in JSON_NAMES.items()}
SEVENTEEN = Skeleton(tuple(JSON_NAMES.values()), BONES)
# Parts that some families know besides, in their own skeletons.
FURTHER_PARTS = ('neck', 'head', 'chest', 'midHip', 'leftBigToe', 'leftSmallToe', 'leftHeel',
                 'rightBigToe', 'rightSmallToe', 'rightHeel')
