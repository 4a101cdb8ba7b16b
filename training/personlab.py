"""PersonLab's layout of maps: keypoints, edges, and each keypoint's number in a mirror."""
STRIDE = 16
KEYPOINTS = 17
# Parent to child, in the order of the mid offsets' channels: 16 forward y, 16 x, then backward.
EDGES = [(0, 1), (1, 3), (0, 2), (2, 4), (0, 5), (5, 7), (7, 9), (5, 11), (11, 13), (13, 15),
         (0, 6), (6, 8), (8, 10), (6, 12), (12, 14), (14, 16)]
MIRRORED = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
