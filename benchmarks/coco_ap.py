"""COCO's average precision (AP) of keypoints, with intervals, and as a share of another network's.

Every picture goes through PoseEngine as a whole, and every pose counts, however low its score.
Prints a table, in Markdown, of all pictures and of two fixed halves of them: with the even half, by
the place of a picture's name among all names, a network may be chosen; the odd half is for figures
that are reported. In brackets: 90 % of bootstrap samples of the pictures; those of a share take the
same pictures for both networks.
  AP     over OKS 0.50 to 0.95; AP50 at OKS 0.50 alone
  share  of the AP of --reference
It needs pycocotools: python3 -m pip install pycocotools

example:
  python3 benchmarks/coco_ap.py mine.tflite --reference googles.tflite \\
      --coco annotations/person_keypoints_val2017.json --photos val2017
"""
import argparse
import contextlib
import importlib.util
import io
import os
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from pose_engine import EngineError, Pose, PoseEngine  # noqa: E402

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

SHARED = os.path.join(os.path.dirname(ROOT), 'shared')
ANNOTATIONS = os.path.join(SHARED, 'photos', 'coco_people.json')
# What an engine gets so that it keeps faint poses too; a family has all of these options, or one.
FAINT = [{'score_threshold': 0.01, 'max_poses': 20}, {'score_threshold': 0.01}, {'max_poses': 20},
         {}]
HALVES = {'all': slice(None), 'odd, reported': slice(1, None, 2),
          'even, for choosing': slice(0, None, 2)}  # of the pictures, sorted by name
PERSON = 1  # COCO's category
INTERVAL = 5, 95  # percentiles of the bootstrap samples


class Photographs(NamedTuple):
    """People to find. truth: pycocotools' COCO. paths: of the photographs, by their ids, in the
    order of their names.
    """
    truth: Any
    paths: Dict[int, str]


class Precision(NamedTuple):
    """AP over OKS 0.50 to 0.95, and at 0.50; NaN where there is nobody to be found."""
    ap: float
    ap50: float


class Evaluation:
    """How an engine's poses fit the people of photographs, by pycocotools."""

    def __init__(self, engine: PoseEngine, photographs: Photographs) -> None:
        from pycocotools.cocoeval import COCOeval
        found = []
        for done, (number, path) in enumerate(photographs.paths.items()):
            progress(f'{os.path.basename(engine.model_path)}: {done} of {len(photographs.paths)}')
            with Image.open(path) as image:
                poses, _ = engine.DetectPosesInImage(image)
            found.extend(_as_coco(pose, number) for pose in poses)
        progress('')
        with contextlib.redirect_stdout(io.StringIO()):
            self._evaluation = COCOeval(photographs.truth, _results(photographs.truth, found),
                                        'keypoints')
            params = self._evaluation.params
            params.imgIds, params.catIds = list(photographs.paths), [PERSON]
            params.areaRng, params.areaRngLbl = params.areaRng[:1], params.areaRngLbl[:1]  # all
            self._evaluation.evaluate()
        by_id = dict(zip(params.imgIds, self._evaluation.evalImgs))
        self._pictures = [(number, by_id[number]) for number in photographs.paths]

    def __len__(self) -> int:
        """The number of photographs."""
        return len(self._pictures)

    def precision(self, pictures: Sequence[int]) -> Precision:
        """On photographs by their places in the order of names; one may be among them twice."""
        chosen = [self._pictures[i] for i in pictures]
        self._evaluation.params.imgIds = [number for number, _ in chosen]
        self._evaluation.evalImgs = [evaluated for _, evaluated in chosen]
        with contextlib.redirect_stdout(io.StringIO()):
            self._evaluation.accumulate()
        table = self._evaluation.eval['precision'][..., 0, 0, 0]  # [OKS, recall]; -1: nobody
        return Precision(*(float(part.mean()) if (part >= 0).all() else float('nan')
                           for part in (table, table[0])))


def main() -> int:
    args = parse_args()
    try:
        photographs = read_photographs(args.coco, args.photos)
        reference = Evaluation(keeping_faint(args.reference), photographs) if (
            args.reference) else None
        print('| model | pictures | AP | AP50 | share |\n|---|---|---:|---:|---:|')
        for path in args.models:
            print_rows(path, Evaluation(keeping_faint(path), photographs), reference, args.samples)
        if reference:
            print_rows(args.reference, reference, None, args.samples)
    except (EngineError, ImportError, OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


def print_rows(path: str, evaluation: Evaluation, reference: Optional[Evaluation],
               samples: int) -> None:
    """A row of the table for each part of the pictures; without a reference there is no share."""
    for name, half in HALVES.items():
        pictures = np.arange(len(evaluation))[half]
        random = np.random.default_rng(0)
        drawn = [random.choice(pictures, len(pictures)) for _ in range(samples)]
        columns = np.array([_figures(evaluation, reference, sample)
                            for sample in (pictures, *drawn)]).T
        print('|', ' | '.join([os.path.basename(path), f'{name}: {len(pictures)}',
                               *(_with_interval(*column) for column in columns),
                               *['-'] * (3 - len(columns))]), '|', flush=True)


def _figures(evaluation: Evaluation, reference: Optional[Evaluation],
             pictures: Sequence[int]) -> Tuple[float, ...]:
    """AP, AP50 and, with a reference, the share of its AP."""
    own = evaluation.precision(pictures)
    if reference is None:
        return own
    other = reference.precision(pictures).ap
    return (*own, own.ap / other if other else float('nan'))


def _with_interval(value: float, *samples: float) -> str:
    known = [sample for sample in samples if not np.isnan(sample)]
    low, high = np.percentile(known, INTERVAL) if known else (np.nan, np.nan)
    return f'{value:.3f} [{low:.3f} {high:.3f}]'


def keeping_faint(path: str, device: str = 'cpu') -> PoseEngine:
    """An engine that keeps as many poses as its family can."""
    for options in FAINT[:-1]:
        with contextlib.suppress(EngineError):
            return PoseEngine(path, device=device, **options)
    return PoseEngine(path, device=device)


def read_photographs(coco: str, folder: str) -> Photographs:
    """The photographs in a folder that a file of COCO's form labels.

    Raises OSError without the file, ImportError without pycocotools.
    """
    if not os.path.exists(coco):
        raise FileNotFoundError(f'no {coco}')
    if not importlib.util.find_spec('pycocotools'):
        raise ImportError('pycocotools is not installed: python3 -m pip install pycocotools')
    from pycocotools.coco import COCO
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(coco)
    images = sorted(truth.dataset['images'], key=lambda image: image['file_name'])
    return Photographs(truth, {image['id']: os.path.join(folder, image['file_name'])
                               for image in images})


def progress(text: str) -> None:
    """Shows on a terminal what is being done, or removes it."""
    if sys.stderr.isatty():
        print(f'\r\033[K{text}', end='', file=sys.stderr, flush=True)


def _results(truth: Any, found: List[Dict[str, Any]]) -> Any:
    """Poses as pycocotools' COCO, whose loadRes takes at least one."""
    if found:
        return truth.loadRes(found)
    from pycocotools.coco import COCO
    nothing = COCO()
    nothing.dataset = {**truth.dataset, 'annotations': []}
    nothing.createIndex()
    return nothing


def _as_coco(pose: Pose, image: int) -> Dict[str, Any]:
    """A pose as COCO's results have it."""
    keypoints = [number for keypoint in pose.keypoints.values()
                 for number in (*map(float, keypoint.point), 1)]
    return {'image_id': image, 'category_id': PERSON, 'keypoints': keypoints,
            'score': float(pose.score)}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('models', nargs='+', metavar='MODEL', help='a model file')
    parser.add_argument('--reference', metavar='FILE', help='the model to compare with')
    parser.add_argument('--coco', default=ANNOTATIONS, metavar='FILE',
                        help="labels in COCO's form (default: %(default)s)")
    parser.add_argument('--photos', metavar='FOLDER',
                        help="of the labels' photographs (default: of the name of --coco)")
    parser.add_argument('--samples', type=int, default=1000,
                        help='of the bootstrap (default: %(default)s)')
    args = parser.parse_args()
    args.photos = args.photos or os.path.splitext(args.coco)[0]
    return args


if __name__ == '__main__':
    sys.exit(main())
