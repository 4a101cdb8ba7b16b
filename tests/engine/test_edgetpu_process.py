"""The Edge TPU's process when the device aborts, hangs or fails, against the stand-in."""
import json
import os
import signal
import subprocess
import time
from typing import Any, Dict, List

from helpers import ROOT, children, wait_for

import pytest

CLIP = os.path.join(ROOT, 'samples', 'one_person.mp4')
POSE_CAMERA = os.path.join(ROOT, 'pose_camera.py')


def frames_of(path: Any) -> List[Dict[str, Any]]:
    """The frames of a pose log."""
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


@pytest.mark.parametrize('fault, words', [
    ('abort:3', 'its process crashed with SIGABRT (F :1115] HandleQueuedBulkIn transfer in failed. '
     'Not found (5))'),
    ('hang:3', 'its process did not answer within 3 s'),
    ('fail:3', 'Failed to execute request. ')])
def test_a_device_that_fails_costs_one_frame(child: Any, edgetpu_model: str, tmp_path: Any,
                                             fault: str, words: str) -> None:
    log = tmp_path / 'poses.jsonl'
    child.run_program(POSE_CAMERA, '--videosrc', CLIP, '--frames', '6', '--headless', '--model',
                      edgetpu_model, '--log', str(log), fault=fault)
    frames = frames_of(log)
    assert [len(frame['poses']) for frame in frames] == [1, 1, 0, 1, 1, 1]
    assert [frame.get('fault', '')[:20] for frame in frames] == ['', '', 'Edge TPU lost since ',
                                                                '', '', '']
    lost, back = child.stderr.splitlines()
    assert lost.startswith(f'{frames[2]["fault"]}: inference on the edgetpu failed: {words}')
    assert back == 'the Edge TPU is back'
    assert child.device_log().count("open ''") == 2
    assert child.device_log().count('invoke') == 6


def test_a_device_that_fails_again_and_again_ends_the_demo_in_order(
        child: Any, edgetpu_model: str, tmp_path: Any) -> None:
    log = tmp_path / 'poses.jsonl'
    code = """
from posesuite.engine import edgetpu_process
import pose_camera
assert edgetpu_process.RESTART_DELAYS == (0, 2, 5)
edgetpu_process.RESTART_DELAYS = 0, 0, 0
sys.argv = ['pose_camera.py', *models]
sys.exit(pose_camera.main())
"""
    child.run(code, '--videosrc', CLIP, '--headless', '--model', edgetpu_model, '--log', str(log),
              status=1, fault='abort')
    assert ['fault' in frame for frame in frames_of(log)] == [True] * 3
    lost, error = child.stderr.splitlines()
    assert error.startswith('error: the Edge TPU failed 4 times within 120 s, the last time: its '
                            'process crashed with SIGABRT')
    assert child.device_log() == ["open ''", 'invoke'] * 4


def test_a_device_that_aborts_when_it_is_first_opened(child: Any, edgetpu_model: str) -> None:
    code = """
engine = PoseEngine(models[0])
print(json.dumps([engine.device, len(detect(engine))]))
"""
    assert child.run(code, edgetpu_model, fault='open-abort') == [['cpu', 2]]
    said, = child.stderr.splitlines()
    assert 'crashed with SIGABRT' in said
    assert said.endswith('on the CPU')


def test_a_device_that_aborts_when_it_is_opened_again(child: Any, edgetpu_model: str) -> None:
    code = """
from posesuite.engine import edgetpu_process

edgetpu_process.RESTART_DELAYS = 0, 0, 0
engine = PoseEngine(models[0])
for _ in range(3):
    try:
        print(len(detect(engine)))
    except EngineError as error:
        print(json.dumps(str(error)))
        os.environ['EDGETPU_STAND_IN_FAULT'] = 'open-abort:2'
"""
    first, second, count = child.run(code, edgetpu_model, fault='fail:1')
    assert first.startswith('inference on the edgetpu failed: Failed to execute request.')
    assert second.startswith('inference on the edgetpu failed: its process crashed with SIGABRT')
    assert count == 2


@pytest.fixture
def hanging(child: Any, edgetpu_model: str, tmp_path: Any) -> Any:
    """Starts pose_camera.py and waits until its device hangs in the second frame."""
    processes = []

    def start() -> 'subprocess.Popen[str]':
        log = tmp_path / 'poses.jsonl'
        process = child.start(POSE_CAMERA, '--videosrc', CLIP, '--headless', '--model',
                              edgetpu_model, '--log', str(log), fault='hang:2')
        processes.append(process)
        wait_for(lambda: child.device_log().count('invoke') == 2)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_demo_whose_device_hangs(hanging: Any, tmp_path: Any, number: int) -> None:
    process = hanging()
    device, = children(process)
    begun = time.monotonic()
    process.send_signal(number)
    assert process.wait(30) == 0
    assert time.monotonic() - begun < 6
    assert not os.path.exists(f'/proc/{device}')
    assert [len(frame['poses']) for frame in frames_of(tmp_path / 'poses.jsonl')] == [1, 0]


def test_a_device_that_hangs_ends_with_its_parent(hanging: Any) -> None:
    process = hanging()
    device, = children(process)
    with open(f'/proc/{device}/limits') as file:
        assert [line.split()[4:6] for line in file if line.startswith('Max core')] == [['0', '0']]
    process.kill()
    process.wait()
    wait_for(lambda: not os.path.exists(f'/proc/{device}') or state(device) == 'Z', 10)


def state(process: int) -> str:
    """The letter of a process's state, as in ps(1)."""
    with open(f'/proc/{process}/stat') as file:
        return file.read().rpartition(')')[2].split()[0]


def test_engines_in_threads_have_a_process_each_and_leave_none(
        child: Any, edgetpu_model: str) -> None:
    code = """
import threading


def devices():
    return sum(len(open(f'/proc/self/task/{task}/children').read().split())
               for task in os.listdir('/proc/self/task'))


engines = []
threads = [threading.Thread(target=lambda: engines.append(PoseEngine(models[0])))
           for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()  # the threads have ended; the processes that they started have not
print(json.dumps([len(detect(engine)) for engine in engines]))
print(devices())
del engines
print(devices())
"""
    assert child.run(code, edgetpu_model) == [[2, 2, 2], 3, 0]
    assert child.stderr == ''


def test_an_interrupted_inference_does_not_answer_the_next_image(
        child: Any, edgetpu_model: str) -> None:
    code = """
import signal

engine = PoseEngine(models[0])
good = as_lists(detect(engine))
signal.signal(signal.SIGALRM, signal.default_int_handler)
signal.setitimer(signal.ITIMER_REAL, 0.5)
try:
    detect(engine)
except KeyboardInterrupt:
    print(json.dumps('interrupted'))
print(json.dumps(as_lists(detect(engine)) == good))
"""
    assert child.run(code, edgetpu_model, fault='hang:2') == ['interrupted', True]


def test_a_fork_of_the_process_is_refused_and_harms_nobody(child: Any, edgetpu_model: str) -> None:
    code = """
engine = PoseEngine(models[0])
if not os.fork():
    try:
        detect(engine)
    except EngineError as error:
        print(json.dumps(str(error)), flush=True)
    del engine
    sys.exit()
os.wait()
print(len(detect(engine)))
"""
    refused, count = child.run(code, edgetpu_model)
    assert refused.startswith('an engine on an Edge TPU does not outlive a fork')
    assert count == 2
    assert child.device_log() == ["open ''", 'invoke', 'close']


def test_images_are_in_no_file(child: Any, edgetpu_model: str) -> None:
    """What the processes share is memory without a name in any file system."""
    code = """
engine = PoseEngine(models[0])
detect(engine)
shared = [line for line in open('/proc/self/maps') if line.split()[1][1:4:2] == 'ws']
print(json.dumps([line.split(maxsplit=5)[5].strip() for line in shared]))
"""
    assert child.run(code, edgetpu_model) == [['/memfd:posesuite (deleted)']]
