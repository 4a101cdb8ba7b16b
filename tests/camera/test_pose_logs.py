"""Pose logs as sources."""
import datetime
import json

from cameras import CLIP, LOG, error_of, frames
from posesuite.camera import Camera
from posesuite.pose.pose import FaultKind

import pytest
from PIL import Image


def test_a_log_gives_its_people_on_black():
    found = frames(LOG)
    assert len(found) == 300
    assert all(list(frame.people) == [0] for frame in found)
    assert found[0].people[0].keypoints[0].point == (324.9, 201.54)
    assert found[0].image.shape == (480, 640, 3) and not found[0].image.any()


@pytest.fixture
def log(tmp_path):
    """Writes a log with a frame without people. more: of the header."""
    def write(**more: str) -> str:
        header = {'version': 1, 'source': 'x', 'width': 32, 'height': 16, **more}
        frame = {'frame': 5, 'time': 0.5, 'poses': [], 'fault': 'black'}
        path = tmp_path / 'log.jsonl'
        path.write_text(json.dumps(header) + '\n' + json.dumps(frame) + '\n')
        return str(path)
    return write


def test_a_log_may_name_a_background_in_its_own_folder(log, tmp_path):
    Image.new('RGB', (32, 16), (1, 2, 3)).save(str(tmp_path / 'wall.png'))
    Image.new('RGB', (32, 32)).save(str(tmp_path / 'other.png'))
    frame, = frames(log(background='wall.png'))
    assert (frame.number, frame.time, frame.people) == (5, 0.5, {})
    assert frame.fault.kind is FaultKind.BLACK
    assert (frame.image == (1, 2, 3)).all()
    assert 'has 32x32 pixels' in error_of(log(background='other.png'))
    for name in ('../wall.png', '/etc/passwd', '..'):
        assert error_of(log(background=name)).endswith('must lie in the same folder')
    (tmp_path / 'link.png').symlink_to(CLIP)
    assert error_of(log(background='link.png')).endswith('must lie in the same folder')


def test_the_camera_knows_when_a_recording_began(log):
    with Camera(log(start='2026-03-02T09:00:00.250+01:00')) as camera:
        assert camera.has_poses
        assert camera.started == datetime.datetime(2026, 3, 2, 8, 0, 0, 250000,
                                                   datetime.timezone.utc)
    for source in (log(), CLIP):
        with Camera(source) as camera:
            assert camera.started is None
    assert "need 'start' in the form" in error_of(log(start='yesterday'))
