"""PersonLab's layout of maps: keypoints, edges, channels, and what a mirror does to them."""
import numpy as np

STRIDE = 16
KEYPOINTS = 17
FEATURES = 384  # channels that the heads of Google's PoseNet look at
# Parent to child, in the order of the mid offsets' channels.
EDGES = [(0, 1), (1, 3), (0, 2), (2, 4), (0, 5), (5, 7), (7, 9), (5, 11), (11, 13), (13, 15),
         (0, 6), (6, 8), (8, 10), (6, 12), (12, 14), (14, 16)]
# Each keypoint's number in a mirror.
MIRRORED = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
_MIRRORED_EDGES = [EDGES.index((MIRRORED[a], MIRRORED[b])) for a, b in EDGES]

# Channel order after a mirror, and the sign of each channel: x changes its sign, y does not.
# Short offsets are 17 y, 17 x; mid offsets 16 forward y, 16 x, 16 backward y, 16 x.
SHORT_MIRROR = np.array(MIRRORED + [KEYPOINTS + k for k in MIRRORED])
SHORT_SIGN = np.float32([1] * 17 + [-1] * 17)
MID_MIRROR = np.array([len(EDGES) * part + e for part in range(4) for e in _MIRRORED_EDGES])
MID_SIGN = np.float32(([1] * 16 + [-1] * 16) * 2)
