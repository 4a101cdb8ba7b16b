"""Collected samples to and from CSV and COCO, and the forms of other tools."""
import csv
import json
import os

import posers
from posers import Person
from posesuite.activities.csv_forms import MEDIAPIPE, read_rows
from posesuite.activities.exchange import export_samples, import_samples
from posesuite.activities.recordings import find_logs, read_recordings
from posesuite.activities.training import test as measure
from posesuite.activities.training import train
from posesuite.pose.log import read_log
from posesuite.pose.skeleton import KEYPOINT_TYPES

import numpy as np
import pytest


@pytest.fixture
def folder(tmp_path) -> str:
    posers.record_all(str(tmp_path / 'poses'), ['tree', 'squat'], Person(seed=1), 2)
    return str(tmp_path / 'poses')


def poses_of(folder):
    """By label, the poses of all logs: float [N, 17, 3]."""
    return {label: np.array([[(*point, score) for point, score in pose.keypoints.values()]
                             for path in paths for frame in read_log(path)[1]
                             for pose in frame.people.values()])
            for label, paths in find_logs(folder).items()}


@pytest.mark.parametrize('ending', ['csv', 'json'])
def test_what_is_exported_can_be_imported(folder, tmp_path, ending):
    path = str(tmp_path / f'samples.{ending}')
    assert export_samples(folder, path) == 40
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert import_samples(str(tmp_path / 'again'), path) == {'squat': 20, 'tree': 20}
    before, after = poses_of(folder), poses_of(str(tmp_path / 'again'))
    assert before.keys() == after.keys() == {'squat', 'tree'}
    for label in before:
        np.testing.assert_allclose(after[label], before[label], atol=0.011)
    for path in find_logs(str(tmp_path / 'again'))['tree']:  # they are recordings, not pictures
        assert [frame.time for frame in read_log(path)[1]] == pytest.approx(np.arange(20) / 10)


def test_coco_has_a_category_for_each_label(folder, tmp_path):
    path = str(tmp_path / 'samples.json')
    export_samples(folder, path)
    with open(path) as file:
        content = json.load(file)
    assert [each['name'] for each in content['categories']] == ['squat', 'tree']
    assert len(content['annotations']) == len(content['images']) == 40
    assert len({each['file_name'] for each in content['images']}) == 40
    assert all(len(each['keypoints']) == 51 for each in content['annotations'])
    assert {each['category_id'] for each in content['annotations']} == {1, 2}


MOVENET = ['file_name'] + [f'{part.name}_{value}' for part in KEYPOINT_TYPES
                           for value in ('x', 'y', 'score')] + ['class_no', 'class_name']


def write(path, rows):
    with open(path, 'w', newline='') as file:
        csv.writer(file).writerows(rows)
    return str(path)


def movenet_rows(names, person, seconds=2.0):
    """As TensorFlow's tutorial on pose classification writes its train_data.csv."""
    rows = [MOVENET]
    for number, name in enumerate(names):
        for i, pose in enumerate(posers.frames(name, person, seconds)):
            flat = [value for point, score in pose.keypoints.values()
                    for value in (round(point.x), round(point.y), score)]
            rows.append([f'{name}/{i}.jpg', *flat, number, name])
    return rows


def test_a_yoga_csv_of_movenet_trains_and_tests(tmp_path):
    names = ['tree', 'warrior', 'down_dog']
    train_csv = write(tmp_path / 'train.csv', movenet_rows(names, Person(seed=1, yaw=60), 3))
    test_csv = write(tmp_path / 'test.csv', movenet_rows(names, Person(seed=2, yaw=65), 2))
    assert import_samples(str(tmp_path / 'train'), train_csv) == dict.fromkeys(names, 30)
    import_samples(str(tmp_path / 'test'), test_csv)
    found = list(read_recordings(str(tmp_path / 'train')))
    assert all(each.separate for each in found)
    classifier, _ = train(found)
    assert measure(classifier, list(read_recordings(str(tmp_path / 'test')))).accuracy > 0.85


def test_landmarks_of_mediapipe_need_no_header(tmp_path):
    pose = next(posers.frames('tree', Person(gaps=0), 1))
    numbers = np.zeros((33, 3))
    numbers[list(MEDIAPIPE), :2] = [point for point, _ in pose.keypoints.values()]
    numbers[:, :2] /= posers.SIZE
    path = write(tmp_path / 'a.csv', [['a.jpg', 'tree', *numbers.ravel()]] * 3)
    rows = list(read_rows(path, size=posers.SIZE))
    assert [(row.label, row.name) for row in rows] == [('tree', 'a.jpg')] * 3
    np.testing.assert_allclose([point for point, _ in rows[0].pose.keypoints.values()],
                               [point for point, _ in pose.keypoints.values()], atol=1e-6)
    assert {score for _, score in rows[0].pose.keypoints.values()} == {1.0}


def test_a_header_that_says_nothing_is_skipped(tmp_path):
    """As a public fitness_poses_csvs_out_basic.csv has it: l1 to l100 over 99 numbers."""
    header = ['image_name', 'pose_class_name', *(f'l{i}' for i in range(1, 101))]
    path = write(tmp_path / 'a.csv', [header, ['a.jpg', 'down', *range(100, 199)]])
    row, = read_rows(path)
    assert (row.label, row.name) == ('down', 'a.jpg')
    assert [point for point, _ in row.pose.keypoints.values()] == [
        (100 + 3 * i, 101 + 3 * i) for i in MEDIAPIPE]


def test_eleven_parts_without_a_header(tmp_path):
    """As a simplified yoga data set has them: x of all, then y of all, which grows upwards."""
    xs, ys = np.arange(11) * 10, np.arange(11) * 5
    xs[3] = 9999
    row, = read_rows(write(tmp_path / 'a.csv', [['bridge', *xs, *ys]]))
    points = {part.name: keypoint.point for part, keypoint in row.pose.keypoints.items()
              if keypoint.score}
    assert row.label == 'bridge'
    assert points == {
        'NOSE': (0, 0), 'LEFT_SHOULDER': (10, -5), 'RIGHT_SHOULDER': (10, -5),
        'RIGHT_ELBOW': (20, -10), 'LEFT_ELBOW': (40, -20), 'LEFT_WRIST': (50, -25),
        'LEFT_HIP': (60, -30), 'RIGHT_HIP': (60, -30), 'RIGHT_KNEE': (70, -35),
        'RIGHT_ANKLE': (80, -40), 'LEFT_KNEE': (90, -45), 'LEFT_ANKLE': (100, -50)}


@pytest.mark.parametrize('names, count', [(('x{}', 'y{}', 'z{}', 'v{}'), 33),
                                          (('x{}', 'y{}', 'z{}', 'v{}'), 501),
                                          (('kp_{}_x', 'kp_{}_y', 'kp_{}_z', 'kp_{}_score'), 17)])
@pytest.mark.parametrize('first', [0, 1])
def test_keypoints_may_be_numbered(tmp_path, names, count, first):
    """As a widespread tutorial on MediaPipe writes its coords.csv: class, x1, y1, z1, v1, …."""
    header = ['class'] + [name.format(i + first) for i in range(count) for name in names]
    numbers = np.arange(count)[:, None] * 10 + np.array([100, 200, 0, 0])
    numbers[:, 3] = np.arange(count) % 2
    path = write(tmp_path / 'a.csv', [header, ['tree', *numbers.ravel()]])
    row, = read_rows(path)
    order = MEDIAPIPE if count >= 33 else range(17)
    assert row.label == 'tree'
    assert [(point, score) for point, score in row.pose.keypoints.values()] == [
        ((100 + 10 * i, 200 + 10 * i), i % 2) for i in order]


@pytest.mark.parametrize('name', ['nose_x', 'NOSE_X', 'x_nose', 'Nose.x', 'noseX', 'nose x'])
def test_names_of_columns_may_be_written_in_many_ways(tmp_path, name):
    other = name.replace('x', 'y').replace('X', 'Y')
    path = write(tmp_path / 'a.csv', [['pose', name, other], ['tree', 120, 250],
                                         ['tree', '', 9999]])
    first, second = (row.pose.keypoints[0] for row in read_rows(path))
    assert (first.point, first.score) == ((120, 250), 1)
    assert second.score == 0


@pytest.mark.parametrize('name', ['left_knee', 'LEFT_KNEE', 'leftKnee', 'l_knee', 'kneeL',
                                  'knee_left'])
def test_names_of_parts_may_be_written_in_many_ways(tmp_path, name):
    path = write(tmp_path / 'a.csv', [['pose', f'{name}_x', f'{name}_y', f'{name}_score'],
                                      ['tree', 120, 250, .5]])
    row, = read_rows(path)
    known = {part.name: keypoint for part, keypoint in row.pose.keypoints.items() if keypoint.score}
    assert known == {'LEFT_KNEE': ((120, 250), .5)}


def test_a_label_can_be_given(tmp_path):
    path = write(tmp_path / 'a.csv', [['nose_x', 'nose_y'], [120, 250]])
    with pytest.raises(ValueError, match='a.csv:2: no label; name one with --label'):
        list(read_rows(path))
    assert [row.label for row in read_rows(path, 'tree')] == ['tree']


@pytest.mark.parametrize('data, words', [
    (b'', 'is empty'), (b'a,b\n1,2\n', 'no columns of keypoints'), (b'\xff\xfe\x00', 'no CSV'),
    (b'label,nose_x,nose_y\ntree,500\n', ':2: 2 cells, need 3'),
    (b'label,nose_x,nose_y\n../../tmp,500,500\n', 'a label needs'),
    (b'label,nose_x,nose_y\n', 'has no poses'),
    (b'label,nose_x,nose_y\n' + b'a' * 200000 + b',1,2\n', 'no CSV')])
def test_a_wrong_csv_is_refused_and_leaves_nothing(tmp_path, data, words):
    path = tmp_path / 'a.csv'
    path.write_bytes(data)
    with pytest.raises(ValueError) as error:
        import_samples(str(tmp_path / 'into'), str(path))
    assert words in str(error.value)
    assert not (tmp_path / 'into').exists()


@pytest.mark.parametrize('text', ['', '[]', '{}', '{"images": 3, "annotations": [], '
                                  '"categories": []}', '[' * 100000, '{"images": [], "categories": '
                                  '[], "annotations": [{"keypoints": [null]}]}'])
def test_a_wrong_coco_is_refused(tmp_path, text):
    path = tmp_path / 'a.json'
    path.write_text(text)
    with pytest.raises(ValueError, match='is no COCO file|has no poses'):
        import_samples(str(tmp_path / 'into'), str(path))
    assert not (tmp_path / 'into').exists()
