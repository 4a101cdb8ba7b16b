"""Fixtures of the camera's tests."""
import logging

from posesuite.camera import base, camera
from streams import picture

import cv2
import numpy as np
import pytest


@pytest.fixture
def quick(monkeypatch) -> None:
    """Timeouts and retries of tenths of seconds."""
    monkeypatch.setattr(base, 'TIMEOUT', 0.6)
    monkeypatch.setattr(camera, 'RETRY_DELAYS', (0.1, 0.2))


@pytest.fixture
def messages(caplog) -> pytest.LogCaptureFixture:
    """What the suite logs, from INFO up."""
    caplog.set_level(logging.INFO, 'posesuite')
    return caplog


@pytest.fixture
def avi(tmp_path) -> str:
    """A video of 100 JPEGs."""
    path = str(tmp_path / 'whole.avi')
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*'MJPG'), 10, (320, 240))
    for i in range(100):
        writer.write(cv2.imdecode(np.frombuffer(picture(i), np.uint8), 1))
    writer.release()
    return path
