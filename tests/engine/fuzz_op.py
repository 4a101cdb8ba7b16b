"""Random options, sizes and values through the decoder op: LIBRARY COMPONENT_MODEL.

Run by test_decoder_op.py in a process that has the address sanitizer loaded.
"""
import sys

from posesuite.engine.device import import_runtime

import numpy as np

ROUNDS = 400


def main() -> None:
    library, model = sys.argv[1:]
    runtime = import_runtime('ai_edge_litert', 'tflite_runtime')
    random = np.random.RandomState(7)
    extremes = np.array([np.nan, np.inf, -np.inf, 1e38, -1e38, 0], np.float32)
    for _ in range(ROUNDS):
        options = {'max_detections': str(random.choice([0, 1, 2, 20, 1000, 5000])),
                   'score_threshold': str(random.choice([0, 0.05, 0.2, 0.999, 1, 7])),
                   'nms_radius': str(random.choice([0, 0.1, 10, 1e9]))}
        try:
            made = runtime.Interpreter(model, experimental_delegates=[
                runtime.load_delegate(library, options)])
        except (RuntimeError, ValueError):
            assert (options['max_detections'] in ('0', '5000')
                    or float(options['score_threshold']) > 1), options
            continue
        height, width = random.randint(1, 12, 2)
        if random.rand() < 0.02:
            height, width = 150, 200
        for details, channels in zip(made.get_input_details(), (17, 34, 64)):
            made.resize_tensor_input(details['index'], (1, height, width, channels))
        made.allocate_tensors()
        hostile = random.choice([0, 0.01, 0.5])
        for details in made.get_input_details():
            values = random.normal(0, 20, details['shape']).astype(np.float32)
            values = np.where(random.rand(*values.shape) < hostile,
                              random.choice(extremes, values.shape), values)
            made.set_tensor(details['index'], values)
        made.invoke()
        poses, scores, pose_scores, count = [
            made.get_tensor(details['index']) for details in made.get_output_details()]
        assert 0 <= count.item() <= int(options['max_detections'])
        assert np.isfinite(poses).all() and np.isfinite(pose_scores).all()
        assert scores.min() >= 0 and scores.max() <= 1
        assert poses.min() >= 0
        assert (poses <= np.array([height - 1, width - 1]) * 16).all()
    print(ROUNDS, 'rounds')


if __name__ == '__main__':
    main()
