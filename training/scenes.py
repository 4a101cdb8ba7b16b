"""One rendered photograph: people and things in a room or before a backdrop, and its truth."""
from typing import NamedTuple, Optional

from posesuite.pose.skeleton import KEYPOINT_TYPES
from posesuite.pose.skeleton import KeypointType as K
from training import belongings, things
from training import rasterizer as r
from training.developing import contact_shade, develop
from training.makehuman import Cast
from training.people import Materials, Person, random_person
from training.poses import about
from training.rooms import heading, room

import cv2
import numpy as np

WIDTH, HEIGHT = 640, 480  # a camera's picture
SUPERSAMPLING = 1.5
MAX_PEOPLE = 6
OUTSIDE, HIDDEN, SEEN = 0, 1, 2  # states of a keypoint
FIRST_THING = 100  # instance numbers below it are people

class Surroundings(NamedTuple):
    """What a shard of pictures shares: costly to make, cheap to vary."""

    cast: Cast
    textures: np.ndarray
    backdrops: list


class Picture(NamedTuple):
    """A picture and its truth."""

    image: np.ndarray
    """[HEIGHT, WIDTH, 3] uint8."""
    keypoints: np.ndarray
    """[MAX_PEOPLE, 17, 3] float32: x, y in pixels; OUTSIDE, HIDDEN or SEEN. Zero: nobody."""
    areas: np.ndarray
    """[MAX_PEOPLE] float32: pixels in which each person is seen."""


class Camera(NamedTuple):
    """Above the origin of the world (x right, y up, z ahead), looking ahead and down."""

    focal: float
    """Pixels of the supersampled picture."""
    height: float
    rotation: np.ndarray

    def see(self, points: np.ndarray) -> np.ndarray:
        """[..., 3] from the world to the camera."""
        return (points - [0, self.height, 0]) @ self.rotation.T


def _body_size(rng: np.random.Generator, people: int) -> float:
    """How tall a standing body would be in the picture, pixels."""
    if people >= 5:
        return float(np.exp(rng.uniform(np.log(90), np.log(350))))
    kind = rng.random()
    if kind < .6:
        return float(np.exp(rng.uniform(np.log(115), np.log(570))))
    return float(np.exp(rng.uniform(np.log(570), np.log(1360))))


class _Stage:
    """Places people, the camera and things of one picture."""

    def __init__(self, rng: np.random.Generator, around: Surroundings, canvas: r.Canvas):
        self.rng, self.around = rng, around
        self.width, self.height = canvas.width, canvas.height
        self.materials = Materials()
        self.focal = self.width / 2 / np.tan(np.deg2rad(rng.uniform(35, 78)) / 2)
        self.meshes: list[tuple[r.Mesh, int]] = []
        self.keypoints: list[np.ndarray] = []
        self.places: list[np.ndarray] = []
        self.camera: Optional[Camera] = None  # aimed at the first person
        self.ahead = 0.  # decimetres to that person

    def people(self, count: int) -> None:
        """Puts people on the floor, the first one where the camera is aimed."""
        rng = self.rng
        size = _body_size(rng, count) * SUPERSAMPLING
        persons = [random_person(rng, self.around.cast, self.materials)
                   for _ in range(max(1, count))]
        self._aim(persons[0], size)
        for i, person in enumerate(persons[:count]):
            place = self._place(i, size)
            yaw = rng.normal(0, .5) if rng.random() < .7 else rng.uniform(-np.pi, np.pi)
            turn = heading(yaw)
            if rng.random() < .02:  # lies on the floor
                turn = turn @ about([1, 0, 0], rng.choice([-1, 1]) * np.pi / 2)
                place = place + [0, 1.5, 0]
            elif rng.random() < .03:  # jumps
                place = place + [0, rng.uniform(1, 6), 0]
            self.places.append(place)
            worn = belongings.worn(rng, person, self.materials)
            held = belongings.held(rng, person, self.materials, len(self.around.textures))
            self.meshes += [(mesh.moved(turn, place), i) for mesh in [*person.meshes, *worn]]
            self.meshes += [(mesh.moved(turn, place), FIRST_THING + 60) for mesh in held]
            self.keypoints.append(person.keypoints @ turn.T + place)
            if person.seat is not None and person.seat > .5 and rng.random() < .85:
                seat = things.chair if rng.random() < .75 else things.bench
                back = person.keypoints[[K.LEFT_HIP, K.RIGHT_HIP]].mean(0) * [1, 0, 1] + [0, 0, .4]
                self.meshes += [(mesh.moved(turn, place + turn @ back), FIRST_THING + 50)
                                for mesh in seat(rng, self.materials, len(self.around.textures),
                                                 person.seat)]
        if not self.places:
            self.places.append(self._place(0, size))

    def _aim(self, person: Person, size: float) -> None:
        """Sets the camera so that a keypoint of the first person is where photographers put it."""
        rng = self.rng
        distance = self.focal * max(person.height, 9) / size
        if size / SUPERSAMPLING < 475:
            part = rng.choice([K.NOSE, K.LEFT_SHOULDER, K.LEFT_HIP, K.LEFT_KNEE],
                              p=[.3, .2, .4, .1])
            row = rng.uniform(.15, .75) * self.height
        else:
            part = rng.choice([K.NOSE, K.LEFT_SHOULDER, K.LEFT_HIP], p=[.75, .2, .05])
            row = np.clip(rng.normal(.36, .16), .02, .9) * self.height
        anchor = person.keypoints[part]
        kind = rng.random()
        height = (rng.uniform(12, 18) if kind < .5 else rng.uniform(5, 12) if kind < .65
                  else rng.uniform(20, 32))
        steepest = .95 if rng.random() < .05 else .62
        height = anchor[1] + np.clip(height - anchor[1], -.6 * distance, steepest * distance)
        height = max(2., height)
        drop = height - anchor[1]
        ahead = np.sqrt(max(distance ** 2 - drop ** 2, (.2 * distance) ** 2))
        down = np.arctan2(drop, ahead) - np.arctan((row - self.height / 2) / self.focal)
        down = np.clip(down, -.45, 1.35)
        roll = rng.normal(0, .04) if rng.random() < .9 else rng.uniform(-.4, .4)
        self.camera = Camera(self.focal, height,
                             about([0, 0, 1], roll) @ about([1, 0, 0], -down))
        self.ahead = ahead

    def _across(self, ahead: float, margin: float) -> float:
        """A random x in the world that the picture shows at this distance."""
        column = self.rng.uniform(margin, 1 - margin) * self.width
        return (column - self.width / 2) / self.focal * ahead

    def _place(self, i: int, size: float) -> np.ndarray:
        rng = self.rng
        if i == 0:
            return np.array([self._across(self.ahead, .1 if size < 680 else .22), 0, self.ahead])
        if rng.random() < .45:  # beside somebody, touching or hiding
            other = self.places[rng.integers(len(self.places))]
            return np.array([other[0] + rng.choice([-1, 1]) * rng.uniform(2.5, 7.5), 0,
                             max(4., other[2] + rng.normal(0, 2.5))])
        ahead = max(4., self.ahead * np.exp(rng.normal(.1, .45)))
        return np.array([self._across(ahead, .03), 0, ahead])

    def surroundings(self, is_open: bool) -> None:
        """Adds floor and walls."""
        points = np.array(self.places)
        self.meshes += room(self.rng, self.materials, len(self.around.textures), points,
                             self.camera.height, is_open)

    def furniture(self, count: int) -> None:
        """Adds things on the floor, some of them in front of people."""
        rng = self.rng
        choices = things.builders(self.around.cast)
        for i in range(count):
            builder = choices[rng.integers(len(choices))]
            meshes = builder(rng, self.materials, len(self.around.textures))
            nearer = self.keypoints and rng.random() < .12
            ahead = max(6., self.ahead * (rng.uniform(.6, .95) if nearer
                                          else np.exp(rng.uniform(.05, 1.4))))
            if not self.keypoints:
                ahead = max(12., ahead)
            place = np.array([self._across(ahead, -.05), 0, ahead])
            turn = heading(rng.uniform(-np.pi, np.pi)) * np.exp(rng.normal(0, .15))
            self.meshes += [(mesh.moved(turn, place), FIRST_THING + i) for mesh in meshes]

    def light(self) -> r.Light:
        """A sun or a lamp, in camera space."""
        rng = self.rng
        middle = np.mean(self.places, 0) + [0, 8, 0]
        direction = rng.normal(size=3)
        direction[1] = abs(direction[1]) * .8 + .35
        if rng.random() < .7:
            direction[2] = -abs(direction[2])
        direction /= np.linalg.norm(direction)
        distance = 400 if rng.random() < .5 else rng.uniform(35, 80)
        spread = float(np.ptp(np.array(self.places), axis=0).max()) / 2
        tint = np.clip(1 + rng.normal(0, .1, 3), .7, 1.3)
        ambient, fill = rng.uniform(.35, .8), rng.normal(size=3)
        fill[2] = -abs(fill[2])
        return r.Light(
            self.camera.see(middle + direction * distance), self.camera.see(middle),
            min(20 + spread, distance * .6), rng.uniform(.15, 1.) * tint,
            ambient * np.clip(1 + rng.normal(0, .06, 3), .8, 1.2),
            ambient * rng.uniform(.5, 1.) * np.clip(1 + rng.normal(0, .08, 3), .7, 1.3),
            fill / np.linalg.norm(fill), np.full(3, rng.uniform(0, .35)), rng.uniform(.5, 4),
            bool(rng.random() < .85))


def truth(canvas: r.Canvas, focal: float,
          people: 'list[np.ndarray]') -> 'tuple[np.ndarray, np.ndarray]':
    """Keypoints [MAX_PEOPLE, 17, 3] and areas [MAX_PEOPLE] in pixels of the picture.

    Args: people: of each [17, 3] keypoints in camera space.
    """
    keypoints = np.zeros((MAX_PEOPLE, len(KEYPOINT_TYPES), 3), np.float32)
    areas = np.zeros(MAX_PEOPLE, np.float32)
    for i, points in enumerate(people):
        areas[i] = (canvas.instance == i).sum() / SUPERSAMPLING ** 2
        for k, (x, y, z) in enumerate(points):
            if z < 1:
                continue
            column, row = focal * x / z + canvas.width / 2, canvas.height / 2 - focal * y / z
            keypoints[i, k, :2] = column / SUPERSAMPLING - .5, row / SUPERSAMPLING - .5
            if not (0 <= column < canvas.width and 0 <= row < canvas.height):
                continue
            at = int(row), int(column)
            is_own = canvas.instance[at] == i
            nearest = 1 / max(canvas.depth[at], 1e-6)
            # A joint lies inside its own body; the face's points on it, so that the back of
            # the head hides them.
            behind = z - nearest > ((.35, .5, .5, .6, .6)[k] if k < 5 else 2.5)
            hidden = (not is_own and nearest < z) or (is_own and k < 5 and behind)
            keypoints[i, k, 2] = HIDDEN if hidden else SEEN
    return keypoints, areas


def new_canvas() -> r.Canvas:
    """A canvas of the size that random_picture draws on."""
    return r.Canvas(int(WIDTH * SUPERSAMPLING), int(HEIGHT * SUPERSAMPLING))


def random_picture(rng: np.random.Generator, around: Surroundings, canvas: r.Canvas,
                   people: Optional[int] = None) -> Picture:
    """A new picture of so many people, by default of 0 to MAX_PEOPLE; overwrites the canvas."""
    count = int(rng.choice([0, 1, 2, 3, 4, 5, 6], p=[.13, .29, .24, .15, .10, .05, .04]))
    if people is not None:
        count = people
    stage = _Stage(rng, around, canvas)
    stage.people(count)
    place = rng.random()
    if place < .7:
        stage.surroundings(is_open=place > .45)
    crowded = rng.random() < .8
    stage.furniture(int(rng.integers(1, 9)) if count == 0 or crowded else 0)
    camera = stage.camera
    seen = [(mesh._replace(vertices=camera.see(mesh.vertices).astype(np.float32)), instance)
            for mesh, instance in stage.meshes]
    materials = stage.materials.array()
    canvas.render(seen, materials, around.textures, camera.focal, stage.light())
    keypoints, areas = truth(canvas, camera.focal, [camera.see(k) for k in stage.keypoints])

    covered = (canvas.depth > 0).astype(np.float32)[..., None]
    color = canvas.color * (covered * contact_shade(rng, canvas.depth))
    size = (WIDTH, HEIGHT)
    color = cv2.resize(color, size, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(covered, size, interpolation=cv2.INTER_AREA)[..., None]
    mean = float(color.sum() / (alpha.sum() * 3 + 1))
    exposure = np.exp(rng.normal(np.log(.40), .33)) / max(mean, .02)
    color = color * np.float32(np.clip(exposure, .5, 3.5))
    backdrop = around.backdrops[rng.integers(len(around.backdrops))]
    y, x = (int(rng.integers(0, a - b + 1)) for a, b in zip(backdrop.shape[:2], (HEIGHT, WIDTH)))
    behind = backdrop[y:y + HEIGHT, x:x + WIDTH]
    if rng.random() < .5:
        behind = behind[:, ::-1]
    behind = behind.astype(np.float32) * np.float32(rng.uniform(.6, 1.15) / 255)
    return Picture(develop(rng, color + behind * (1 - alpha)), keypoints, areas)
