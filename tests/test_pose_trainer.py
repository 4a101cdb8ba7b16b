"""pose_trainer.py as its user runs it, from pose logs, pictures and clips."""
import json
import os
import shutil
import subprocess
import sys

import posers
from helpers import ROOT
from posers import Person
from posesuite.pose.log import read_log

import pytest

FIVE = ['t_pose', 'tree', 'warrior', 'squat', 'sitting']


def run(*arguments, cwd, status=0):
    """stdout and stderr of a step."""
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'pose_trainer.py'), *arguments],
                          cwd=str(cwd), capture_output=True, text=True, timeout=300)
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


@pytest.fixture(scope='module')
def work(tmp_path_factory):
    """A folder with recordings of FIVE, of another day, and my.json; its report."""
    folder = tmp_path_factory.mktemp('work')
    posers.record_all(str(folder / 'poses'), FIVE, Person(seed=1, yaw=5), 8)
    posers.record_all(str(folder / 'other_day'), [*FIVE, 'star', 'lunge'],
                      Person(seed=2, yaw=-8, camera=1.7), 3)
    out, err = run('train', 'poses', '-o', 'my.json', '--confusion', 'confusion.png', cwd=folder)
    return folder, out, err


def test_train_prints_what_it_is_worth(work):
    folder, out, err = work
    lines = out.splitlines()
    assert lines[0].split()[:3] == ['shown', 'frames', 'sitting']
    assert [line.split()[0] for line in lines[1:6]] == sorted(FIVE)
    assert 'mirrored copies learnt' in out
    assert 'only one recording' in out
    assert err == 'my.json: try it with python3 pose_trainer.py watch my.json\n'
    assert (folder / 'confusion.png').read_bytes().startswith(b'\x89PNG')


def test_test_measures_on_another_day(work):
    out, err = run('test', 'my.json', 'other_day', cwd=work[0])
    rows = {line.split()[0]: line for line in out.splitlines()[1:-1]}
    assert rows.keys() == {*FIVE, 'star', 'lunge'}
    assert float(out.splitlines()[-1].split()[0]) > 95
    assert err == ''
    out, _ = run('test', 'my.json', 'other_day/tree/take.jsonl', '--label', 'tree', '--from', '1',
                 '--to', '2', cwd=work[0])
    assert out.splitlines()[1].split()[:2] == ['tree', '11']


def test_watch_prints_events_of_what_is_held(work):
    out, err = run('watch', 'my.json', 'other_day/tree/take.jsonl', '--headless', cwd=work[0])
    event, = map(json.loads, out.splitlines())
    assert (event['event'], event['id']) == ('tree', 1)
    assert 0.4 < event['time'] < 1.5
    assert err == ''
    out, _ = run('watch', 'my.json', 'other_day/tree/take.jsonl', '--headless', '--hold', '10',
                 cwd=work[0])
    assert out == ''


def test_watch_writes_the_labels_on_the_picture(work):
    run('watch', 'my.json', 'other_day/tree/take.jsonl', '--output', 'tree.png', cwd=work[0])
    assert (work[0] / 'tree.png').read_bytes().startswith(b'\x89PNG')


def test_collect_takes_a_part_of_a_log(work, tmp_path):
    log = str(work[0] / 'other_day' / 'tree' / 'take.jsonl')
    _, err = run('collect', 'tree', '--videosrc', log, '--from', '1', '--to', '2', '--headless',
                 cwd=tmp_path)
    path, = (tmp_path / 'poses' / 'tree').iterdir()
    assert f'tree: 11 of 11 frames show a person, in poses/tree/{path.name}' in err
    times = [frame.time for frame in read_log(str(path))[1]]
    assert times == pytest.approx([1 + i / 10 for i in range(11)])


def test_collect_records_one_label_after_the_other(work, tmp_path):
    log = str(work[0] / 'poses' / 'tree' / 'take.jsonl')
    _, err = run('collect', 'tree', 'other', '--videosrc', log, '--seconds', '2', '--countdown',
                 '1', '--headless', cwd=tmp_path)
    assert 'tree: begins in 1 s' in err
    for label, begin in (('tree', 1.0), ('other', 4.1)):
        path, = (tmp_path / 'poses' / label).iterdir()
        times = [frame.time for frame in read_log(str(path))[1]]
        assert len(times) == 20
        assert times[0] == pytest.approx(begin)


def test_collect_keeps_the_largest_person_of_a_clip_and_no_image(tmp_path):
    clip = os.path.join(ROOT, 'samples', 'three_people.mp4')
    run('collect', 'arms', '--videosrc', clip, '--frames', '6', '--headless', cwd=tmp_path)
    path, = (tmp_path / 'poses' / 'arms').iterdir()
    frames = list(read_log(str(path))[1])
    assert len(frames) == 6
    assert all(len(frame.people) <= 1 for frame in frames)
    assert any(frame.people for frame in frames)
    assert {entry.name for entry in tmp_path.rglob('*')} == {'poses', 'arms', path.name}


def test_collect_takes_folders_of_pictures_by_their_labels(tmp_path):
    for label in ('couple', 'empty'):
        (tmp_path / 'pictures' / label).mkdir(parents=True)
    shutil.copy(os.path.join(ROOT, 'samples', 'couple.jpg'),
                str(tmp_path / 'pictures' / 'couple' / 'a.jpg'))
    run('collect', 'couple', '--videosrc', 'pictures', '--headless', cwd=tmp_path)
    path, = (tmp_path / 'poses' / 'couple').iterdir()
    frame, = read_log(str(path))[1]
    assert (frame.name, len(frame.people)) == ('a.jpg', 2)


def test_export_and_import_go_round(work, tmp_path):
    shutil.copytree(str(work[0] / 'poses'), str(tmp_path / 'poses'))
    shutil.copy(str(work[0] / 'my.json'), str(tmp_path))
    for output in ('samples.csv', 'coco.json'):
        assert run('export', 'poses', output, cwd=tmp_path)[1] == f'{output}: 400 poses\n'
        _, err = run('import', output[:4], output, cwd=tmp_path)
        assert sorted(err.splitlines()) == [f'{label}: 80 poses' for label in sorted(FIVE)]
    for output in ('small.json', 'my.js'):
        assert run('export', 'my.json', output, cwd=tmp_path)[1] == f'{output}: 5 labels\n'
        assert (tmp_path / output).stat().st_size > 1000


@pytest.mark.parametrize('step', [
    'collect', 'label', 'train', 'test', 'watch', 'export', 'import'])
def test_each_step_has_examples_in_its_help(step, tmp_path):
    shown, _ = run(step, '--help', cwd=tmp_path)
    assert f'examples:\n  python3 pose_trainer.py {step} ' in shown


def test_label_prints_its_address_and_ends_with_ctrl_c(work):
    process = subprocess.Popen([sys.executable, os.path.join(ROOT, 'pose_trainer.py'), 'label',
                                'poses'], cwd=str(work[0]), stderr=subprocess.PIPE, text=True)
    assert process.stderr.readline().startswith('open http://127.0.0.1:')
    process.terminate()
    assert process.wait(10) == 0


@pytest.mark.parametrize('arguments, status, words', [
    ([], 2, 'a step is needed: collect, label, train'),
    (['colect'], 2, 'did you mean collect?'),
    (['collect'], 2, 'collect needs a label'),
    (['collect', '../x'], 2, 'a label needs'),
    (['collect', 'a', 'b', '--videosrc', 'other_day/tree/take.jsonl', '--headless'], 1,
     'a file shows one label'),
    (['train', 'nowhere'], 1, 'cannot read nowhere'),
    (['train', 'other_day/tree'], 1, 'has no recordings: need other_day/tree/LABEL/*.jsonl'),
    (['train', 'poses', '--hold', '-1'], 2, 'must be 0 to 3600'),
    (['test', 'nowhere.json', 'poses'], 1, 'cannot read nowhere.json'),
    (['test', 'my.json', 'other_day/tree/take.jsonl'], 1, 'needs --label'),
    (['watch', 'other_day/tree/take.jsonl', '--headless'], 1, 'is no file of activities'),
    (['export', 'poses', 'x.js'], 1, 'a .js is made of a trained file'),
    (['export', 'poses', 'x.txt'], 2, 'must end in .csv, .json or .js'),
    (['export', 'my.json', 'my.json'], 2, 'would overwrite'),
    (['export', 'my.json', 'x.csv'], 1, 'is made of a folder of recordings'),
    (['import', 'into', 'my.json'], 1, 'is no COCO file'),
])
def test_what_is_wrong_is_said_in_one_line(work, arguments, status, words):
    out, err = run(*arguments, cwd=work[0], status=status)
    assert out == ''
    assert err.startswith('error: ')
    assert words in err
    assert len(err.splitlines()) == 1


def test_models_of_scikit_learn_are_plain_numbers(work, tmp_path):
    pytest.importorskip('sklearn')
    for model in ('logistic', 'network'):
        run('train', str(work[0] / 'poses'), '-o', f'{model}.json', '--model', model, cwd=tmp_path)
        out, _ = run('test', f'{model}.json', str(work[0] / 'other_day'), cwd=tmp_path)
        assert float(out.splitlines()[-1].split()[0]) > 90
        assert json.loads((tmp_path / f'{model}.json').read_text())['layers']


def test_scikit_learn_is_named_where_it_is_missing(work, tmp_path):
    (tmp_path / 'sklearn.py').write_text('raise ImportError')
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'pose_trainer.py'), 'train', 'poses',
                           '--model', 'network', '-o', str(tmp_path / 'x.json')], text=True,
                          cwd=str(work[0]), env={**os.environ, 'PYTHONPATH': str(tmp_path)},
                          capture_output=True)
    assert (done.returncode, done.stdout) == (1, '')
    assert done.stderr == ('error: --model network needs scikit-learn: pip install '
                           'scikit-learn\n')
