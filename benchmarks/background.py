"""How much of a room the anonymizer's background shows, and how much of people.

Sequences of 640x480 pictures with a camera's noise are made from photographs: empty rooms, people
who keep still, people cut out onto empty rooms (far off, half, at the rim, legs only, who come in
at the last moment, who sway). A first look examines each as the anonymizer does. Those who sway
are also watched for minutes in which the network sees nobody. Photographs with an odd number are
reported; those with an even one (--choosing) are there to choose thresholds by.

example:
  python3 benchmarks/background.py --photos ../shared/photos
"""
import argparse
import copy
import os
import sys
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [ROOT, os.path.join(ROOT, 'tests')]

import rooms_and_people as pictures  # noqa: E402
from pose_engine import PoseEngine  # noqa: E402
from posesuite.engine import bodypix_model, default_model  # noqa: E402
from posesuite.pose.pose import Frame  # noqa: E402
from posesuite.privacy import EVIDENCE  # noqa: E402
from posesuite.privacy.background import MIN_SHARE, VIEWS_AT_FIRST  # noqa: E402
from posesuite.privacy.composition import levels  # noqa: E402
from posesuite.privacy.evidence import Evidence, views  # noqa: E402
from posesuite.privacy.look import (  # noqa: E402
    SAMPLES,
    WITNESS_ENLARGEMENTS,
    Look,
    Looking,
    in_pixels,
)
from posesuite.privacy.room import Room  # noqa: E402
from rooms_and_people import CUTS, Scene  # noqa: E402

import numpy as np  # noqa: E402

DELAY = 2.0  # seconds
FACTORS = 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0  # of the thresholds, for the trade-off
ENOUGH = 0.6  # share of an empty room that should be shown
LEAK = 0.01  # share of the picture; with more of people in what is shown, they are shown
LATER = 10, 30, 70, 150, 230, 310  # seconds of the looks after the first
KINDS: Dict[str, Callable[[str, bool], Iterator[Scene]]] = {
    'empty rooms': pictures.empty_rooms, 'people who keep still': pictures.still_people,
    **{kind: lambda folder, reported, kind=kind: pictures.cut_out(folder, reported, kind)
       for kind in (*CUTS, 'late', 'sways')}}


class Result(NamedTuple):
    """A scene's first look, and the people in it."""
    scene: Scene
    look: Optional[Look]  # None if it was refused

    def shown(self, factor: float = 1.0) -> np.ndarray:
        """What is shown with the thresholds multiplied by a factor, bool [Y, X]."""
        if self.look is None:
            return np.zeros(pictures.SIZE[::-1], bool)
        cells = ~(self.look.evidence.doubtful(factor) | self.look.moving_cells)
        return in_pixels(cells & (cells.mean() >= MIN_SHARE), self.look.picture.shape)

    def leak(self, factor: float = 1.0) -> float:
        """The share of the picture that shows people."""
        return float((self.shown(factor) & self.scene.people).mean())

    def later_leak(self) -> float:
        """That share after minutes in which the network sees nothing in any look."""
        if self.look is None or not self.shown().any():
            return 0.0
        room = Room(self.look, 0.0)
        for number, seconds in enumerate(LATER):
            image = self.scene.images[(5 * number) % len(self.scene.images)]
            rng = np.random.default_rng(number)
            noise = rng.normal(0, pictures.NOISE / SAMPLES ** 0.5, image.shape)
            room.add(Look(image, np.zeros(image.shape[:2], bool), levels([image + noise]),
                          Evidence(pictures.SIZE)), seconds)
        return float((room.shown & self.scene.people).mean())


def look_at(scene: Scene, engine: Any, witness: Any) -> List[Result]:
    """A scene's first look without a witness, and, if there is one, with it."""
    looking = Looking(engine, None, DELAY, VIEWS_AT_FIRST)
    poses: Dict[int, List[Any]] = {}
    for i, (number, image) in enumerate(pictures.frames(scene, 10 * SAMPLES)):
        if number not in poses:
            poses[number], _ = engine.DetectPosesInImage(image)
        if looking.update(Frame(image, i, i * DELAY / (SAMPLES - 1), 0.0), poses[number]):
            return [Result(scene, None)] * (1 if witness is None else 2)
        if looking.found:
            break
    found = [Result(scene, looking.found)]
    if witness is not None:
        evidence = copy.deepcopy(looking.found.evidence)
        for view in views(looking.found.picture, WITNESS_ENLARGEMENTS):
            evidence.examine(view, witness)
        found.append(Result(scene, looking.found._replace(evidence=evidence)))
    return found


def row(kind: str, results: List[Result], factor: float = 1.0) -> Tuple[str, int, int]:
    """What of a kind's scenes is as it should not be: in words, how many, of how many."""
    if kind == 'empty rooms':
        bad = [result for result in results if result.shown(factor).mean() < ENOUGH]
        return f'show less than {ENOUGH:.0%} of the picture', len(bad), len(results)
    return (f'show people by more than {LEAK:.0%} of the picture',
            sum(result.leak(factor) > LEAK for result in results), len(results))


def report(results: Dict[str, List[Result]]) -> None:
    for kind, found in results.items():
        what, bad, number = row(kind, found)
        shown = np.median([result.shown().mean() for result in found] or [0])
        print(f'{kind:24} {bad:3} of {number:3} {what}; shown, median: {shown:.0%}')
        for result in found:
            if result.scene.people is not None and result.leak() > LEAK:
                print(f'    {result.scene.name}: {result.leak():.1%}')
    later = [result.later_leak() > LEAK for result in results.get('sways', [])]
    if later:
        print(f'{"sways, minutes later":24} {sum(later):3} of {len(later):3} show people')
    print('with all thresholds multiplied: how many are as they should not be')
    print(f'{"factor":24}' + ''.join(f'{factor:8}' for factor in FACTORS))
    for kind, found in results.items():
        print(f'{kind:24}' + ''.join(f'{row(kind, found, factor)[1]:8}' for factor in FACTORS),
              flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--photos', default=os.path.join(os.path.dirname(ROOT), 'shared', 'photos'))
    parser.add_argument('--model', help="(default: the anonymizer's)")
    parser.add_argument('--bodypix', default=bodypix_model(),
                        help="a second witness, with and without which it is measured; '' for none "
                        '(default: %(default)s)')
    parser.add_argument('--kinds', nargs='+', choices=KINDS, default=list(KINDS))
    parser.add_argument('--limit', type=int, default=1000, help='scenes of each kind')
    parser.add_argument('--choosing', action='store_true',
                        help='use the photographs that are there to choose thresholds by')
    args = parser.parse_args()

    engine = PoseEngine(args.model or default_model(pictures.SIZE, 'cpu'), device='cpu',
                        score_threshold=EVIDENCE)
    witness = PoseEngine(args.bodypix, device='cpu', score_threshold=EVIDENCE) if (
        args.bodypix) else None
    results: List[Dict[str, List[Result]]] = [{}] if witness is None else [{}, {}]
    for kind in args.kinds:
        for _, scene in zip(range(args.limit), KINDS[kind](args.photos, not args.choosing)):
            for table, result in zip(results, look_at(scene, engine, witness)):
                table.setdefault(kind, []).append(result)
    for table, with_ in zip(results, ('without', 'with')):
        print(f'\n{os.path.basename(engine.model_path)}, {with_} BodyPix')
        report(table)


if __name__ == '__main__':
    main()
