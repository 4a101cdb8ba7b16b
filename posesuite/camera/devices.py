"""Cameras at this machine."""
import glob
import os
import platform
from typing import Optional, Tuple

from posesuite.camera.base import CameraError, suggestion
from posesuite.camera.ffmpeg import JPEG, fourcc
from posesuite.camera.videos import STDIN, VideoSource, is_pipe

import cv2

BACKENDS = {'Linux': cv2.CAP_V4L2, 'Windows': cv2.CAP_DSHOW, 'Darwin': cv2.CAP_AVFOUNDATION}
BY_ID = '/dev/v4l/by-id/*'  # links to cameras that stay valid when a camera gets another number


class Device(VideoSource):
    """A camera at this machine.

    source: its path, such as /dev/video0, or its number.
    size: width and height in pixels, format: 'MJPG' or 'H264', fps: frames per second; what the
        camera is asked for. A camera may choose another size and rate, but not another format.
    """

    def __init__(self, source: str, size: Tuple[int, int], format: Optional[str],
                 fps: Optional[int]) -> None:
        self._linux = platform.system() == 'Linux'
        super().__init__(f'/dev/video{source}' if self._linux and source.isdecimal() else source)
        self.live = True
        self._size, self._format, self._fps = size, format, fps
        self._link = ''  # the one of BY_ID that led to this camera

    @staticmethod
    def matches(source: str) -> bool:
        return source.isdecimal() or source.startswith('/dev/') and not (
            source in STDIN or source.startswith('/dev/fd/') or is_pipe(source)
            or os.path.isfile(source))

    def open(self) -> cv2.VideoCapture:
        source = self.find() if self._linux else int(self._source)
        capture = cv2.VideoCapture(source, BACKENDS.get(platform.system(), cv2.CAP_ANY))
        if not capture.isOpened():
            raise CameraError(f'{self.name} is not a camera, or another program uses it: '
                              f'{_cameras()}')
        if self._format:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*self._format))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
        if self._fps:
            capture.set(cv2.CAP_PROP_FPS, self._fps)
        given = fourcc(capture)
        if self._format and self._format.lower() != given:
            raise CameraError(f'{self.name} delivers {given.upper()} instead of {self._format}')
        if self._linux and given in JPEG:
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)  # undecoded, for decode_jpeg
        return capture

    def find(self) -> str:
        """The path of the camera's node now, which another number may have become.

        Raises CameraError if it is not there or may not be used.
        """
        node = os.path.realpath(self._link or self._source)
        if not os.path.exists(node):
            raise CameraError(f'no camera {self.name}: {_cameras()}')
        if not os.access(node, os.R_OK | os.W_OK):
            raise CameraError(f'no permission for {node}: sudo usermod -aG video "$USER" and log '
                              f'in again, or try {suggestion()}')
        if not self._link:
            self._link = next((link for link in sorted(glob.glob(BY_ID))
                               if os.path.realpath(link) == node), '')
        return node


def _cameras() -> str:
    nodes = sorted(glob.glob('/dev/video[0-9]*'), key=lambda node: (len(node), node))
    return (f'there {"is " + ", ".join(nodes) if nodes else "is no /dev/video*"}; '
            f'or try {suggestion()}')
