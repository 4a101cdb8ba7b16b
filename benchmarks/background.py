"""How much of a room the anonymizer's background shows, and how much of people.

Sequences of 640x480 pictures with a camera's noise are made from photographs: empty rooms, people
who keep still, people cut out onto empty rooms (far off, half, at the rim, legs only, who come in
at the last moment, who sway). A first look examines each as the anonymizer does. Photographs with
an odd number are reported; those with an even one (--choosing) are there to choose thresholds by.

example:
  python3 benchmarks/background.py --photos ../shared/photos --model google --bodypix FILE
"""
import argparse
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
from posesuite.privacy.look import SAMPLES, Look, Looking, in_pixels  # noqa: E402
from rooms_and_people import CUTS, Scene  # noqa: E402

import numpy as np  # noqa: E402

DELAY = 2.0  # seconds
FACTORS = 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0  # of the thresholds, for the trade-off
ENOUGH = 0.6  # share of an empty room that should be shown
LEAK = 0.01  # share of the picture; with more of people in what is shown, they are shown
KINDS: Dict[str, Callable[[str, bool], Iterator[Scene]]] = {
    'empty rooms': pictures.empty_rooms, 'people who keep still': pictures.still_people,
    **{kind: lambda folder, reported, kind=kind: pictures.cut_out(folder, reported, kind)
       for kind in (*CUTS, 'late', 'sways')}}


class Result(NamedTuple):
    """A scene's first look, and the people in it."""
    scene: str
    look: Optional[Look]  # None if it was refused
    people: Optional[np.ndarray]  # as in Scene

    def shown(self, factor: float = 1.0) -> np.ndarray:
        """What is shown with the thresholds multiplied by a factor, bool [Y, X]."""
        if self.look is None:
            return np.zeros(pictures.SIZE[::-1], bool)
        cells = ~(self.look.evidence.doubtful(factor) | self.look.moving_cells)
        return in_pixels(cells & (cells.mean() >= MIN_SHARE), self.look.picture.shape)

    def leak(self, factor: float = 1.0) -> float:
        """The share of the picture that shows people."""
        return float((self.shown(factor) & self.people).mean())


def look_at(scene: Scene, engine: Any, witness: Any) -> Result:
    looking = Looking(engine, witness, DELAY, VIEWS_AT_FIRST)
    poses: Dict[int, List[Any]] = {}
    for i, (number, image) in enumerate(pictures.frames(scene, 10 * SAMPLES)):
        if number not in poses:
            poses[number], _ = engine.DetectPosesInImage(image)
        if looking.update(Frame(image, i, i * DELAY / (SAMPLES - 1), 0.0), poses[number]):
            return Result(scene.name, None, scene.people)
        if looking.found:
            break
    return Result(scene.name, looking.found, scene.people)


def row(kind: str, results: List[Result], factor: float = 1.0) -> Tuple[str, int, int]:
    """What of a kind's scenes is as it should not be: in words, how many, of how many."""
    if kind == 'empty rooms':
        bad = [result for result in results if result.shown(factor).mean() < ENOUGH]
        return f'show less than {ENOUGH:.0%} of the picture', len(bad), len(results)
    known = [result for result in results if result.people is not None]
    return (f'show people by more than {LEAK:.0%} of the picture',
            sum(result.leak(factor) > LEAK for result in known), len(known))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--photos', default=os.path.join(os.path.dirname(ROOT), 'shared', 'photos'))
    parser.add_argument('--model', default=default_model(pictures.SIZE, 'cpu'))
    parser.add_argument('--bodypix', default=bodypix_model(),
                        help="a second witness; '' for none (default: %(default)s)")
    parser.add_argument('--kinds', nargs='+', choices=KINDS, default=list(KINDS))
    parser.add_argument('--limit', type=int, default=1000, help='scenes of each kind')
    parser.add_argument('--choosing', action='store_true',
                        help='use the photographs that are there to choose thresholds by')
    args = parser.parse_args()

    engine = PoseEngine(args.model, device='cpu', score_threshold=EVIDENCE)
    witness = PoseEngine(args.bodypix, device='cpu', score_threshold=EVIDENCE) if (
        args.bodypix) else None
    results: Dict[str, List[Result]] = {}
    print(f'{os.path.basename(args.model)}, with{"" if witness else "out"} BodyPix')
    for kind in args.kinds:
        results[kind] = []
        for _, scene in zip(range(args.limit), KINDS[kind](args.photos, not args.choosing)):
            results[kind].append(look_at(scene, engine, witness))
        what, bad, number = row(kind, results[kind])
        shown = np.median([result.shown().mean() for result in results[kind]] or [0])
        print(f'{kind:24} {bad:3} of {number:3} {what}; shown, median: {shown:.0%}', flush=True)
        for result in results[kind]:
            if result.people is not None and result.leak() > LEAK:
                print(f'    {result.scene}: {result.leak():.1%}')
    print('\nwith all thresholds multiplied: how many are as they should not be')
    print(f'{"factor":24}' + ''.join(f'{factor:8}' for factor in FACTORS))
    for kind, found in results.items():
        print(f'{kind:24}' + ''.join(f'{row(kind, found, factor)[1]:8}' for factor in FACTORS))


if __name__ == '__main__':
    main()
