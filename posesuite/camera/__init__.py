"""Frames in: cameras, streams, videos, pictures and pose logs."""
from posesuite.camera.base import CameraError
from posesuite.camera.camera import Camera
from posesuite.camera.options import add_camera_options
from posesuite.camera.pictures import open_image

__all__ = ['Camera', 'CameraError', 'add_camera_options', 'open_image']
