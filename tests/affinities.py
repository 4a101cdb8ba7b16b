"""Maps of people with affinity fields, and a slow way to find them, for tests of the quick one."""
from typing import List, Optional, Tuple

from posesuite.engine.affinity import Layout

import numpy as np

SIGMA = 0.9  # cells, of the Gaussian around a part
WIDTH = 1.0  # cells, of a bone's field to either side


def maps_of(layout: Layout, people: List[np.ndarray], height: int, width: int,
            score: float = 0.9) -> Tuple[np.ndarray, np.ndarray]:
    """Heatmaps, with one for the background, and affinity fields as a perfect network has them.

    people: for each [parts, 2] as (y, x) in cells, NaN for a part that is not in the picture.
    """
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    parts = len(layout.skeleton.parts)
    heatmaps = np.zeros((parts + 1, height, width), np.float32)
    fields = np.zeros((2 * len(layout.fields), height, width), np.float32)
    for person in people:
        for part, (y, x) in enumerate(person):
            if np.isfinite(y):
                heat = score * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 2 / SIGMA ** 2)
                heatmaps[part] = np.maximum(heatmaps[part], heat)
        for (a, b), channel in zip(layout.skeleton.bones, layout.fields):
            start, end = person[a], person[b]
            length = np.hypot(*(end - start))
            if not length > 0:
                continue
            dy, dx = (end - start) / length
            along = (rows - start[0]) * dy + (columns - start[1]) * dx
            across = np.abs((rows - start[0]) * dx - (columns - start[1]) * dy)
            inside = (along >= -WIDTH) & (along <= length + WIDTH) & (across <= WIDTH)
            fields[channel][inside], fields[channel + 1][inside] = dx, dy
    heatmaps[-1] = 1 - heatmaps[:-1].max(0)
    return heatmaps, fields


def upright(layout: Layout, y: float, x: float, size: float) -> np.ndarray:
    """Somebody upright, [parts, 2] in cells, with the neck at a place; size: cells of the torso."""
    places = {'nose': (-0.45, 0.0), 'head': (-0.6, 0.0), 'neck': (0, 0), 'chest': (0.4, 0),
              'midHip': (1, 0), 'Eye': (-0.55, 0.12), 'Ear': (-0.5, 0.28), 'Shoulder': (0.05, 0.4),
              'Elbow': (0.55, 0.6), 'Wrist': (1.05, 0.7), 'Hip': (1, 0.25), 'Knee': (1.75, 0.3),
              'Ankle': (2.5, 0.3), 'BigToe': (2.65, 0.45), 'SmallToe': (2.6, 0.6),
              'Heel': (2.65, 0.2)}
    person = []
    for part in layout.skeleton.parts:
        side = 1 if part.startswith('left') else -1
        down, across = places[part if part in places else part[5 if side < 0 else 4:]]
        person.append((y + down * size, x + across * size * side))
    return np.array(person)


def slow_people(layout: Layout, heatmaps: np.ndarray, fields: np.ndarray, stride: int,
                part_threshold: float = 0.1, score_threshold: float = 0.2, radius: float = 6.0,
                min_parts: int = 3, samples: int = 10) -> Tuple[np.ndarray, np.ndarray]:
    """What the decoder library should answer, as AffinityDecoder: parts and scores of people."""
    peaks = [slow_peaks(heatmaps[part], part_threshold, radius / stride)
             for part in range(len(layout.skeleton.parts))]
    links = []
    for (a, b), x in zip(layout.skeleton.bones, layout.fields):
        pairs = []
        for i, start in enumerate(peaks[a]):
            for j, end in enumerate(peaks[b]):
                score = slow_link(fields[x], fields[x + 1], start, end, samples)
                if score is not None:
                    pairs.append((score, i, j))
        pairs.sort(key=lambda pair: -pair[0])
        while pairs:
            score, i, j = pairs[0]
            links.append((score, (a, i), (b, j)))
            pairs = [pair for pair in pairs if pair[1] != i and pair[2] != j]
    people = [({part: i}, [peak[2]]) for part, found in enumerate(peaks)
              for i, peak in enumerate(found)]
    for score, (a, i), (b, j) in sorted(links, key=lambda link: -link[0]):
        first, = (person for person in people if person[0].get(a) == i)
        second, = (person for person in people if person[0].get(b) == j)
        if first is second:
            first[1].append(score)
        elif not first[0].keys() & second[0].keys():
            people.remove(second)
            first[0].update(second[0])
            first[1].extend([*second[1], score])
    people = [person for person in people if len(person[0]) >= min_parts
              and np.mean(person[1]) >= score_threshold]
    people.sort(key=lambda person: -np.mean(person[1]))
    parts = np.zeros((len(people), len(peaks), 3))
    for answer, (indices, _) in zip(parts, people):
        for part, i in indices.items():
            y, x, score = peaks[part][i]
            answer[part] = y * stride, x * stride, score
    return parts, np.array([np.mean(scores) for _, scores in people])


def slow_peaks(heatmap: np.ndarray, threshold: float, radius: float
               ) -> List[Tuple[float, float, float]]:
    """(y, x, score) of a heatmap's peaks, in cells."""
    padded = np.pad(heatmap.astype(float), 1, constant_values=-np.inf)
    found = []
    for y, x in np.ndindex(*heatmap.shape):
        around = padded[y:y + 3, x:x + 3]
        before = around.ravel()[:4]
        if heatmap[y, x] < threshold or heatmap[y, x] < around.max() or (
                heatmap[y, x] == before).any() or not (
                    np.delete(around, 4)[np.isfinite(np.delete(around, 4))] < heatmap[y, x]).any():
            continue
        place, score = [y, x], float(heatmap[y, x])
        for axis, line in enumerate((around[:, 1], around[1])):
            if np.isfinite(line).all():
                left, right = np.log(np.maximum(line[[0, 2]] / line[1], 1e-3))
                if left + right < 0 and abs((left - right) / (left + right)) <= 1:
                    offset = (left - right) / (left + right) / 2
                    place[axis] += offset
                    score *= np.exp((right - left) * offset / 4)
        found.append((*place, min(score, 1.0)))
    kept: List[Tuple[float, float, float]] = []
    for peak in sorted(found, key=lambda peak: -peak[2]):
        if all(np.hypot(peak[0] - other[0], peak[1] - other[1]) >= radius for other in kept):
            kept.append(peak)
    return kept


def slow_link(field_x: np.ndarray, field_y: np.ndarray, start: Tuple[float, float, float],
              end: Tuple[float, float, float], samples: int) -> Optional[float]:
    """How well a field leads from a peak to another, None for not at all."""
    dy, dx = end[0] - start[0], end[1] - start[1]
    length = np.hypot(dy, dx)
    if length < 0.5:
        return 0.05
    along = []
    for share in np.linspace(0, 1, samples):
        y, x = start[0] + share * dy, start[1] + share * dx
        vector = [between(field, y, x) for field in (field_x, field_y)]
        along.append((vector[0] * dx + vector[1] * dy) / length)
    good = [min(value, 1) for value in along if value > 0.05]
    return float(np.mean(good)) if len(good) >= 0.8 * samples else None


def between(field: np.ndarray, y: float, x: float) -> float:
    """A field's value between its cells."""
    top, left = int(y), int(x)
    total = 0.0
    for row, share_y in ((top, 1 - (y - top)), (top + 1, y - top)):
        for column, share_x in ((left, 1 - (x - left)), (left + 1, x - left)):
            total += share_y * share_x * field[min(row, len(field) - 1),
                                               min(column, field.shape[1] - 1)]
    return total
