"""Measures every network that this machine has, of every family, on every runtime that runs it.

Prints a table, in Markdown:
  input  width x height in pixels, as the network was loaded
  ms     median milliseconds of DetectPosesInImage, for --picture
  CPU ms milliseconds that all threads together computed for it, which a busy machine changes little
  fps    the reciprocal of ms
  AP     COCO's average precision of keypoints on the people of --coco, over OKS 0.50 to 0.95, in
         percent; AP50 at OKS 0.50 alone. Every photograph goes through the engine by itself, and
         every pose counts. For this pycocotools must be installed, and the photographs be there.
         coco_ap.py tells how far it can be trusted.
Choose by both: a network for crowds, for one person, for speed. Each row is printed as soon as it
is measured. What cannot be run is listed below the table, with the reason.

examples:
  python3 benchmarks/engine.py
  python3 benchmarks/engine.py models/movenet my_model.onnx --frames 100
  python3 benchmarks/engine.py --coco annotations/person_keypoints_val2017.json --photos val2017
"""
import argparse
import importlib.util
import os
import sys
import time
from typing import Iterator, List, Optional, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [ROOT, HERE]

from coco_ap import (  # noqa: E402
    ANNOTATIONS,
    SHARED,
    Evaluation,
    Photographs,
    keeping_faint,
    progress,
    read_photographs,
)
from pose_engine import EngineError, PoseEngine  # noqa: E402
from posesuite.engine.catalogue import EDGETPU_ENDING, model_files  # noqa: E402
from posesuite.engine.device import RUNTIMES, has_edgetpu  # noqa: E402

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

# Of the table behind the model's name: titles and characters.
COLUMNS = {'family': 14, 'runtime': 14, 'input': 9, 'ms': 6, 'CPU ms': 6, 'fps': 6, 'AP': 5,
           'AP50': 5}


def main() -> int:
    args = parse_args()
    photographs = read_labelled(args.coco, args.photos)
    image = np.asarray(Image.open(args.picture).convert('RGB').resize((640, 480)))
    runs = [(path, device) for path in model_files(args.models) for device in runtimes_for(path)]
    if not runs:
        sys.exit(f'error: no models in {", ".join(args.models)}')
    widths = [max(len(os.path.basename(path)) for path, _ in runs), *COLUMNS.values()]
    print_row(('model', *COLUMNS), widths)
    print_row(tuple('-' * (width - (i > 3)) + ':' * (i > 3) for i, width in enumerate(widths)),
              widths)
    failures = []
    for i, (path, device) in enumerate(runs):
        progress(f'{i + 1} of {len(runs)}: {os.path.basename(path)} on {device}')
        try:
            row = measure(path, device, image, args.frames, photographs)
        except (EngineError, ValueError) as error:
            failures.append(f'{os.path.basename(path)}, {device}: {error}')
        else:
            progress('')
            print_row(row, widths)
    progress('')
    for failure in failures:
        print(f'not run: {failure}')
    return 0


def print_row(cells: Tuple[str, ...], widths: List[int]) -> None:
    print('|', ' | '.join(map(str.ljust, cells, widths)), '|', flush=True)


def measure(path: str, device: str, image: np.ndarray, frames: int,
            photographs: Optional[Photographs]) -> Tuple[str, ...]:
    """The row of a model."""
    engine = PoseEngine(path, device=device)
    engine.DetectPosesInImage(image)
    ms, cpu_ms = (1000 * float(np.median(seconds))
                  for seconds in zip(*(timed(engine, image) for _ in range(frames))))
    precisions: Tuple[float, ...] = ()
    if photographs:
        precisions = Evaluation(keeping_faint(path, device), photographs).precision(
            range(len(photographs.paths)))
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
    """The name of the runtime of an engine's network."""
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


def read_labelled(coco: str, folder: str) -> Optional[Photographs]:
    """The photographs that a file of COCO's form labels; without it or pycocotools a line says so,
    and it is None.
    """
    try:
        return read_photographs(coco, folder)
    except (ImportError, OSError) as error:
        print(f'no AP: {error}', file=sys.stderr)
        return None


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', nargs='*', metavar='MODEL',
                        help='model files and folders of such (default: all that are here)')
    parser.add_argument('--picture', default=os.path.join(ROOT, 'samples', 'couple.jpg'),
                        metavar='FILE', help='resized to 640x480 (default: %(default)s)')
    parser.add_argument('--frames', type=int, default=30, help='default: %(default)s')
    parser.add_argument('--coco', default=ANNOTATIONS, metavar='FILE',
                        help="labels in COCO's form (default: %(default)s)")
    parser.add_argument('--photos', metavar='FOLDER',
                        help="of the labels' photographs (default: of the name of --coco)")
    args = parser.parse_args()
    args.photos = args.photos or os.path.splitext(args.coco)[0]
    args.models = args.models or [os.path.join(ROOT, 'models'), os.path.join(SHARED, 'models')]
    return args


if __name__ == '__main__':
    sys.exit(main())
