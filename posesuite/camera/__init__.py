"""Frames in: cameras, streams, videos, pictures and pose logs."""
from posesuite.camera.camera import Camera, add_camera_options
from posesuite.camera.sources import CameraError, open_image

__all__ = ['Camera', 'CameraError', 'add_camera_options', 'open_image']
