"""The page's modules answer as Python does: node runs them."""
import json
import os

import posers
from helpers import ROOT, need
from logs import SAMPLES
from pages import by_node, make_page, poses_of
from posers import Person
from posesuite.activities.activities import Activities
from posesuite.activities.classifier import Classifier
from posesuite.activities.features import features, places_of
from posesuite.activities.neighbours import Bodies
from posesuite.activities.recordings import read_recordings
from posesuite.activities.training import train
from posesuite.display.overlay import look_of
from posesuite.music.players import Player, Trio
from posesuite.music.theory import SCALES, note_name, notes
from posesuite.pose.json_poses import pose_as_json
from posesuite.pose.log import read_log

import numpy as np
import pytest

TRIO = os.path.join(ROOT, 'samples', 'trio.jsonl')
LABELS = {'left_hand_up': ['left_hand_up'], 'squat': ['squat'],
          'other': ['standing', 'sitting', 't_pose']}


@pytest.fixture(scope='module')
def page(tmp_path_factory) -> str:
    need('node')
    return make_page(tmp_path_factory.mktemp('page'))


def record(folder, people):
    """Recordings of all LABELS, some for each person."""
    for person in people:
        for label, names in LABELS.items():
            for name in names:
                path = folder / label / f'{person.seed}_{name}.jsonl'
                path.parent.mkdir(parents=True, exist_ok=True)
                posers.record(str(path), name, person, 4)


def test_people_look_alike(page):
    frames = poses_of(SAMPLES[2])[::20]
    found = by_node(page, """import {lookOf} from './page/look.js';
answer(frames.map(poses => poses.map(pose => lookOf(pose, pose.id, 640, 480, 0.3))));
""", frames=frames)
    logged = list(read_log(SAMPLES[2])[1])[::20]
    assert len(found) == len(logged) == 15
    for looks, frame in zip(found, logged):
        for look, (id, pose) in zip(looks, frame.people.items()):
            wanted = look_of(pose, id, 640, 480, 0.3)
            assert look['line'] == wanted.line
            np.testing.assert_allclose(look['number'], wanted.number, atol=1e-6)
            np.testing.assert_allclose(look['neck'], wanted.neck, atol=1e-6)
            assert look['letter'] == pytest.approx(wanted.letter)


def test_players_play_the_same_notes(page):
    frames = list(read_log(TRIO)[1])
    ladders = [notes(SCALES['blues'], 2, octave, 2) for octave in (3, 2, 4)]
    trio = Trio([Player(ladder, 0) for ladder in ladders])
    wanted = [[[sound.note, sound.volume] if sound else None
               for sound in trio.update(frame.people, frame.time, 480)] for frame in frames]
    found = by_node(page, """import {Trio, noteName, notes} from './page/players.js';
const trio = new Trio([3, 2, 4].map(octave => notes('blues', 2, octave, 2)));
const lines = fs.readFileSync(trioLog, 'utf8').trim().split('\\n').slice(1).map(JSON.parse);
answer({names: [60, 54].map(noteName), heard: lines.map(({time, poses}) =>
  trio.update(new Map(poses.map(pose => [pose.id, pose])), time).map(sound =>
    sound && [sound.note, sound.volume]))});
""", trioLog=TRIO)
    assert found['names'] == [note_name(60), note_name(54)]
    assert len(found['heard']) == len(wanted) == 679
    assert [[sound and sound[0] for sound in sounds] for sounds in found['heard']] == [
        [sound and sound[0] for sound in sounds] for sounds in wanted]
    volumes = [[sound[1] for sounds in each for sound in sounds if sound]
               for each in (found['heard'], wanted)]
    np.testing.assert_allclose(*volumes, atol=1e-9)
    assert len({sound[0] for sounds in wanted for sound in sounds if sound}) == 10


@pytest.mark.parametrize('people', [[Person(seed=1), Person(seed=2, yaw=10)], [Person(seed=3)]])
def test_what_the_page_trains_is_what_python_trains(page, tmp_path, people):
    record(tmp_path / 'poses', people)
    wanted = train(list(read_recordings(str(tmp_path / 'poses'))))[0].as_json()
    logs = sorted([path.parent.name, str(path)] for path in tmp_path.glob('poses/*/*.jsonl'))
    found = by_node(page, """import {Body, usable} from './page/body.js';
import {train} from './page/training.js';
const recordings = logs.map(([label, path]) => {
  const [header, ...lines] = fs.readFileSync(path, 'utf8').trim().split('\\n').map(JSON.parse);
  const body = new Body();
  return {label, bodies: lines.flatMap(({time, poses: [pose]}) =>
    pose ? [body.update(pose, time, header)] : []).filter(usable)};
});
answer(await train(recordings));
""", logs=logs)
    assert [label['name'] for label in found['labels']] == [
        label['name'] for label in wanted['labels']] == ['left_hand_up', 'other', 'squat']
    np.testing.assert_allclose([label['limit'] for label in found['labels']],
                               [label['limit'] for label in wanted['labels']], atol=2e-4)
    assert found['about']['mirrored'] == wanted['about']['mirrored']
    assert found['about']['frames'] == wanted['about']['frames']
    assert [each['label'] for each in found['samples']] == [
        each['label'] for each in wanted['samples']]
    # Where a body and its mirror image are equally far from all others, either may be the sample.
    rows = [np.array([[np.nan if value is None else value for value in sample['values']]
                      for sample in content['samples']]) for content in (found, wanted)]
    assert np.isclose(*rows, atol=0.0021, equal_nan=True).all(1).mean() > 0.8
    (tmp_path / 'page.json').write_text(json.dumps(found))
    bodies = Bodies.joined([Bodies(*features(places_of(list(posers.frames(
        name, Person(seed=7, yaw=5), 2))))) for name in ('left_hand_up', 'squat', 'star')])
    answers = [Classifier.read(str(tmp_path / 'page.json')).answers(bodies),
               Classifier.from_json(wanted).answers(bodies)]
    assert [[answer.label for answer in each] for each in answers[:1]] == [
        [answer.label for answer in each] for each in answers[1:]]
    assert {'left_hand_up', 'squat', 'none'} == {answer.label for answer in answers[0]}
    np.testing.assert_allclose(*([answer.confidence for answer in each] for each in answers),
                               atol=0.02)


def test_people_are_seen_to_do_the_same(page, tmp_path):
    record(tmp_path / 'poses', [Person(seed=1), Person(seed=2)])
    classifier, _ = train(list(read_recordings(str(tmp_path / 'poses'))))
    classifier.write(str(tmp_path / 'my.json'))
    classifier = Classifier.read(str(tmp_path / 'my.json'))
    poses = [*posers.frames('squat', Person(seed=4), 2), *posers.frames('star', Person(seed=4), 1),
             *posers.frames('left_hand_up', Person(seed=4), 2)]
    activities, wanted, events = Activities([classifier]), [], []
    for number, pose in enumerate(poses):
        labels, more = activities.update({7: pose}, number / posers.RATE, posers.SIZE)
        wanted.append([labels[7], classifier.latest[7].label])
        events += [[event.event, event.id, event.time, event.value] for event in more]
    found = by_node(page, """import {Watch, checked} from './page/watch.js';
const watch = new Watch(checked(fs.readFileSync(path, 'utf8'), 'my.json'));
const events = [], seen = poses.map((pose, number) => {
  const answer = watch.update(new Map([[7, pose]]), number / rate, {width: 640, height: 480});
  events.push(...answer.events.map(({event, id, time, value}) => [event, id, time, value]));
  return [answer.labels.get(7), answer.latest.get(7).label];
});
answer({seen, events});
""", path=str(tmp_path / 'my.json'), poses=[pose_as_json(pose) for pose in poses], rate=posers.RATE)
    assert found['seen'] == wanted
    assert {'squat', 'left_hand_up', 'none'} == {label for _, label in wanted}
    assert [event[:2] for event in found['events']] == [event[:2] for event in events] == [
        ['squat', 7], ['left_hand_up', 7]]
    np.testing.assert_allclose([event[2:] for event in found['events']],
                               [event[2:] for event in events], atol=0.02)


@pytest.mark.parametrize('change, said', [
    ("content.kind = 'rules'", 'it has rules'),
    ("content.format = 'other'", 'no classifier of pose_trainer.py'),
    ('content.version = 2', 'needs version 1'),
    ("content.features.numbers.pop()", 'other features'),
    ("content.labels[0].limit = 'x'", 'its labels are damaged'),
    ("content.samples[0].values[0] = 1e9", 'its samples are damaged'),
    ("content.samples[0].label = 3", 'its samples are damaged'),
    ("content.layers = [{weights: [], bias: []}]", 'its layers are damaged'),
    ('content.hold = -1', 'its hold is damaged'),
    ('content = null', 'no classifier of pose_trainer.py')])
def test_a_damaged_classifier_is_refused(page, tmp_path, change, said):
    found = by_node(page, """import {FACTS} from './page/facts.js';
import {checked} from './page/watch.js';
const {FORMAT, VERSION, HOLD, features} = FACTS.classifier;
let content = {format: FORMAT, version: VERSION, kind: 'classifier', hold: HOLD,
  features: structuredClone(features),
  labels: [{name: 'a', limit: 0.1}], samples: [{label: 0, values: features.numbers.map(() => 0)}]};
checked(JSON.stringify(content), 'a.json');
CHANGE;
try {
  answer(checked(JSON.stringify(content), 'a.json'));
} catch (error) {
  answer(error.message);
}
""".replace('CHANGE', change))
    assert found.startswith('a.json: ') and said in found


@pytest.mark.parametrize('sample', SAMPLES)
def test_people_keep_their_ids(page, sample):
    """As the tracker of Python, whose ids the log has, gave them."""
    frames = [{'time': frame.time, 'poses': [dict(pose_as_json(pose), known=id)
                                             for id, pose in frame.people.items()]}
              for frame in read_log(sample)[1]]
    found = by_node(page, """import {Tracker} from './page/tracker.js';
const tracker = new Tracker();
answer(frames.map(({time, poses}) => [...tracker.update(poses, time, true)].map(([id, {known}]) =>
  [id, known])));
""", frames=frames)
    pairs = {tuple(pair) for frame in found for pair in frame}
    assert len(pairs) == len({known for _, known in pairs}) == len({id for id, _ in pairs})
