"""Cameras for the tests: their frames, their errors, and a script with a camera as a process."""
import contextlib
import os
import subprocess
import sys
import time
from typing import Any, Iterable, Iterator, List, Optional

from helpers import ROOT
from posesuite.camera import Camera, CameraError
from posesuite.pose.pose import FaultKind, Frame

import pytest

CLIP = os.path.join(ROOT, 'samples', 'one_person.mp4')  # 300 frames, 30 per second, 640x480
LOG = os.path.join(ROOT, 'samples', 'one_person.jsonl')  # of the same frames
DEMO = """
import argparse, sys, time
from posesuite import script
from posesuite.camera import Camera, add_camera_options
def demo(args):
    with script.stopped_by_signals(Camera.from_args(args)) as camera:
        for frame in camera:
            print(frame.number, frame.fault.text if frame.fault else '', flush=True)
    print('end')
parser = argparse.ArgumentParser()
add_camera_options(parser)
sys.exit(script.run(demo, parser.parse_args()))
"""


def frames(source: str, **options: Any) -> List[Frame]:
    """All frames of a source. options: keywords of Camera."""
    with Camera(source, **options) as camera:
        return list(camera)


def error_of(source: str, **options: Any) -> str:
    """The error message of a source that cannot be read."""
    with pytest.raises(CameraError) as error:
        frames(source, **options)
    assert '\n' not in str(error.value) and '\0' not in str(error.value)
    return str(error.value)


def until(camera: Iterable[Frame], kind: Optional[FaultKind], seconds: float = 8) -> Frame:
    """The first frame with a fault of this kind; None for the first without a fault."""
    began = time.monotonic()
    for frame in camera:
        if (frame.fault.kind if frame.fault else None) is kind:
            return frame
        assert time.monotonic() - began < seconds, frame.fault
    raise AssertionError('the camera ended')


@contextlib.contextmanager
def demo(*arguments: str, code: str = DEMO, stdin: Any = None,
         **env: str) -> Iterator['subprocess.Popen[Any]']:
    """A script in a process that prints each frame's number and fault; killed if it still runs.

    stdin: its standard input, whose bytes are given to communicate(); then stdout is of bytes too.
    """
    process = subprocess.Popen([sys.executable, '-c', code, *arguments], text=stdin is None,
                               env=dict(os.environ, PYTHONPATH=ROOT, **env), stdin=stdin,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
