"""Renders samples/: a picture and four clips of made-up people, with logs of the exact truth.

Example:
  python3 training/make_samples.py --assets makehuman --output samples
A log's first line says what it belongs to; each other line is a frame, its poses in PoseNet's JSON
form. Keypoints score 1 where they are seen, 0.5 where something hides them, 0 out of the picture.
"""
import argparse
import json
import pathlib
import sys
from typing import Callable, NamedTuple

import cv2
import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from training import makehuman, poses, rasterizer, rooms, scenes, shapes, things  # noqa: E402
from training.people import Materials, material, random_person  # noqa: E402
from training.textures import TEXTURE_SIZE, abstract  # noqa: E402

WIDTH, HEIGHT, RATE, SECONDS = 640, 480, 30, 10
FOCAL = 620.  # pixels of the final picture
PAINTINGS = [5, 8]  # seeds
PARTS = ['nose', 'leftEye', 'rightEye', 'leftEar', 'rightEar', 'leftShoulder', 'rightShoulder',
         'leftElbow', 'rightElbow', 'leftWrist', 'rightWrist', 'leftHip', 'rightHip', 'leftKnee',
         'rightKnee', 'leftAnkle', 'rightAnkle']
STATE_SCORES = {scenes.SEEN: 1., scenes.HIDDEN: .5, scenes.OUTSIDE: 0.}


class Actor(NamedTuple):
    """One person of a clip: who it is, what it wears, and what it does when."""

    character: int
    seed: int
    place: Callable
    """Seconds -> x and z in decimetres from the middle of the floor, and yaw in radians."""
    move: Callable
    """(rotations, character, bones, seconds) -> None: changes the pose at rest."""


def raise_arm(rotations: np.ndarray, character: makehuman.Character, bone: dict, side: str,
              height: float, bend: float = .25) -> None:
    """Lifts an arm sideways: 0 hangs, 1 points up."""
    sign = dict(poses.SIDES)[side]
    angle = np.deg2rad(-78 + 150 * height)
    poses.aim_arm(rotations, character, bone, side, sign,
                  [np.cos(angle), np.sin(angle), .12], bend, 0.)


def stand(rotations: np.ndarray, character: makehuman.Character, bone: dict,
          seconds: float) -> None:
    """Stands at ease, breathing and looking about."""
    sway = np.sin(seconds * 1.1)
    for name in poses.SPINE:
        rotations[bone[name]] = poses.about([0, 0, 1], .008 * sway)
    for name in poses.NECK:
        rotations[bone[name]] = poses.about([0, 1, 0], .06 * np.sin(seconds * .7 + 1))
    for side, sign in poses.SIDES:
        raise_arm(rotations, character, bone, side, .03)
        poses.aim_leg(rotations, character, bone, side, sign, [.07, -1, .02], .04, 0)


def walk(rotations: np.ndarray, character: makehuman.Character, bone: dict,
         seconds: float) -> None:
    """Walks on the spot, a step each half second."""
    phase = 2 * np.pi * seconds
    for side, sign in poses.SIDES:
        swing = np.sin(phase) * sign
        lifted = max(0., np.sin(phase * 1. + .9 * sign) * sign)
        poses.aim_leg(rotations, character, bone, side, sign, [.03, -1, .42 * swing],
                      .12 + .75 * max(0., lifted), 0)
        poses.aim_arm(rotations, character, bone, side, sign, [.16, -1, -.38 * swing],
                      .25 + .15 * max(0., -swing), 0)
    for name in poses.SPINE:
        rotations[bone[name]] = poses.about([0, 1, 0], -.03 * np.sin(phase))


def at(x: float, z: float, yaw: float = 0.) -> Callable:
    """Stays in one place."""
    return lambda seconds: (x, z, yaw)


def across(start: float, end: float, z: float, begin: float, duration: float) -> Callable:
    """Walks along a line, and is off stage before and after it; yaw points the way."""
    def place(seconds: float) -> 'tuple[float, float, float]':
        share = (seconds - begin) / duration
        if not 0 <= share <= 1:
            return 1e3, z, 0.
        return start + (end - start) * share, z, np.sign(end - start) * 1.2
    return place


def arms(period: float, phase: float, both: bool = True) -> Callable:
    """Raises and lowers the arms."""
    def move(rotations: np.ndarray, character: makehuman.Character, bone: dict,
             seconds: float) -> None:
        stand(rotations, character, bone, seconds)
        angle = 2 * np.pi * seconds / period + phase
        for side, sign in poses.SIDES:
            lift = .5 - .5 * np.cos(angle + (0 if both else sign * np.pi / 2))
            raise_arm(rotations, character, bone, side, lift)
    return move


def wave(rotations: np.ndarray, character: makehuman.Character, bone: dict,
         seconds: float) -> None:
    """Stands, waves with the right hand, then lifts both arms."""
    stand(rotations, character, bone, seconds)
    share = np.clip(min(seconds - 1, 5 - seconds), 0, 1)
    if seconds < 6:
        raise_arm(rotations, character, bone, 'R', .03 + .55 * share,
                  .25 + share * (1.2 + .45 * np.sin(seconds * 9)))
    else:
        lift = .5 - .5 * np.cos((seconds - 6) * np.pi / 2)
        for side, _ in poses.SIDES:
            raise_arm(rotations, character, bone, side, lift)


def greet(hand: str) -> Callable:
    """Stands with one hand raised, as to greet."""
    def move(rotations: np.ndarray, character: makehuman.Character, bone: dict,
             seconds: float) -> None:
        stand(rotations, character, bone, seconds)
        sign = dict(poses.SIDES)[hand]
        poses.aim_arm(rotations, character, bone, hand, sign, [.6, -1, .1], 1.9, .2)
    return move


COUPLE = [Actor(1, 3, at(-4.2, 0, .12), greet('R')), Actor(0, 12, at(4.2, 0, -.12), stand)]
CLIPS = {
    'one_person': [Actor(9, 21, lambda t: (2 * np.sin(t * .6), -5, .15 * np.sin(t)), wave)],
    'three_people': [Actor(1, 3, at(-11, 2, .2), arms(4, 0)),
                     Actor(8, 32, at(0, 7), arms(5, 2, both=False)),
                     Actor(3, 33, at(11, 2, -.2), arms(3.3, 4))],
    'in_and_out': [Actor(0, 12, across(-34, 34, 2, .3, 5.5), walk),
                   Actor(11, 42, across(34, -34, 8, 2.5, 5.5), walk),
                   Actor(5, 43, across(-34, 34, -3, 5, 4.5), walk)],
    'two_crossing': [Actor(2, 51, across(-30, 30, -2, .2, 9.5), walk),
                     Actor(9, 21, across(30, -30, 4, .2, 9.5), walk)],
}


class Set:
    """The room that all samples show, and its camera."""

    def __init__(self, cast: makehuman.Cast):
        self.cast = cast
        rng = np.random.default_rng(4)
        self.textures = np.stack([abstract(np.random.default_rng(seed), TEXTURE_SIZE,
                                           TEXTURE_SIZE) for seed in PAINTINGS])
        self.materials = Materials()
        self.camera = scenes.Camera(FOCAL * scenes.SUPERSAMPLING, 13.5,
                                    poses.about([1, 0, 0], -.07))
        self.distance = 36.
        self.canvas = rasterizer.Canvas(int(WIDTH * scenes.SUPERSAMPLING),
                                        int(HEIGHT * scenes.SUPERSAMPLING))
        self.fixed = self._room(rng)

    def _room(self, rng: np.random.Generator) -> list:
        def plain(color: 'list[float]', **more: object) -> int:
            return self.materials.add(material(rng, **{
                'color': color, 'pattern': rasterizer.PLAIN, 'bump': 0, 'noise': .04,
                'specular': 0, **more}))

        wood = plain([.52, .36, .22], pattern=rasterizer.WOOD, frequency=.35,
                     color2=[.44, .29, .17])
        lines = np.arange(-48, 49, 4.)
        back = self.distance + 22
        wall = plain([.80, .79, .74])
        meshes = [rooms.grid(lines, np.arange(0, back + 4, 4.), wood),
                  shapes.sheet(96, 34, wall, 8, 4).moved(np.eye(3), np.array([0, 0, back])),
                  shapes.box(96, 1.2, .4, plain([.95, .95, .93]), (0, 0, back - .3))]
        for i, (x, width, height, y) in enumerate(((-24, 9, 12, 10), (18, 15, 9, 12))):
            painting = material(rng, kind=rasterizer.TEXTURE, color=1., bump=0,
                                offset=[width / 2, 0, 0])
            painting['extra'][:3] = [i, 1 / width, 1 / height]
            frame = plain([.25, .18, .12])
            meshes += [mesh.moved(rooms.FLIP, np.array([x, y, back - .4])) for mesh in (
                shapes.box(width + .8, height + .8, .2, frame, (0, -.4, 0)),
                shapes.sheet(width, height, self.materials.add(painting)).moved(
                    np.eye(3), np.array([0, 0, .2])))]
        ground = [(mesh, rasterizer.GROUND) for mesh in meshes]
        stood = [(things.bench, -20, 51, 7), (things.shelf, 2, 55, 3), (things.tree, 27, 52, 15)]
        for i, (builder, x, z, seed) in enumerate(stood):
            ground += [(mesh.moved(rooms.FLIP, np.array([x, 0, z])), scenes.FIRST_THING + i)
                       for mesh in builder(np.random.default_rng(seed), self.materials,
                                           len(self.textures))]
        return ground

    def frame(self, actors: 'list[Actor]', seconds: float) -> 'tuple[np.ndarray, list[dict]]':
        """A picture [HEIGHT, WIDTH, 3] uint8 and the poses in it."""
        materials = Materials()
        for i in range(len(self.materials.array())):
            materials.add(self.materials.array()[i])
        meshes, keypoints = list(self.fixed), []
        for i, actor in enumerate(actors):
            character = self.cast.characters[actor.character]
            rotations = np.tile(np.eye(3), (len(self.cast.bone_names), 1, 1))
            actor.move(rotations, character, self.cast.bone, seconds)
            # The same seed each time: the same clothes.
            person = random_person(np.random.default_rng(actor.seed), self.cast, materials,
                                   character, poses.Stance(rotations, False))
            x, z, yaw = actor.place(seconds)
            turn, place = rooms.heading(yaw), np.array([x, 0, self.distance + z])
            meshes += [(mesh.moved(turn, place), i) for mesh in person.meshes]
            keypoints.append(self.camera.see(person.keypoints @ turn.T + place))
        see = self.camera.see
        middle = np.array([0, 7., self.distance])
        light = rasterizer.Light(
            see(middle + [-28, 48, -42]), see(middle), 34., np.array([.62, .58, .52]),
            np.array([.52, .54, .58]), np.array([.42, .38, .34]),
            np.array([.45, .1, -.89]), np.full(3, .16), 2.5, True)
        self.canvas.render(
            [(m._replace(vertices=see(m.vertices).astype(np.float32)), i) for m, i in meshes],
            materials.array(), self.textures, self.camera.focal, light)
        image = cv2.resize(self.canvas.color, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        image = (np.clip(image, 0, 1) ** .85 * 255).astype(np.uint8)
        truth, areas = scenes.truth(self.canvas, self.camera.focal, keypoints)
        return image, [{'id': i, **as_json(truth[i])} for i in range(len(actors)) if areas[i] > 60]


def as_json(keypoints: np.ndarray) -> dict:
    """A pose [17, 3] (x, y, state) in PoseNet's JSON form."""
    scores = [STATE_SCORES[int(state)] for state in keypoints[:, 2]]
    return {'score': round(float(np.mean(scores)), 4), 'keypoints': [
        {'part': part, 'score': score, 'position': {'x': round(float(x), 2),
                                                    'y': round(float(y), 2)}}
        for part, score, (x, y) in zip(PARTS, scores, keypoints[:, :2])]}


def write_clip(stage: Set, name: str, actors: 'list[Actor]', folder: pathlib.Path) -> None:
    """Renders a clip and its log."""
    import av  # which pictures alone do not need
    frames = RATE * SECONDS
    video, log = folder / f'{name}.mp4', folder / f'{name}.jsonl'
    header = {'version': 1, 'source': video.name, 'width': WIDTH, 'height': HEIGHT,
              'fps': RATE, 'frames': frames, 'model': 'exact truth of the renderer'}
    with av.open(str(video), 'w') as container, log.open('w') as lines:
        stream = container.add_stream('libx264', rate=RATE, options={
            'crf': '24', 'preset': 'slow', 'movflags': '+faststart'})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        lines.write(json.dumps(header) + '\n')
        for number in tqdm(range(frames), desc=name, unit='frame',
                           disable=not sys.stderr.isatty()):
            image, found = stage.frame(actors, number / RATE)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
            lines.write(json.dumps({'frame': number, 'time': round(number / RATE, 4),
                                    'poses': found}, separators=(',', ':')) + '\n')
        container.mux(stream.encode())


def main() -> int:
    """Renders all samples, or those named."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--assets', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--output', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--cache', type=pathlib.Path, metavar='FOLDER',
                        default=pathlib.Path(__file__).with_name('build'))
    parser.add_argument('names', nargs='*', metavar='NAME', choices=['couple', *CLIPS, []],
                        help=f"of {', '.join(['couple', *CLIPS])} (default: all)")
    args = parser.parse_args()
    names = args.names or ['couple', *CLIPS]
    args.output.mkdir(parents=True, exist_ok=True)
    stage = Set(makehuman.load_cast(args.assets, args.cache))
    for name in names:
        if name == 'couple':
            image, _ = stage.frame(COUPLE, 0)
            cv2.imwrite(str(args.output / 'couple.jpg'), image[..., ::-1],
                        [cv2.IMWRITE_JPEG_QUALITY, 92])
        else:
            write_clip(stage, name, CLIPS[name], args.output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
