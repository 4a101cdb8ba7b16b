"""Measures every network that this machine has, of every family, on every runtime that runs it.

Prints a table, in Markdown:
  input  width x height in pixels, as the network was loaded
  ms     median milliseconds of DetectPosesInImage, for --picture
  CPU ms milliseconds that all threads together computed for it, which a busy machine changes little
  fps    the reciprocal of ms
  AP     COCO's average precision of keypoints on the people of --coco, over OKS 0.50 to 0.95, in
         percent; AP50 at OKS 0.50 alone. Every photograph goes through the engine by itself, and
         every pose counts. For this pycocotools must be installed, and the photographs be there.
Choose by both: a network for crowds, for one person, for speed. What cannot be run is listed below
the table, with the reason.

examples:
  python3 benchmarks/engine.py
  python3 benchmarks/engine.py models/movenet my_model.onnx --frames 100
  python3 benchmarks/engine.py --coco annotations/person_keypoints_val2017.json --photos val2017
"""
import argparse
import contextlib
import importlib.util
import io
import json
import os
import sys
import time
from typing import Any, Dict, Iterator, NamedTuple, Optional, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from pose_engine import EngineError, Pose, PoseEngine  # noqa: E402
from posesuite.engine.catalogue import EDGETPU_ENDING, model_files  # noqa: E402
from posesuite.engine.device import RUNTIMES, has_edgetpu  # noqa: E402

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

SHARED = os.path.join(os.path.dirname(ROOT), 'shared')
# What an engine gets so that it keeps faint poses too; a family has all of these options, or one.
FAINT = [{'score_threshold': 0.01, 'max_poses': 20}, {'score_threshold': 0.01}, {'max_poses': 20},
         {}]
COLUMNS = 'model', 'family', 'runtime', 'input', 'ms', 'CPU ms', 'fps', 'AP', 'AP50'


class Photographs(NamedTuple):
    """People to find. truth: pycocotools' COCO. paths: of the photographs, by their ids."""
    truth: Any
    paths: Dict[int, str]


def main() -> int:
    args = parse_args()
    photographs = read_photographs(args.coco, args.photos)
    image = np.asarray(Image.open(args.picture).convert('RGB').resize((640, 480)))
    runs = [(path, device) for path in model_files(args.models) for device in runtimes_for(path)]
    if not runs:
        sys.exit(f'error: no models in {", ".join(args.models)}')
    rows, failures = [COLUMNS], []
    for i, (path, device) in enumerate(runs):
        progress(f'{i + 1} of {len(runs)}: {os.path.basename(path)} on {device or "its runtime"}')
        try:
            rows.append(measure(path, device, image, args.frames, photographs))
        except (EngineError, ValueError) as error:
            failures.append(f'{os.path.basename(path)}, {device}: {error}')
    progress('')
    widths = [max(map(len, column)) for column in zip(*rows)]
    for number, row in enumerate(rows):
        print('|', ' | '.join(map(str.ljust, row, widths)), '|')
        if not number:
            print('|', ' | '.join('-' * (width - (i > 3)) + ':' * (i > 3)
                                  for i, width in enumerate(widths)), '|')
    for failure in failures:
        print(f'not run: {failure}')
    return 0


def measure(path: str, device: str, image: np.ndarray, frames: int,
            photographs: Optional[Photographs]) -> Tuple[str, ...]:
    """The row of a model."""
    engine = PoseEngine(path, device=device)
    engine.DetectPosesInImage(image)
    ms, cpu_ms = (1000 * float(np.median(seconds))
                  for seconds in zip(*(timed(engine, image) for _ in range(frames))))
    precisions = precision(keeping_faint(path, device), photographs) if photographs else ()
    return (os.path.basename(path), engine.family, runtime_of(engine),
            '{}x{}'.format(*engine.input_size), f'{ms:.1f}', f'{cpu_ms:.1f}',
            f'{1000 / ms:.1f}',
            *(f'{100 * value:.1f}' for value in precisions), *['-'] * (2 - len(precisions)))


def runtimes_for(path: str) -> Iterator[str]:
    """The devices of PoseEngine that may run a model file on this machine."""
    if path.endswith(EDGETPU_ENDING):
        yield from ['edgetpu'] if has_edgetpu() else []
        return
    yield 'auto'
    if importlib.util.find_spec('openvino') and path.endswith('.onnx'):
        yield 'openvino:CPU'


def runtime_of(engine: PoseEngine) -> str:
    """What runs an engine's network."""
    ending = os.path.splitext(engine.model_path)[1]
    if engine.device.startswith('openvino') or ending == '.xml':
        return 'OpenVINO'
    names = RUNTIMES[::-1] if engine.device == 'edgetpu' else RUNTIMES
    tflite = next(filter(importlib.util.find_spec, names))
    return {'.onnx': 'onnxruntime', '.pb': 'OpenCV'}.get(ending, tflite)


def timed(engine: PoseEngine, image: np.ndarray) -> Tuple[float, float]:
    """The seconds that an image takes, by the clock and of the CPU."""
    start, computed = time.perf_counter(), time.process_time()
    engine.DetectPosesInImage(image)
    return time.perf_counter() - start, time.process_time() - computed


def keeping_faint(path: str, device: str) -> PoseEngine:
    """An engine that keeps as many poses as its family can."""
    for options in FAINT[:-1]:
        with contextlib.suppress(EngineError):
            return PoseEngine(path, device=device, **options)
    return PoseEngine(path, device=device)


def precision(engine: PoseEngine, photographs: Photographs) -> Tuple[float, float]:
    """COCO's AP over OKS 0.50 to 0.95, and at 0.50."""
    from pycocotools.cocoeval import COCOeval
    found = []
    for number, path in photographs.paths.items():
        with Image.open(path) as image:
            poses, _ = engine.DetectPosesInImage(image)
        found.extend(as_coco(pose, number) for pose in poses)
    if not found:
        return 0.0, 0.0
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(photographs.truth, photographs.truth.loadRes(found), 'keypoints')
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return tuple(map(float, evaluation.stats[:2]))


def as_coco(pose: Pose, image: int) -> Dict[str, Any]:
    """A pose as COCO's results have it."""
    keypoints = [number for keypoint in pose.keypoints.values()
                 for number in (*map(float, keypoint.point), 1)]
    return {'image_id': image, 'category_id': 1, 'keypoints': keypoints, 'score': float(pose.score)}


def read_photographs(coco: str, folder: str) -> Optional[Photographs]:
    """The photographs that a file of COCO's form labels; None, with a line, without them."""
    if not os.path.exists(coco):
        problem = f'no {coco}'
    elif not importlib.util.find_spec('pycocotools'):
        problem = 'pycocotools is not installed: python3 -m pip install pycocotools'
    else:
        from pycocotools.coco import COCO
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(coco)
        with open(coco, encoding='utf-8') as file:
            images = json.load(file)['images']
        return Photographs(truth, {image['id']: os.path.join(folder, image['file_name'])
                                   for image in images})
    print(f'no AP: {problem}', file=sys.stderr)
    return None


def progress(text: str) -> None:
    """Shows on a terminal what is being done, or removes it."""
    if sys.stderr.isatty():
        print(f'\r\033[K{text}', end='', file=sys.stderr, flush=True)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', nargs='*', metavar='MODEL',
                        help='model files and folders of such (default: all that are here)')
    parser.add_argument('--picture', default=os.path.join(ROOT, 'samples', 'couple.jpg'),
                        metavar='FILE', help='resized to 640x480 (default: %(default)s)')
    parser.add_argument('--frames', type=int, default=30, help='default: %(default)s')
    parser.add_argument('--coco', default=os.path.join(SHARED, 'photos', 'coco_people.json'),
                        metavar='FILE', help="labels in COCO's form (default: %(default)s)")
    parser.add_argument('--photos', metavar='FOLDER',
                        help="of the labels' photographs (default: of the name of --coco)")
    args = parser.parse_args()
    args.photos = args.photos or os.path.splitext(args.coco)[0]
    args.models = args.models or [os.path.join(ROOT, 'models'), os.path.join(SHARED, 'models')]
    return args


if __name__ == '__main__':
    sys.exit(main())
