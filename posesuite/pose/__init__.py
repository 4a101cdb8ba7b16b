"""What a pose is, who is who from frame to frame, and poses to and from files."""
from posesuite.pose.finder import Found, PeopleFinder
from posesuite.pose.json_poses import pose_as_json
from posesuite.pose.log import PoseLog, read_log
from posesuite.pose.pose import Fault, FaultKind, Frame, Keypoint, People, Point, Pose
from posesuite.pose.skeleton import (
    BY_JSON_NAME,
    FURTHER_PARTS,
    JSON_NAMES,
    KEYPOINT_TYPES,
    KeypointType,
)
from posesuite.pose.tracker import PoseTracker

__all__ = ['BY_JSON_NAME', 'FURTHER_PARTS', 'JSON_NAMES', 'KEYPOINT_TYPES', 'Fault', 'FaultKind',
           'Found', 'Frame', 'Keypoint', 'KeypointType', 'People', 'PeopleFinder', 'Point', 'Pose',
           'PoseLog', 'PoseTracker', 'pose_as_json', 'read_log']
