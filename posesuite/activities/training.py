"""Trains a classifier and measures it: by recordings that it has not seen, never by their frames.

    classifier, report = train(list(read_recordings('poses')))

Frames of one recording are so alike that a classifier knows each of them from its neighbours; only
another recording tells what it is worth.
"""
import datetime
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from posesuite.activities.classifier import HOLD, NEGATIVE, NONE, Classifier, Layers
from posesuite.activities.features import WEIGHTS, reflected
from posesuite.activities.neighbours import (
    FAR,
    MAX_SAMPLES,
    NOBODY,
    Bodies,
    by_label,
    thinned,
    with_turns,
)
from posesuite.activities.recordings import Recording

import numpy as np

FOLDS = 5
BLOCKS = 5  # parts of a single recording of a label, which stand for several
# The distance from a label's samples from which on a body is none of it, in torsos: as far as the
# recordings of the label are from each other, within bounds that were measured on other people,
# places and cameras (docs/pose_trainer.md).
WITHIN = 0.98  # share of the bodies of another recording that are to be within
MARGIN = 1.15  # for recordings that are still other
SINGLE = 1.6  # the same for parts of a single recording, which are more alike
LOWEST, HIGHEST, SINGLE_LOWEST, SINGLE_HIGHEST = 0.13, 0.155, 0.145, 0.16
WITH_OTHER = 0.015  # torsos more, where a label of NEGATIVE catches what is near
WHOLE = 0.8  # share of what is known of most bodies of a label, that a sample must have
# Two labels differ by their sides if one in a mirror is so much nearer to the other than without.
CHANGES = 0.5
KNOWN = 0.25  # how sure a number must be to be one of a sample
FEW = 30  # bodies of a label, below which it needs more

Fit = Callable[[Bodies, np.ndarray, int], Layers]  # bodies, their labels, number of labels


class Report(NamedTuple):
    """What a cross-validation found."""
    labels: List[str]
    confusion: np.ndarray  # int [labels, labels + 1]: true by found; the last column is none
    recordings: Dict[str, int]
    negative: Set[str]  # labels whose bodies are right as none
    mirrored: bool = False  # whether mirrored copies were learnt, too

    @property
    def accuracy(self) -> float:
        """The mean share of a label's bodies that are found to be it."""
        return float(np.mean(list(self.recalls.values()))) if self.recalls else 0.0

    @property
    def recalls(self) -> Dict[str, float]:
        """The share of each label's bodies that are found to be it, or of a negative one none."""
        rows = self.confusion
        return {label: float(rows[i, -1 if label in self.negative else i] / rows[i].sum())
                for i, label in enumerate(self.labels) if rows[i].sum()}

    @property
    def precisions(self) -> Dict[str, float]:
        """The share of what is found to be a label that is it."""
        columns = self.confusion.sum(0)
        return {label: float(self.confusion[i, i] / columns[i])
                for i, label in enumerate(self.labels) if columns[i] and label not in self.negative}


def train(recordings: Sequence[Recording], mirror: Optional[bool] = None, hold: float = HOLD,
          fit_layers: Optional[Fit] = None,
          progress: Callable[[str], None] = lambda _: None) -> Tuple[Classifier, Report]:
    """Trains on all recordings, after a cross-validation.

    mirror: whether mirrored copies are learnt, too; None: unless labels differ by left and right.
    progress: gets a line at each step. Raises ValueError if there is nothing to tell apart.
    """
    recordings = [recording for recording in recordings if len(recording.times)]
    labels = sorted({recording.label for recording in recordings})
    if not [label for label in labels if label not in NEGATIVE]:
        raise ValueError('no recording shows enough of a person: at least the shoulders and a limb '
                         'must be in view')
    parts = [part for label in labels
             for part in _parts([each for each in recordings if each.label == label])]
    if mirror is None:
        mirror = not tells_sides(parts, labels)
    confusion = np.zeros((len(labels), len(labels) + 1), int)
    folds = min(FOLDS, max(part.fold for part in parts) + 1)
    for fold in range(folds):
        progress(f'checking, {fold + 1} of {folds}')
        test = [part for part in parts if part.fold % folds == fold]
        rest = [part for part in parts if part.fold % folds != fold]
        known = sorted({part.label for part in rest})
        if not known:
            continue
        classifier = fit(rest, known, mirror, hold, fit_layers)
        for part in test:
            confusion[labels.index(part.label)] += counted(classifier, part.bodies, labels)
    progress('training')
    classifier = fit(parts, labels, mirror, hold, fit_layers)
    counts = {label: sum(each.label == label for each in recordings) for label in labels}
    report = Report(labels, confusion, counts, set(NEGATIVE) & set(labels), mirror)
    classifier.about = {
        'trained': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
        'frames': int(sum(len(each.times) for each in recordings)), 'recordings': counts,
        'mirrored': mirror, 'cross-validated': round(report.accuracy, 4)}
    return classifier, report


def test(classifier: Classifier, recordings: Sequence[Recording]) -> Report:
    """What a classifier finds in recordings. Those of labels that it does not know are none."""
    labels = sorted({*classifier.labels, *(each.label for each in recordings)})
    confusion = np.zeros((len(labels), len(labels) + 1), int)
    for each in recordings:
        confusion[labels.index(each.label)] += counted(classifier, each.bodies, labels)
    counts = {label: sum(each.label == label for each in recordings) for label in labels}
    negative = {label for label in labels if label in NEGATIVE or label not in classifier.labels}
    return Report(labels, confusion, counts, negative)


class _Part(NamedTuple):
    """A recording, or a part of the only one of a label."""
    label: str
    bodies: Bodies
    fold: int
    single: bool


def _parts(recordings: Sequence[Recording]) -> List[_Part]:
    """The recordings of one label with their folds."""
    if len(recordings) > 1:
        return [_Part(each.label, each.bodies, fold, False)
                for fold, each in enumerate(recordings)]
    recording, = recordings
    edges = np.linspace(0, len(recording.times), BLOCKS + 1).round().astype(int)
    return [_Part(recording.label, recording.bodies.chosen(slice(start, end)), fold, True)
            for fold, (start, end) in enumerate(zip(edges, edges[1:])) if end > start]


def fit(parts: Sequence[_Part], labels: Sequence[str], mirror: bool, hold: float = HOLD,
        fit_layers: Optional[Fit] = None) -> Classifier:
    """A classifier of these parts."""
    samples, of, limits = [NOBODY], [], []
    everything, of_everything = [NOBODY], []
    for number, label in enumerate(labels):
        own = [part for part in parts if part.label == label]
        bodies = Bodies.joined([part.bodies for part in own])
        bodies = bodies.chosen(whole(bodies))
        if mirror:
            bodies = Bodies.joined([bodies, Bodies(*reflected(*bodies))])
        kept = with_turns(known_to(bodies.chosen(thinned(bodies, MAX_SAMPLES * (1 + mirror)))))
        samples.append(kept)
        of += [number] * len(kept.values)
        everything.append(bodies)
        of_everything += [number] * len(bodies.values)
        limits.append(limit(own) + WITH_OTHER * bool(set(labels) & set(NEGATIVE)))
    layers = fit_layers(Bodies.joined(everything), np.array(of_everything), len(labels)
                        ) if fit_layers and len(labels) > 1 else None
    return Classifier(labels, Bodies.joined(samples), np.array(of), np.array(limits, np.float32),
                      layers, hold)


def known_to(bodies: Bodies) -> Bodies:
    """Bodies of which a number is known or not, as a file has it."""
    known = (bodies.known >= KNOWN).astype(np.float32)
    return Bodies(bodies.values * known, known)


def whole(bodies: Bodies) -> np.ndarray:
    """Of which bodies about as much is known as of most, bool [N]: half a body is like too many."""
    known = bodies.known @ WEIGHTS
    return known >= WHOLE * np.quantile(known, 0.75) if len(known) else known > 0


def limit(own: Sequence[_Part]) -> float:
    """How far a body may be from the samples of a label, from how far its recordings are."""
    found = []
    for part in own:
        others = Bodies.joined([NOBODY, *(each.bodies for each in own if each is not part)])
        others = others.chosen(whole(others))
        others = with_turns(known_to(others.chosen(thinned(others))))
        near = by_label(part.bodies, others, np.zeros(len(others.values), int), 1)[:, 0]
        found.append(near[near < FAR])
    near = np.concatenate(found) if found else np.zeros(0)
    within = float(np.quantile(near, WITHIN)) if len(near) else 0.0
    if own[0].single:
        return min(max(SINGLE * within, SINGLE_LOWEST), SINGLE_HIGHEST)
    return min(max(MARGIN * within, LOWEST), HIGHEST)


def tells_sides(parts: Sequence[_Part], labels: Sequence[str]) -> bool:
    """Whether somebody of a label looks in a mirror like another label, as with hands raised."""
    plain = fit(parts, labels, mirror=False)
    for number in range(len(labels)):
        own = plain.samples.chosen(plain.of == number)
        before, after = (by_label(each, plain.samples, plain.of, len(labels))
                         for each in (own, Bodies(*reflected(*own))))
        like = (after <= plain.limits) & (after < CHANGES * before)
        if np.delete(like, number, 1).any(1).mean() > 0.5:
            return True
    return False


def counted(classifier: Classifier, bodies: Bodies, labels: Sequence[str]) -> np.ndarray:
    """How many of the bodies are found to be each of the labels or, last, none."""
    counts = np.zeros(len(labels) + 1, int)
    for answer in classifier.answers(bodies):
        counts[-1 if answer.label == NONE else labels.index(answer.label)] += 1
    return counts
