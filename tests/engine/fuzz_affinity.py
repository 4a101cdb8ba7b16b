"""Random layouts, sizes, options and values through the assembly of people: LIBRARY.

Run by test_affinity.py in a process that has the address sanitizer loaded.
"""
import sys

from posesuite.engine.affinity import AffinityDecoder, Layout
from posesuite.pose.skeleton import Skeleton

import numpy as np

ROUNDS = 200


def main() -> None:
    library, = sys.argv[1:]
    random = np.random.RandomState(11)
    extremes = np.array([np.nan, np.inf, -np.inf, 1e38, -1e38, 0], np.float32)
    for _ in range(ROUNDS):
        parts, bones, channels = random.choice([1, 2, 18, 64, 65]), random.randint(130), 40
        layout = Layout(
            Skeleton(tuple(f'part{i}' for i in range(parts)),
                     tuple(map(tuple, random.randint(-1 if random.rand() < 0.1 else 0,
                                                     parts, (bones, 2)).tolist()))),
            tuple(random.randint(-1 if random.rand() < 0.1 else 0, channels - 1, bones).tolist()))
        options = {'max_poses': random.choice([0, 1, 20, 1000, 1001]),
                   'min_parts': random.randint(0, 4),
                   'part_threshold': random.choice([0, 0.1, 0.999, 1, np.nan]),
                   'score_threshold': random.choice([0, 0.2, 1, 7]),
                   'nms_radius': random.choice([0, 6, 1e9, np.nan])}
        height, width = random.randint(1, 12, 2) if random.rand() < 0.95 else (90, 70)
        heatmaps = random.normal(0, 1, (parts, height, width)).astype(np.float32)
        fields = random.normal(0, 1, (channels, height, width)).astype(np.float32)
        for values in (heatmaps, fields):
            hostile = random.rand(*values.shape) < random.choice([0, 0.01, 0.5])
            values[hostile] = random.choice(extremes, hostile.sum())
        stride = random.randint(0, 30)
        decoder = AffinityDecoder(library, layout, stride, options)
        try:
            found, scores = decoder(heatmaps, fields)
        except ValueError:
            pairs = [len(set(bone)) == 2 and min(bone) >= 0 for bone in layout.skeleton.bones]
            assert (not all(pairs) or min(layout.fields, default=0) < 0 or parts > 64 or bones > 128
                    or not 1 <= options['max_poses'] <= 1000 or options['min_parts'] < 1
                    or stride < 1 or options['score_threshold'] > 1
                    or np.isnan([options['part_threshold'], options['nms_radius']]).any())
            continue
        assert len(found) == len(scores) <= options['max_poses']
        assert np.isfinite(found).all() and np.isfinite(scores).all()
        assert (found >= 0).all() and (found[:, :, 2] <= 1).all() and (scores <= 1).all()
        assert (found[:, :, :2] <= np.array([height - 1, width - 1]) * stride).all()
    print(ROUNDS, 'rounds')


if __name__ == '__main__':
    main()
