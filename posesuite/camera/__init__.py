"""Frames in: cameras, streams, videos, pictures and pose logs."""
from posesuite.camera.base import CameraError, shown
from posesuite.camera.camera import Camera
from posesuite.camera.cameras import Cameras
from posesuite.camera.options import add_camera_options
from posesuite.camera.pictures import open_image
from posesuite.camera.pose_logs import files_of

__all__ = ['Camera', 'CameraError', 'Cameras', 'add_camera_options', 'files_of', 'open_image',
           'shown']
