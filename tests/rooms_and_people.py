"""Pictures of empty rooms, of people, and of people cut out onto empty rooms, from photographs.

A folder of photographs has coco_empty/ and empty/ without people, coco_people/ with those that
coco_people.json describes.
"""
import functools
import glob
import json
import os
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import cv2
import numpy as np

SIZE = 640, 480  # pixels of a camera's picture
NOISE = 2.0  # levels of 255, standard deviation of a camera's noise
# Of a person's height, amplitude of a sway. The trunks of five people who stand at a table move by
# 0.002 to 0.006 within 2 seconds (median; 0.001 at their calmest), by 0.006 to 0.013 within 8; of
# those in one-by-one-person-detection.mp4, of Intel's sample videos, by phase correlation.
SWAY = 0.001
# Photographs that show a room or a place with nobody in it: neither people nor animals, toys nor
# pictures of them that fill a good part. Chosen by looking at all of coco_empty/ and empty/.
ROOMS = {802, 89232, 107438, 157206, 216794, 262440, 391648, 516008, 553664, 632, 16958,
         30213, 116479, 128051, 215657, 237517, 275791, 330993, 373381, 403353, 408805, 6213, 16439}
NOISES = 8  # frames of noise, used in turn
CUTS = 'far', 'half', 'rim', 'legs'
LIMBS = [(5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (11, 12), (5, 11), (6, 12), (11, 13), (13, 15),
         (12, 14), (14, 16)]
HIPS = 11, 12
# People of coco_people.json, by id, whose cut-outs are dark shapes, in which nobody is to be seen.
SHAPES = {441444, 503696, 513633}
MIN_HEIGHT, MIN_KEYPOINTS = 150, 13  # of a person who is cut out: pixels, of 17


class Scene(NamedTuple):
    """What a camera sees: frames in turn, and where people are in any of them."""
    name: str
    images: List[np.ndarray]  # uint8 [Y, X, RGB], one or more without noise, in their order
    people: Optional[np.ndarray]  # bool [Y, X]; None where there are none


class Person(NamedTuple):
    """Somebody cut out of a photograph."""
    image: np.ndarray  # uint8 [Y, X, RGB]
    mask: np.ndarray  # float32 [Y, X], 0 to 1
    hips: int  # row of the hips


def number_of(path: str) -> int:
    return int(re.findall('[0-9]+', os.path.basename(path))[-1])


def is_reported(path: str) -> bool:
    """Whether a photograph is for reporting, else it is for choosing thresholds: by its number."""
    return number_of(path) % 2 == 1


def paths(folder: str, *names: str) -> List[str]:
    return sorted(path for name in names for path in glob.glob(os.path.join(folder, name, '*.jpg')))


def read(path: str) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)


def fitted(image: np.ndarray) -> np.ndarray:
    """The middle of an image, [Y, X] or [Y, X, RGB], as a picture of SIZE."""
    scale = max(SIZE[0] / image.shape[1], SIZE[1] / image.shape[0])
    large = cv2.resize(image, (max(SIZE[0], round(image.shape[1] * scale)),
                               max(SIZE[1], round(image.shape[0] * scale))),
                       interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    x, y = (large.shape[1] - SIZE[0]) // 2, (large.shape[0] - SIZE[1]) // 2
    return np.ascontiguousarray(large[y:y + SIZE[1], x:x + SIZE[0]])


def annotations(folder: str) -> Dict[str, List[Any]]:
    """The people of coco_people.json by the paths of their photographs."""
    with open(os.path.join(folder, 'coco_people.json'), encoding='utf-8') as file:
        coco = json.load(file)
    names = {image['id']: os.path.join(folder, 'coco_people', image['file_name'])
             for image in coco['images']}
    found: Dict[str, List[Any]] = {}
    for person in coco['annotations']:
        found.setdefault(names[person['image_id']], []).append(person)
    return found


def person_mask(image: np.ndarray, person: Any) -> np.ndarray:
    """Where a labelled person is, bool [Y, X]: what is like the limbs and unlike what is around."""
    x, y, width, height = (int(value) for value in person['bbox'])
    known = np.full(image.shape[:2], cv2.GC_BGD, np.uint8)
    known[y:y + height, x:x + width] = cv2.GC_PR_BGD
    cv2.ellipse(known, (x + width // 2, y + height // 2), (max(1, width // 2), max(1, height // 2)),
                0, 0, 360, cv2.GC_PR_FGD, cv2.FILLED)
    points = np.array(person['keypoints']).reshape(-1, 3)
    for one, other in LIMBS:
        if points[one, 2] and points[other, 2]:
            cv2.line(known, tuple(map(int, points[one, :2])), tuple(map(int, points[other, :2])),
                     cv2.GC_FGD, max(1, height // 40))
    margin = 20
    window = np.s_[max(0, y - margin):y + height + margin, max(0, x - margin):x + width + margin]
    part = np.ascontiguousarray(known[window])
    cv2.grabCut(np.ascontiguousarray(image[window]), part, None, np.zeros((1, 65)),
                np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    mask = np.zeros(image.shape[:2], bool)
    mask[window] = (part == cv2.GC_FGD) | (part == cv2.GC_PR_FGD)
    return mask


@functools.lru_cache(maxsize=None)
def cast(folder: str, reported: bool) -> List[Person]:
    """People who can be cut out of labelled photographs."""
    found = []
    for path, people in sorted(annotations(folder).items()):
        for person in people:
            points = np.array(person['keypoints']).reshape(-1, 3)
            if (is_reported(path) == reported and person['id'] not in SHAPES
                    and person['num_keypoints'] >= MIN_KEYPOINTS
                    and person['bbox'][3] >= MIN_HEIGHT and points[HIPS, 2].all()):
                image = read(path)
                mask = np.float32(person_mask(image, person))
                rows, columns = np.where(mask > 0)
                if rows.size > 0.2 * person['bbox'][2] * person['bbox'][3]:
                    window = np.s_[rows.min():rows.max() + 1, columns.min():columns.max() + 1]
                    found.append(Person(image[window], cv2.blur(mask, (3, 3))[window],
                                        int(points[HIPS, 1].mean()) - rows.min()))
    return found


def pasted(room: np.ndarray, person: Person, cut: str, rng: np.random.Generator,
           shift: float = 0.0) -> Tuple[np.ndarray, np.ndarray]:
    """A person in a room, and where: uint8 [Y, X, RGB] and bool [Y, X].

    cut: one of CUTS, or 'whole'. shift: pixels to the right.
    """
    image, mask, hips = person
    if cut == 'legs':
        image, mask = image[hips:], mask[hips:]
    elif cut == 'half':
        image, mask = image[:hips], mask[:hips]
    low, high = {'far': (50, 100), 'half': (120, 220), 'rim': (240, 420), 'legs': (120, 220),
                 'whole': (200, 400)}[cut]
    scale = rng.uniform(low, high) / image.shape[0]
    width, height = image.shape[1] * scale, image.shape[0] * scale
    left = rng.uniform(0, max(1, SIZE[0] - width))
    if cut == 'rim':
        left = rng.choice([-0.6 * width, SIZE[0] - 0.4 * width])
    top = rng.uniform(0.1 * SIZE[1], max(0.1 * SIZE[1] + 1, SIZE[1] - height))
    if cut == 'legs' and rng.random() < 0.5:
        top = 0.0
    place = np.array([[scale, 0, left + shift], [0, scale, top]])
    how = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    if scale < 0.5:
        small = max(1, round(width)), max(1, round(height))
        image, mask = cv2.resize(image, small, interpolation=how), cv2.resize(mask, small)
        place[0, 0] = place[1, 1] = 1.0
    mask = cv2.warpAffine(np.float32(mask), place, SIZE)[:, :, None]
    image = cv2.warpAffine(image, place, SIZE, borderMode=cv2.BORDER_REPLICATE)
    return np.uint8(np.round(room * (1 - mask) + image * mask)), mask[:, :, 0] > 0.5


def empty_rooms(folder: str, reported: bool) -> Iterator[Scene]:
    for path in paths(folder, 'coco_empty', 'empty'):
        if number_of(path) in ROOMS and is_reported(path) == reported:
            yield Scene(os.path.basename(path), [fitted(read(path))], None)


def still_people(folder: str, reported: bool) -> Iterator[Scene]:
    """Labelled photographs of people."""
    for path, people in sorted(annotations(folder).items()):
        if is_reported(path) == reported:
            image = read(path)
            mask = np.any([person_mask(image, person) for person in people], axis=0)
            yield Scene(os.path.basename(path), [fitted(image)],
                        fitted(np.uint8(mask) * 255) > 127)


def cut_out(folder: str, reported: bool, kind: str) -> Iterator[Scene]:
    """People in empty rooms. kind: one of CUTS, or 'late' or 'sways', of whole people."""
    people, rng = cast(folder, reported), np.random.default_rng(reported)
    for i, room in enumerate(empty_rooms(folder, reported)):
        empty, person = room.images[0], people[(5 * i + len(kind)) % len(people)]
        cut, seed = kind if kind in CUTS else 'whole', int(rng.integers(1 << 30))
        shifts = [0.0]
        if kind == 'sways':
            shifts = [SWAY * 300 * np.sin(2 * np.pi * i / 16) for i in range(16)]
        shown = [pasted(empty, person, cut, np.random.default_rng(seed), shift) for shift in shifts]
        images = [image for image, _ in shown]
        if kind == 'late':
            images = [empty] * 11 + images * 5
        yield Scene(f'{kind} in {room.name}', images, np.any([mask for _, mask in shown], axis=0))


def frames(scene: Scene, number: int) -> Iterator[Tuple[int, np.ndarray]]:
    """Frames of a scene with a camera's noise, each with the number of its image."""
    rng = np.random.default_rng(0)
    noise = [rng.normal(0, NOISE, scene.images[0].shape).astype(np.float32) for _ in range(NOISES)]
    for i in range(number):
        of = min(i, len(scene.images) - 1)
        yield of, np.uint8(np.clip(scene.images[of] + noise[i % NOISES], 0, 255))
