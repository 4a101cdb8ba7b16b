"""Measures where PoseEngine's time goes, for a picture of 640x480 and Google's models.

Without Google's models it measures the bundled ones. Each time is a median in milliseconds:
  network    the interpreter's invoke, without the decoder
  decoder    the decoder library on the network's feature maps
  engine     what PoseEngine adds: the picture's way into the network, the poses' way out
  published  the same of Google's engine, whose steps are repeated here: Pillow's NEAREST resize to
             the model's size, which loses the aspect ratio, a flat copy, poses into dictionaries
  both       a call of DetectPosesInImage; fps is its reciprocal

examples:
  python3 benchmarks/published_engine.py
  python3 benchmarks/published_engine.py --models models/rendered --frames 300
"""
import argparse
import glob
import os
import resource
import sys
import time
from typing import Any, Callable, Dict, List, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from pose_engine import EngineError, Keypoint, KeypointType, Point, Pose, PoseEngine  # noqa: E402
from posesuite.engine.device import RUNTIMES, default_threads, import_runtime  # noqa: E402
from posesuite.engine.raw_decoder import RawDecoder, library_path  # noqa: E402

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

COLUMNS = ('network', 'decoder', 'engine', 'published', 'both')


class PublishedEngine:
    """The steps of the PoseEngine in google-coral/project-posenet."""

    def __init__(self, path: str) -> None:
        self._interpreter = interpreter(path)
        self._input = self._interpreter.get_input_details()[0]
        self._outputs = self._interpreter.get_output_details()

    def DetectPosesInImage(self, img: Image.Image) -> Tuple[List[Pose], float]:
        _, height, width, _ = self._input['shape']
        data = np.asarray(img.resize((width, height), Image.NEAREST)).flatten()
        self._interpreter.set_tensor(self._input['index'], data.reshape(self._input['shape']))
        start = time.perf_counter()
        self._interpreter.invoke()
        outputs = [self._interpreter.get_tensor(output['index']) for output in self._outputs]
        inference_time = time.perf_counter() - start
        keypoints, keypoint_scores, pose_scores, count = map(np.squeeze, outputs)
        poses = []
        for i in range(int(count)):
            found: Dict[KeypointType, Keypoint] = {}
            for j, (y, x) in enumerate(keypoints[i]):
                found[KeypointType(j)] = Keypoint(Point(x, y), keypoint_scores[i, j])
            poses.append(Pose(found, pose_scores[i]))
        return poses, inference_time


def main() -> None:
    args = parse_args()
    image = Image.open(args.picture).convert('RGB').resize((640, 480))
    paths = sorted(glob.glob(os.path.join(glob.escape(args.models), '*_quant_decoder.tflite')))
    if not paths:
        sys.exit(f'error: no *_quant_decoder.tflite in {args.models}')
    print(f'{"model":48}{"poses":>6}', *(f'{column:>9}' for column in COLUMNS), '    fps  peak MB')
    for path in paths:
        try:
            count, times = measure(path, image, args.frames)
        except EngineError as error:
            sys.exit(f'error: {error}')
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        name = os.path.basename(path)[:-len('_quant_decoder.tflite')]
        print(f'{name:48}{count:6}', *(f'{times[column]:9.3f}' for column in COLUMNS),
              f'{1000 / times["both"]:7.1f}{peak:9.0f}')


def measure(path: str, image: Image.Image, frames: int) -> Tuple[int, Dict[str, float]]:
    """The number of poses, and the medians of COLUMNS; the two engines take turns."""
    picture, engine, published = np.asarray(image), PoseEngine(path), PublishedEngine(path)
    poses, _ = engine.DetectPosesInImage(picture)
    published.DetectPosesInImage(image)
    decoder = decoder_time(path, image, 10 * frames)
    ours, theirs, inference = [], [], []
    for _ in range(frames):
        seconds, inference_time = timed(lambda: engine.DetectPosesInImage(picture)[1])
        ours.append(seconds - inference_time)
        inference.append(inference_time)
        seconds, inference_time = timed(lambda: published.DetectPosesInImage(image)[1])
        theirs.append(seconds - inference_time)
    return len(poses), {'network': median(inference) - decoder, 'decoder': decoder,
                        'engine': median(ours), 'published': median(theirs),
                        'both': median(np.add(ours, inference))}


def decoder_time(path: str, image: Image.Image, times: int) -> float:
    """The median milliseconds of the decoder library on the feature maps of a picture."""
    network = interpreter(path)
    details = network.get_input_details()[0]
    _, height, width, _ = details['shape']
    network.set_tensor(details['index'], np.asarray(image.resize((width, height)))[np.newaxis])
    network.invoke()
    # The decoder's inputs are still there after it ran, since nothing runs after it.
    stride = 16  # pixels from one cell of the maps to the next, in all of Google's models
    maps = [next(tensor for tensor in network.get_tensor_details() if tensor['shape'].tolist()
                 == [1, (height - 1) // stride + 1, (width - 1) // stride + 1, channels])
            for channels in (17, 34, 64)]
    values = [network.get_tensor(tensor['index']) for tensor in maps]
    decoder = RawDecoder(library_path(), maps, stride, {})
    return median([timed(lambda: decoder(values))[0] for _ in range(times)])


def interpreter(path: str) -> Any:
    """A model in the runtime that PoseEngine uses, with the decoder library."""
    runtime = import_runtime(*RUNTIMES)
    made = runtime.Interpreter(path, num_threads=default_threads(), experimental_delegates=[
        runtime.load_delegate(library_path())])
    made.allocate_tensors()
    return made


def timed(function: Callable[[], Any]) -> Tuple[float, Any]:
    """The seconds that a call takes, and what it returns."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def median(seconds: Any) -> float:
    return float(np.median(seconds)) * 1000


def parse_args() -> argparse.Namespace:
    google, bundled = (os.path.join(ROOT, 'models', name) for name in ('mobilenet', 'rendered'))
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--models', metavar='FOLDER',
                        default=google if glob.glob(f'{glob.escape(google)}/*.tflite') else bundled,
                        help='folder of *_quant_decoder.tflite files (default: %(default)s)')
    parser.add_argument('--picture', default=os.path.join(ROOT, 'samples', 'couple.jpg'),
                        metavar='FILE', help='resized to 640x480 (default: %(default)s)')
    parser.add_argument('--frames', type=int, default=100, help='default: %(default)s')
    return parser.parse_args()


if __name__ == '__main__':
    main()
