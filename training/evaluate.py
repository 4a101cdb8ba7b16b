"""Measures a model on pictures: against another model, or against the truth of rendered shards.

Poses that score --threshold or more count. The poses of both sides are paired one to one by
decreasing OKS (COCO's object keypoint similarity); a pose is found if its OKS exceeds 0.5, and
`found_by_oks` counts the found poses by other limits as well. Examples:
  python3 training/evaluate.py MODEL --reference GOOGLES_MODEL --pictures photos --empty no_people
  python3 training/evaluate.py MODEL --truth data/shard-00000 --page page.html
The page shows both sides. Never train on the pictures that you measure with.
"""
import argparse
import base64
import html
import json
import pathlib
import sys
from typing import NamedTuple, Optional

import cv2
import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from pose_engine import PoseEngine  # noqa: E402
from posesuite.pose.skeleton import BONES, KEYPOINT_TYPES, KeypointType  # noqa: E402
from training import shards  # noqa: E402
from training.scenes import SEEN  # noqa: E402

SUFFIXES = {'.jpg', '.jpeg', '.png'}
# COCO's standard deviation of annotators at each keypoint, relative to the root of the area.
SIGMAS = np.array([.026, .025, .025, .035, .035, .079, .079, .072, .072, .062, .062, .107, .107,
                   .087, .087, .089, .089])
MIN_OKS, VISIBLE = .5, .3  # OKS of a found pose; score of a keypoint that the reference sees
OKS_LIMITS = .1, .3, .5, .75  # further limits for found poses, ascending
BOX_SHARE = .6  # a person's area as a share of the box around the keypoints
MIN_KEYPOINTS, MIN_AREA = 6, 1600  # seen keypoints and pixels of a rendered person that counts
# By the person's area in pixels, as if the picture filled 353x481.
SIZES = [('small', 0, 3000), ('middle', 3000, 10000), ('large', 10000, np.inf)]


class Found(NamedTuple):
    """A pose of either side."""

    points: np.ndarray
    """[17, 2] x and y in pixels of the picture."""
    scores: np.ndarray
    """[17]; for truth 1 where it is seen."""
    score: float

    def area(self) -> float:
        """Of the person, square pixels."""
        seen = self.points[self.scores > VISIBLE]
        points = seen if len(seen) >= 3 else self.points
        return float(np.prod(np.ptp(points, axis=0) + 8)) * BOX_SHARE


class Side:
    """A model, and the seconds that it took for each picture."""

    def __init__(self, path: str, threads: Optional[int]):
        self.engine = PoseEngine(path, device='cpu', num_threads=threads)
        self.seconds: list[float] = []

    def look(self, image: np.ndarray, threshold: float) -> 'list[Found]':
        """All poses over the threshold."""
        found, seconds = self.engine.DetectPosesInImage(image)
        self.seconds.append(seconds)
        out = []
        for pose in found:
            keypoints = [pose.keypoints[k] for k in KEYPOINT_TYPES]
            out.append(Found(np.array([[k.point.x, k.point.y] for k in keypoints], float),
                             np.array([k.score for k in keypoints], float), float(pose.score)))
        return [pose for pose in out if pose.score > threshold]


def oks(pose: Found, reference: Found) -> float:
    """Object keypoint similarity over the keypoints that the reference sees."""
    seen = reference.scores > VISIBLE
    if not seen.any():
        return 0.
    squared = ((pose.points - reference.points) ** 2).sum(1)
    return float(np.exp(-squared / (2 * reference.area() * (2 * SIGMAS) ** 2))[seen].mean())


def pair(poses: 'list[Found]', references: 'list[Found]',
         min_oks: float = MIN_OKS) -> 'list[tuple[int, int, float]]':
    """(pose, reference, OKS) of the one-to-one pairs with an OKS over min_oks, best first."""
    table = sorted(((oks(p, r), i, j) for i, p in enumerate(poses)
                    for j, r in enumerate(references)), reverse=True)
    pairs, taken_poses, taken_references = [], set(), set()
    for similarity, i, j in table:
        if similarity > min_oks and i not in taken_poses and j not in taken_references:
            pairs.append((i, j, similarity))
            taken_poses.add(i)
            taken_references.add(j)
    return pairs


def draw(image: np.ndarray, poses: 'list[Found]') -> np.ndarray:
    """The picture with skeletons, 480 pixels wide, RGB."""
    scale = 480 / image.shape[1]
    out = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    colors = [(255, 90, 60), (60, 220, 90), (90, 140, 255), (255, 220, 40), (230, 90, 255)]
    for n, pose in enumerate(poses):
        at = [(int(x), int(y)) for x, y in pose.points * scale]
        color = colors[n % len(colors)]
        for a, b in BONES:
            if min(pose.scores[a], pose.scores[b]) > VISIBLE:
                cv2.line(out, at[a], at[b], color, 2, cv2.LINE_AA)
        for point, score in zip(at, pose.scores):
            if score > VISIBLE:
                cv2.circle(out, point, 3, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.putText(out, f'{pose.score:.2f}', at[0], cv2.FONT_HERSHEY_SIMPLEX, .5, color, 1,
                    cv2.LINE_AA)
    return out


class Tally:
    """Counts of all pictures."""

    def __init__(self):
        self.pictures = self.references = self.found = self.unmatched = 0
        self.by_size = {name: [0, 0] for name, _, _ in SIZES}
        self.by_oks = dict.fromkeys(OKS_LIMITS, 0)
        self.errors: list[list[float]] = [[] for _ in range(17)]
        self.rows: list[str] = []

    def add(self, name: str, image: np.ndarray, poses: 'list[Found]',
            references: 'list[Found]', keep_picture: bool) -> None:
        """Counts one picture."""
        near = pair(poses, references, OKS_LIMITS[0])
        for least in OKS_LIMITS:
            self.by_oks[least] += sum(similarity > least for _, _, similarity in near)
        pairs = [a_pair for a_pair in near if a_pair[2] > MIN_OKS]
        self.pictures += 1
        self.references += len(references)
        self.found += len(pairs)
        self.unmatched += len(poses) - len(pairs)
        found = {j for _, j, _ in pairs}
        scale = min(481 / image.shape[1], 353 / image.shape[0])
        for j, reference in enumerate(references):
            area = reference.area() * scale ** 2
            size = next(n for n, low, high in SIZES if low <= area < high)
            self.by_size[size][0] += j in found
            self.by_size[size][1] += 1
        for i, j, _ in pairs:
            distance = np.linalg.norm(poses[i].points - references[j].points, axis=1)
            relative = distance / np.sqrt(references[j].area())
            for k in np.flatnonzero(references[j].scores > VISIBLE):
                self.errors[k].append(float(relative[k]))
        if keep_picture:
            both = np.concatenate([draw(image, references), draw(image, poses)], 1)
            data = cv2.imencode('.jpg', both[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
            self.rows.append(
                f'<figure><img src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
                f'<figcaption>{html.escape(name)}: {len(pairs)} of {len(references)} found, '
                f'{len(poses) - len(pairs)} unmatched</figcaption></figure>')

    def result(self) -> dict:
        """All figures, rounded for reading."""
        share = self.found / max(1, self.references)
        spread = np.sqrt(share * (1 - share) / max(1, self.references))
        return {
            'pictures': self.pictures, 'reference_poses': self.references, 'found': self.found,
            'share_found': round(share, 3), 'standard_error': round(float(spread), 3),
            'unmatched_a_picture': round(self.unmatched / max(1, self.pictures), 3),
            'found_by_oks': {str(least): count for least, count in self.by_oks.items()},
            'found_by_size': {name: f'{a} of {b}' for name, (a, b) in self.by_size.items()},
            'median_error_over_root_area': {
                KeypointType(k).name.lower(): round(float(np.median(errors)), 3)
                for k, errors in enumerate(self.errors) if errors}}


def read_pictures(folder: pathlib.Path) -> 'list[tuple[str, np.ndarray]]':
    """Names and [Y, X, 3] RGB pictures of a folder.

    Raises:
      FileNotFoundError: it holds none.
    """
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise FileNotFoundError(f'{folder} holds no picture')
    return [(path.name, np.ascontiguousarray(cv2.imread(str(path))[..., ::-1]))
            for path in paths]


def true_poses(keypoints: np.ndarray, areas: np.ndarray) -> 'list[Found]':
    """The people of a rendered picture ([n, 17, 3], [n]) that a model is asked to find."""
    seen = keypoints[..., 2] == SEEN
    return [Found(points[:, :2].astype(float), s.astype(float), 1.)
            for points, s, area in zip(keypoints, seen, areas)
            if s.sum() >= MIN_KEYPOINTS and area >= MIN_AREA]


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model', help='a .tflite file')
    parser.add_argument('--reference', metavar='FILE', help='the model to compare with')
    parser.add_argument('--pictures', type=pathlib.Path, metavar='FOLDER')
    parser.add_argument('--empty', type=pathlib.Path, metavar='FOLDER',
                        help='pictures without people')
    parser.add_argument('--truth', type=pathlib.Path, metavar='SHARD',
                        help='a rendered shard, instead of --reference and --pictures')
    parser.add_argument('--threshold', type=float, default=.4, help='(default: %(default)s)')
    parser.add_argument('--threads', type=int, help='default: one a core, at most 4')
    parser.add_argument('--page', type=pathlib.Path, metavar='FILE',
                        help='an HTML page of all pictures, reference left, model right')
    args = parser.parse_args()
    if bool(args.truth) == bool(args.reference and args.pictures):
        parser.error('give --reference and --pictures, or --truth')
    return args


def main() -> int:
    """Prints the figures as JSON."""
    args = parse_args()
    try:
        model = Side(args.model, args.threads)
        reference = Side(args.reference, args.threads) if args.reference else None
        tally, result = Tally(), {'model': args.model, 'threshold': args.threshold}
        quiet = not sys.stderr.isatty()
        if args.truth:
            arrays = [shards.load(args.truth, name) for name in shards.PICTURE_ARRAYS]
            for n, (image, keypoints, areas) in enumerate(tqdm(zip(*arrays), disable=quiet)):
                image = np.ascontiguousarray(image)
                tally.add(f'{n}', image, model.look(image, args.threshold),
                          true_poses(keypoints, areas), bool(args.page) and n < 60)
        else:
            for name, image in tqdm(read_pictures(args.pictures), disable=quiet):
                tally.add(name, image, model.look(image, args.threshold),
                          reference.look(image, args.threshold), bool(args.page))
        result.update(tally.result())
        if args.empty:
            empty = read_pictures(args.empty)
            poses_in_all = model_wrong = reference_wrong = 0
            for name, image in empty:
                poses = model.look(image, args.threshold)
                others = reference.look(image, args.threshold) if reference else []
                poses_in_all += len(poses)
                model_wrong += bool(poses)
                reference_wrong += bool(others)
                if args.page:
                    Tally.add(tally, f'{name} (nobody)', image, poses, others, True)
            result['false_poses_a_picture_without_people'] = round(poses_in_all / len(empty), 3)
            result['pictures_without_people_with_a_pose'] = f'{model_wrong} of {len(empty)}'
            if reference:
                result['the_same_of_the_reference'] = f'{reference_wrong} of {len(empty)}'
        result['median_milliseconds'] = round(float(np.median(model.seconds)) * 1e3, 2)
        if reference:
            result['reference_milliseconds'] = round(float(np.median(reference.seconds)) * 1e3, 2)
        if args.page:
            args.page.write_text(
                '<!doctype html><meta charset="utf-8"><title>Poses</title><style>body{font:14px '
                'sans-serif}img{max-width:100%}</style><p>left: reference, right: '
                f'{html.escape(args.model)}</p><pre>{html.escape(json.dumps(result, indent=1))}'
                f'</pre>{"".join(tally.rows)}')
    except (OSError, RuntimeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    print(json.dumps(result, indent=1))
    return 0


if __name__ == '__main__':
    sys.exit(main())
