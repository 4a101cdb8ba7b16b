"""What RemoteEngine and a server of poses send each other."""
import os
from typing import Any, Callable, Dict, Optional

from posesuite.files import sha256_of
from posesuite.pose.pose import Keypoint

FRAME_TYPE = 'application/x-rgb'  # of a body of raw pixels, [Y, X, RGB]
NPY_TYPE = 'application/x-npy'  # of an answer that is an array, as numpy.save writes it
# Where a client makes the memory that it shares, and what it calls that.
MEMORY_FOLDER = '/dev/shm'
MEMORY_NAME = 'posesuite-[0-9a-f]{32}'
NETWORK = 'network'  # the network's time among those of Server-Timing
# What can be read of an engine's last image, by the kind and the name of a part or a bone.
MAPS: Dict[str, Callable[[Any, Optional[str]], Any]] = {
    'heatmap': lambda engine, part: engine.GetHeatmap(part),
    'affinity': lambda engine, bone: engine.GetAffinity(bone),
    'mask': lambda engine, _: engine.GetMaskScores(),
    'masks': lambda engine, _: engine.GetMasks(),
    'parts': lambda engine, _: [{name: _part_as_json(keypoint) for name, keypoint in parts.items()}
                                for parts in engine.GetParts()],
}


def model_as_json(engine: Any) -> Dict[str, Any]:
    """What a client is told of an engine."""
    width, height = engine.input_size
    return {'name': os.path.basename(engine.model_path), 'sha256': sha256_of(engine.model_path),
            'family': engine.family, 'device': engine.device,
            'input': {'width': width, 'height': height}, 'masks': engine.has_masks,
            'parts': list(engine.skeleton.parts),
            'bones': [list(bone) for bone in engine.skeleton.bones]}


def _part_as_json(keypoint: Keypoint) -> Dict[str, Any]:
    (x, y), score = keypoint
    return {'score': round(score, 4), 'position': {'x': round(x, 2), 'y': round(y, 2)}}
