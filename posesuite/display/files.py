"""Opens the file of --output: a video, or a picture of the last frame."""
import os
from typing import Optional

from posesuite.display.output import DisplayError, Output
from posesuite.display.picture_file import PictureFile
from posesuite.display.video_file import VideoFile

ENDINGS = ('.mp4', '.avi', '.png')


def has_known_ending(path: str) -> bool:
    """Whether open_file can write a file of this name."""
    return os.path.splitext(path)[1].lower() in ENDINGS and '\0' not in path


def open_file(path: str, fps: float, source: Optional[str] = None) -> Output:
    """The output for a path; its ending chooses the format.

    fps: frames per second of a video.
    source: the file that is read, if it is one; it is never overwritten.
    Raises DisplayError.
    """
    if not has_known_ending(path):
        raise DisplayError(f'cannot write {path!r}: it must end in .mp4, .avi or .png')
    folder = os.path.dirname(path) or '.'
    if os.path.isdir(path) or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise DisplayError(f'cannot write {path}: it needs a folder that exists and is writable')
    if source and os.path.exists(source) and os.path.exists(path) and os.path.samefile(
            source, path):
        raise DisplayError(f'{path} is the source itself: choose another file for the output')
    return PictureFile(path) if path.lower().endswith('.png') else VideoFile(path, fps)
