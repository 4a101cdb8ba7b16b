"""posesuite/pose/json_poses.py: poses to and from JSON."""
from figures import row
from posesuite.pose.json_poses import pose_as_json, pose_from_json
from posesuite.pose.skeleton import JSON_NAMES, KEYPOINT_TYPES


def test_parts_are_named_as_the_posenet_models_name_them():
    one = pose_as_json(row())
    assert len(one['keypoints']) == 17
    assert [keypoint['part'] for keypoint in one['keypoints']] == list(JSON_NAMES.values())
    assert [one['keypoints'][i]['part'] for i in (0, 1, 5, 16)] == [
        'nose', 'leftEye', 'leftShoulder', 'rightAnkle']


def test_parts_may_come_in_any_order():
    one = pose_as_json(row())
    assert pose_from_json(dict(one, keypoints=one['keypoints'][::-1])) == row()
    assert list(pose_from_json(dict(one, keypoints=one['keypoints'][::-1])).keypoints) == list(
        KEYPOINT_TYPES)
