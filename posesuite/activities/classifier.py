"""A trained classifier: which of its labels a body has, how sure that is, or none of them.

    classifier = Classifier.read('my.json')
    answer, = classifier.answers(Bodies(*features(places_of([pose]))))

As a file of Activities it labels those who hold a pose for a stated time, and makes events of it.
"""
import json
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from posesuite.activities.features import (
    LIMBS,
    MEASURES,
    NAME,
    NAMES,
    PAIRS,
    ROOTS,
    SURE,
    UNSURE,
    WEIGHTS,
)
from posesuite.activities.model_file import checked, read_model, write_model
from posesuite.activities.neighbours import MAX_SAMPLES, TURNS, Bodies, by_label
from posesuite.activities.recordings import MAX_LABEL, Steady, bodies_of
from posesuite.activities.rules import Event, Hold
from posesuite.activities.track import Track
from posesuite.files import own_file, written_whole
from posesuite.pose.json_poses import field, number, text
from posesuite.pose.skeleton import JSON_NAMES, KEYPOINT_TYPES
from posesuite.pose.turned import STEEP

import numpy as np

NEGATIVE = 'none', 'other'  # labels of samples of none of the others
NONE = 'none'  # the answer for none of the labels
MAX_LABELS = 200
HOLD, RELEASE = 0.5, 0.4  # seconds for which a label must be the answer, and no longer be it
MAX_HOLD = 3600.0  # seconds
SHARPNESS = 2.0  # of the confidence: exp(-SHARPNESS (distance / limit)^2)
MAX_UNITS = 1000  # of a layer
MAX_WEIGHT = 1e6

Layers = List[Tuple[np.ndarray, np.ndarray]]  # weights [inputs, outputs] and biases [outputs]


class Answer(NamedTuple):
    """What a body is."""
    label: str  # NONE for none of the labels
    confidence: float  # 0 to 1
    distance: float  # from the nearest samples of the label, or of any for NONE, in torsos


class Classifier:
    """Answers by the nearest samples, or by layers among those labels whose samples are near.

    labels: their names. samples: of all labels; of: the label of each, int. limits: the distance of
    each label from which on a body is none of it. layers: of a small network that chooses between
    the labels, which the samples then only confirm. hold: seconds. about: what is known of the
    training, for people.
    Attribute: latest, what update saw last in each person, by their ids.
    """

    def __init__(self, labels: Sequence[str], samples: Bodies, of: np.ndarray, limits: np.ndarray,
                 layers: Optional[Layers] = None, hold: float = HOLD,
                 about: Optional[Dict[str, Any]] = None) -> None:
        self.labels, self.samples, self.of, self.limits = list(labels), samples, of, limits
        self.layers, self.hold, self.about = layers or [], hold, about or {}
        self.latest: Dict[int, Answer] = {}

    @property
    def lying(self) -> bool:
        """Whether people who lie are to be looked for: most samples of some label do."""
        x, y = self.samples.values[:, :2].T  # of the hips, from the shoulders
        known = self.samples.known[:, 0] > 0
        lies = y < STEEP * np.hypot(x, y)
        return any(2 * lies[known & (self.of == label)].sum() > (known & (self.of == label)).sum()
                   for label in range(len(self.labels)))

    def answers(self, bodies: Bodies) -> List[Answer]:
        """What each body is. Those of whom too little is known are none."""
        near = by_label(bodies, self.samples, self.of, len(self.labels))
        scores = np.exp(-SHARPNESS * (near / self.limits) ** 2)
        ranked = scores * probabilities(self.layers, bodies) if self.layers else scores
        best = np.where(near <= self.limits, ranked, -1).argmax(1)
        found = []
        for row, label in enumerate(best.tolist()):
            fits = bool(near[row, label] <= self.limits[label])
            name = self.labels[label] if fits and self.labels[label] not in NEGATIVE else NONE
            outside = float(np.exp(-SHARPNESS))
            all_scores = float(scores[row].sum()) + outside
            share = (float(scores[row, label]) if fits else outside) / all_scores
            distance = near[row, label] if fits else near[row].min()
            found.append(Answer(name, share, float(distance)))
        return found

    def update(self, tracks: Dict[int, Track], _: Any, time: float) -> Tuple[
            Dict[int, List[str]], List[Event]]:
        """The labels of people, by their ids, and what begins, as Activities asks for it."""
        labels: Dict[int, List[str]] = {}
        events = []
        self.latest = self._seen(tracks, time)
        for id, answer in self.latest.items():
            holds = tracks[id].notes.setdefault((self, 'holds'), {})
            for label in sorted({answer.label, *holds} - {NONE}):
                hold = holds.setdefault(label, Hold())
                if hold.update(label == answer.label, time, self.hold, RELEASE):
                    events.append(Event(label, id, time, round(answer.confidence, 3)))
            active = [label for label, hold in holds.items() if hold.active]
            labels[id] = [answer.label] if answer.label in active else active[:1]
        return labels, events

    def _seen(self, tracks: Dict[int, Track], time: float) -> Dict[int, Answer]:
        """What each person is at the moment, steadied, by their ids."""
        if not tracks:
            return {}
        rows = []
        for track in tracks.values():
            steady = track.notes.setdefault((self, 'steady'), Steady())
            rows.append(steady.update(bodies_of(track), time))
        return dict(zip(tracks, self.answers(Bodies.joined(rows))))

    @classmethod
    def read(cls, path: str) -> 'Classifier':
        """Reads a file that write wrote. Raises OSError or ValueError."""
        return checked(path, cls.from_json, read_model(path, 'classifier'))

    @classmethod
    def from_json(cls, content: Dict[str, Any]) -> 'Classifier':
        """The classifier of a file's content. Raises ValueError."""
        definition = field(content, 'features', dict)
        if definition.get('name') != NAME or definition.get('numbers') != list(NAMES):
            raise ValueError('it was trained with other features than this release has: train it '
                             'again from its recordings')
        labels = field(content, 'labels', list)
        names = [text(label, 'name') for label in labels]
        if not 0 < len(names) <= MAX_LABELS or len(set(names)) < len(names) or not all(
                0 < len(name) <= MAX_LABEL for name in names):
            raise ValueError(f"'labels' must be 1 to {MAX_LABELS} different names")
        limits = np.array([number(label, 'limit', 1e-3, 9) for label in labels], np.float32)
        samples = field(content, 'samples', list)
        most = 2 * MAX_SAMPLES * (1 + len(TURNS))
        if not 0 < len(samples) <= most * len(names):
            raise ValueError(f"'samples' must be 1 to {most} for each label")
        of = np.array([number(sample, 'label', 0, len(names) - 1, int) for sample in samples])
        values = np.array([_values(sample) for sample in samples], np.float32)
        hold = number(content, 'hold', 0, MAX_HOLD)
        about = content.get('about', {})
        known = np.isfinite(values).astype(np.float32)
        return cls(names, Bodies(np.nan_to_num(values), known), of, limits,
                   _layers(content.get('layers', []), len(names)), hold,
                   about if isinstance(about, dict) else {})

    def write(self, path: str) -> None:
        """Writes it as a file of activities. Raises OSError."""
        write_model(path, 'classifier', self.as_json())

    def write_script(self, path: str) -> None:
        """Writes it as a script for a page, which defines `classify`. Raises OSError."""
        with open(own_file('activities', 'classifier.js'), encoding='utf-8') as file:
            code = file.read()
        facts = json.dumps({**script_facts(), **self.as_json()}, separators=(',', ':'))
        with written_whole(path) as file:
            file.write(f'const POSES = {facts};\n{code}')

    def as_json(self) -> Dict[str, Any]:
        """The content of its file."""
        rows = [[round(float(value), 3) if known else None for value, known in zip(*row)]
                for row in zip(*self.samples)]
        content: Dict[str, Any] = {
            'about': self.about, 'hold': self.hold, 'features': definition(),
            'labels': [{'name': name, 'limit': round(float(limit), 4)}
                       for name, limit in zip(self.labels, self.limits)],
            'samples': [{'label': int(label), 'values': row} for label, row in zip(self.of, rows)]}
        if self.layers:
            content['layers'] = [{'weights': np.round(weights, 5).tolist(),
                                  'bias': np.round(bias, 5).tolist()}
                                 for weights, bias in self.layers]
        return content


def definition() -> Dict[str, Any]:
    """What a file says of the features of this release."""
    return {'name': NAME, 'numbers': list(NAMES),
            'weights': [round(float(weight), 3) for weight in WEIGHTS]}


def script_facts() -> Dict[str, Any]:
    """What classifier.js must know besides a classifier's file."""
    return {'parts': [JSON_NAMES[part] for part in KEYPOINT_TYPES], 'unsure': UNSURE, 'sure': SURE,
            'measures': MEASURES, 'pairs': PAIRS, 'roots': ROOTS, 'limbs': LIMBS.tolist(),
            'none': NONE, 'negative': NEGATIVE}


def probabilities(layers: Layers, bodies: Bodies) -> np.ndarray:
    """What a network makes of bodies: float [N, labels], each row's sum is 1."""
    values = bodies.values * bodies.known
    for i, (weights, bias) in enumerate(layers):
        values = values @ weights + bias
        if i + 1 < len(layers):
            values = np.maximum(values, 0)
    values = np.exp(values - values.max(1, keepdims=True))
    return values / values.sum(1, keepdims=True)


def _values(sample: Any) -> List[float]:
    values = field(sample, 'values', list)
    if len(values) != len(NAMES):
        raise ValueError(f"'values' must be {len(NAMES)} numbers, got {len(values)}")
    return [np.nan if value is None else number({'value': value}, 'value', -4, 4)
            for value in values]


def _layers(value: Any, outputs: int) -> Layers:
    """The layers of a file, from len(NAMES) inputs to so many outputs. Raises ValueError."""
    layers, width = [], len(NAMES)
    for layer in value if isinstance(value, list) else [None]:
        bias = _row(field(layer, 'bias', list), 1, MAX_UNITS)
        rows = field(layer, 'weights', list)
        if len(rows) != width:
            raise ValueError(f"'weights' of a layer must be {width} rows, got {len(rows)}")
        layers.append((np.array([_row(row, len(bias), len(bias)) for row in rows]),
                       np.array(bias)))
        width = len(bias)
    if layers and width != outputs:
        raise ValueError(f'the last layer must have {outputs} units, one for each label')
    return layers


def _row(value: Any, least: int, most: int) -> List[float]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise ValueError(f'a row of a layer must have {least} to {most} numbers')
    return [number({'value': x}, 'value', -MAX_WEIGHT, MAX_WEIGHT) for x in value]
