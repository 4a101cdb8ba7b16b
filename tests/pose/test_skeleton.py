"""posesuite/pose/skeleton.py: keypoints, bones and their names."""
from posesuite.pose.skeleton import (
    BONES,
    BY_JSON_NAME,
    COCO_BONES,
    FACE,
    JSON_NAMES,
    KEYPOINT_TYPES,
    MIRRORED,
    TREE,
    KeypointType,
)


def test_seventeen_keypoints_in_the_order_of_ids():
    assert len(KEYPOINT_TYPES) == 17
    assert list(map(int, KEYPOINT_TYPES)) == list(range(17))
    assert [part.name for part in FACE] == [
        'NOSE', 'LEFT_EYE', 'RIGHT_EYE', 'LEFT_EAR', 'RIGHT_EAR']
    assert f'{KeypointType.NOSE} {KeypointType.NOSE!s:>6}' == 'NOSE   NOSE'


def test_bones_join_parts_of_one_side_or_the_middle():
    assert len(BONES) == 16
    for a, b in BONES:
        sides = {part.name.split('_')[0] for part in (a, b)} - {'NOSE'}
        assert len(sides) == 1 or a.name[5:] == b.name[6:]  # shoulders and hips


def test_the_tree_reaches_every_keypoint_once():
    assert len(TREE) == 16
    reached = {KeypointType.NOSE}
    for parent, child in TREE:
        assert parent in reached
        assert child not in reached
        reached.add(child)
    assert len(reached) == 17


def test_bones_of_coco():
    assert len(set(COCO_BONES)) == 19
    assert COCO_BONES[0] == (KeypointType.LEFT_ANKLE, KeypointType.LEFT_KNEE)


def test_mirrored_twice_is_the_same():
    assert len(MIRRORED) == 17
    assert MIRRORED[KeypointType.LEFT_WRIST] is KeypointType.RIGHT_WRIST
    assert MIRRORED[KeypointType.NOSE] is KeypointType.NOSE
    assert [MIRRORED[part] for part in MIRRORED] == list(KEYPOINT_TYPES)


def test_json_names():
    assert len(JSON_NAMES) == len(BY_JSON_NAME) == 17
    assert JSON_NAMES[KeypointType.LEFT_SHOULDER] == 'leftShoulder'
    assert BY_JSON_NAME['rightAnkle'] is KeypointType.RIGHT_ANKLE
