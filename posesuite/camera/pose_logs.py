"""Pose logs as sources: their people on black, or on the background that the log names."""
import contextlib
import datetime
import os
import time
from typing import Iterator, List, Optional, Tuple

from posesuite.camera.base import CameraError, Source
from posesuite.camera.pictures import open_image
from posesuite.pose.log import read_log
from posesuite.pose.pose import Frame

import numpy as np


def files_of(source: Optional[str]) -> List[str]:
    """What is read of a source: itself, and of a pose log the background that it names, too."""
    files = [source] if source else []
    if source and LoggedPoses.matches(source) and os.path.isfile(source):
        with contextlib.suppress(OSError, ValueError):  # which the camera reports
            header, _ = read_log(source)
            if 'background' in header:
                files.append(os.path.join(os.path.dirname(source), header['background']))
    return files


class LoggedPoses(Source):
    """A pose log, whose frames come with their people."""
    has_poses = True

    @staticmethod
    def matches(source: str) -> bool:
        return source.lower().endswith('.jsonl')

    def frames(self) -> Iterator[Frame]:
        try:
            header, lines = read_log(self._source)
            self.fps = header.get('fps', self.fps)
            if 'start' in header:
                self.started = self._time(header['start'])
            image = np.zeros((header['height'], header['width'], 3), np.uint8)
            if 'background' in header:
                image = self._background(header['background'], image.shape)
            for line in lines:
                if (line.height, line.width) != image.shape[:2]:
                    image = np.zeros((line.height, line.width, 3), np.uint8)
                yield Frame(image, line.number, line.time, time.monotonic(), line.fault,
                            line.people, line.name, line.events)
        except (OSError, ValueError) as error:
            raise CameraError(str(error))

    def _time(self, text: str) -> datetime.datetime:
        try:
            return datetime.datetime.fromisoformat(text).astimezone(datetime.timezone.utc)
        except (OverflowError, ValueError):
            raise CameraError(f"{self.name}:1: need 'start' in the form "
                              f"2026-05-01T08:00:00.000+00:00, got {text!r:.40}")

    def _background(self, name: str, shape: Tuple[int, ...]) -> np.ndarray:
        folder = os.path.realpath(os.path.dirname(self._source))
        path = os.path.realpath(os.path.join(folder, name))
        if os.path.dirname(path) != folder:
            raise CameraError(f'{self.name}: its background must lie in the same folder')
        image = np.asarray(open_image(path))
        if image.shape != shape:
            raise CameraError(f'{path} has {image.shape[1]}x{image.shape[0]} pixels, '
                              f'{self.name} has {shape[1]}x{shape[0]}')
        return image
