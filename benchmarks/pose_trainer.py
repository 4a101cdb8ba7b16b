"""How well trained poses are found in rendered people whom the training has not seen.

examples:
  python3 benchmarks/pose_trainer.py --assets makehuman --into recordings
  python3 benchmarks/pose_trainer.py --simulated

One person holds ten poses for 20 seconds each before a camera at 1.3 m; two classifiers learn five
of them each. Four others, with other bodies and clothes, before cameras at 0.6 m to 2.2 m, turned
by up to 17 degrees, hold these and six more poses, of which each classifier knows five. --model
finds the keypoints. What was rendered stays in the folder of --into, FOLDER/PERSON/POSE/, and is
used again.
--assets: MakeHuman's files, as training/README.md describes them; rendering needs training/'s
packages. --simulated: kinematic people of tests/posers.py instead, without a network.

  found  share of the frames of a label in which it is the answer; none of who is not found
  none   the same of frames of poses that were never shown
  holds  the same of recordings: what most of their frames are
"""
import argparse
import collections
import os
import pathlib
import sys
import tempfile
from typing import Any, Dict, List, NamedTuple, Optional

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [ROOT, os.path.join(ROOT, 'tests')]

import posers  # noqa: E402
from pose_engine import PoseEngine  # noqa: E402
from posesuite.activities.recordings import read_recording  # noqa: E402
from posesuite.activities.training import train  # noqa: E402
from posesuite.pose import Frame, PeopleFinder, PoseLog  # noqa: E402
from posesuite.pose.log import read_log  # noqa: E402

import numpy as np  # noqa: E402

MODEL = os.path.join(ROOT, 'models', 'rendered',
                     'posenet_rendered_mobilenet_v1_075_481_641_quant_decoder.tflite')
SETS = (('arms_up', 'hands_on_hips', 'squat', 't_pose', 'tree'),
        ('left_hand_up', 'lunge', 'sitting', 'star', 'warrior'))
LABELS = SETS[0] + SETS[1]
POSES = (*LABELS, 'standing', 'side_bend', 'pointing', 'kneeling', 'bending', 'arms_crossed')
STYLE, SWAY, DECAY = 0.05, 0.06, 0.93  # of directions; DECAY in a tenth of a second


class Person(NamedTuple):
    """Who it is, how it stands before the camera, and for how long. yaw: degrees; camera: its
    height, and distance, in decimetres; rate: frames a second.
    """
    seed: int
    yaw: float
    camera: float
    distance: float
    seconds: float = 1.6
    rate: float = 2.5


TRAINER = Person(1, 5, 13, 36, 20, 2)
OTHERS = {'low': Person(30, -14, 6, 38), 'turned': Person(48, 17, 12, 39),
          'high': Person(39, 6, 22, 41), 'waist': Person(11, -8, 9, 37)}
SIMULATED = {'person': posers.Person(2, -8), 'low': posers.Person(3, camera=.6),
             'high': posers.Person(4, camera=2.0, height=1.85), 'turned': posers.Person(5, 18),
             'noisy': posers.Person(7, noise=.014, gaps=.08)}


class Stage:
    """Renders people who hold poses, in the room of samples/."""

    def __init__(self, assets: pathlib.Path) -> None:
        from training import make_samples, makehuman, poses, scenes
        self._make, self._poses, self._scenes = make_samples, poses, scenes
        build = pathlib.Path(ROOT, 'training', 'build')
        cast = makehuman.load_cast(assets, build, count=64)
        self._set = make_samples.Set(cast)

    def pictures(self, name: str, person: Person) -> List[np.ndarray]:
        """The frames of somebody who holds a pose and moves a little."""
        make = self._make
        rng = np.random.default_rng([person.seed, sorted(posers.POSES).index(name)])
        style, sway = rng.normal(0, STYLE, (9, 3)), np.zeros((9, 3))
        pitch = np.arctan2(person.camera - 9.5, person.distance)
        self._set.camera = self._scenes.Camera(make.FOCAL * self._scenes.SUPERSAMPLING,
                                               person.camera, self._poses.about([1, 0, 0], -pitch))
        self._set.distance, yaw, found = person.distance, person.yaw + rng.normal(0, 4), []
        kept = DECAY ** (10 / person.rate)
        for number in range(round(person.seconds * person.rate)):
            sway = kept * sway + rng.normal(0, SWAY * np.sqrt(1 - kept * kept), (9, 3))
            yaw += rng.normal(0, .6 * np.sqrt(10 / person.rate))

            def move(rotations: np.ndarray, character: Any, bone: Dict[str, int], _: float,
                     off: np.ndarray = style + sway) -> None:
                self._hold(posers.POSES[name], rotations, character.bone_heads, bone, iter(off))
            actor = make.Actor(person.seed % 64, person.seed * 7 + 3,
                               make.at(0, 0, np.deg2rad(yaw)), move)
            found.append(self._set.frame([actor], number / person.rate)[0])
        return found

    def _hold(self, held: Dict[str, Any], rotations: np.ndarray, heads: np.ndarray,
              bone: Dict[str, int], off: Any) -> None:
        """Turns the bones into the directions of a pose of tests/posers.py."""
        between, about = self._poses.between, self._poses.about

        def along(direction: Any, sign: int = 1) -> np.ndarray:
            unit = np.asarray(direction, float) * (sign, 1, 1)
            unit = unit / np.linalg.norm(unit) + next(off)
            return unit / np.linalg.norm(unit)
        trunk = between(np.array([0, 1., 0]), along(held['torso']))
        rotations[bone['root']] = trunk
        for side, sign in (('L', 1), ('R', -1)):
            ways = [along(way, sign) for way in held['left' if side == 'L' else 'right']]
            for names, upper, lower in ((('upperarm01', 'lowerarm01', 'wrist'), *ways[:2]),
                                        (('upperleg01', 'lowerleg01', 'foot'), *ways[2:])):
                top, joint, end = (bone[f'{part}.{side}'] for part in names)
                parent = trunk
                if names[0] == 'upperarm01' and upper[1] > 0:  # the shoulder goes up, too
                    lifted = about([0, 0, 1], sign * .3 * upper[1])
                    rotations[bone[f'clavicle.{side}']], parent = lifted, trunk @ lifted
                rotations[top] = between(heads[joint] - heads[top], parent.T @ upper)
                parent = parent @ rotations[top]
                rotations[joint] = between(heads[end] - heads[joint], parent.T @ lower)


def render(args: argparse.Namespace, people: Dict[str, Person]) -> None:
    """Writes the logs FOLDER/PERSON/POSE/rendered.jsonl that are not there."""
    stage: Optional[Stage] = None
    engine = None
    for who, person in people.items():
        for name in LABELS if who == 'trainer' else POSES:
            path = os.path.join(args.into, who, name, 'rendered.jsonl')
            if os.path.exists(path):
                continue
            stage = stage or Stage(args.assets)
            engine = engine or PoseEngine(args.model, device=args.device)
            finder = PeopleFinder(engine, .4)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with PoseLog(path + '.part', 'rendered', fps=person.rate) as log:
                for number, image in enumerate(stage.pictures(name, person)):
                    frame = Frame(image, number, number / person.rate, 0.0)
                    frame, found, _, _ = finder.find(frame)
                    log.write(frame, found)
            os.replace(path + '.part', path)
            print(f'{who}: {name}', file=sys.stderr)


def simulate(folder: str, seconds: float) -> List[str]:
    """Writes logs of simulated people, of the trainer so many seconds; returns who they are."""
    posers.record_all(os.path.join(folder, 'trainer'), LABELS,
                      posers.Person(1, 5, camera=1.3), seconds, 'rendered')
    for who, person in SIMULATED.items():
        posers.record_all(os.path.join(folder, who), POSES, person, 3, 'rendered')
    return list(SIMULATED)


def measure(folder: str, who: List[str], labels: Any) -> List[float]:
    """found, none, and both of holds, of a classifier of these labels; prints what is mixed up."""
    def log(person: str, name: str) -> str:
        return os.path.join(folder, person, name, 'rendered.jsonl')
    classifier, _ = train([read_recording(log('trainer', name), name) for name in labels])
    scores: Dict[Any, List[float]] = collections.defaultdict(list)
    mixed: Dict[Any, int] = collections.Counter()
    for person in who:
        for name in POSES:
            answers = [each.label for each in classifier.answers(
                read_recording(log(person, name), name).bodies)]
            answers += ['none'] * (sum(1 for _ in read_log(log(person, name))[1]) - len(answers))
            wanted = name if name in labels else 'none'
            mixed.update((name, answer) for answer in answers if answer != wanted)
            most = collections.Counter(answers).most_common(1)[0][0]
            scores[name in labels, 'frames'].append(np.mean([each == wanted for each in answers]))
            scores[name in labels, 'holds'].append(most == wanted)
    found = [float(np.mean(scores[known, what])) for what in ('frames', 'holds')
             for known in (True, False)]
    print('{}: found {:.1%}, none {:.1%}; holds {:.1%}, none {:.1%}'.format(
        ' '.join(labels), *found))
    print('   ', ', '.join(f'{name} as {answer} {count}' for (name, answer), count in
                           mixed.most_common(6)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--assets', type=pathlib.Path, metavar='FOLDER')
    parser.add_argument('--into', metavar='FOLDER', help='default: nothing is kept')
    parser.add_argument('--model', default=MODEL)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--simulated', action='store_true')
    parser.add_argument('--seconds', type=float, default=TRAINER.seconds, help='of a training pose')
    args = parser.parse_args()
    if not args.simulated and not args.assets:
        parser.error('rendering needs --assets; or --simulated')
    with tempfile.TemporaryDirectory() as folder:
        args.into = args.into or folder
        if args.simulated:
            who = simulate(args.into, args.seconds)
        else:
            trainer = TRAINER._replace(seconds=args.seconds)
            render(args, {'trainer': trainer, **OTHERS})
            who = list(OTHERS)
        means = np.mean([measure(args.into, who, labels) for labels in SETS], 0)
    print('mean: found {:.1%}, none {:.1%}; holds {:.1%}, none {:.1%}'.format(*means))


if __name__ == '__main__':
    main()
