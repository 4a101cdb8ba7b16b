"""PoseEngine's numbers, and what each may be."""
from numbers import Integral, Real
from typing import Any, Dict, Tuple

LIMITS: Dict[str, Tuple[Any, float, float]] = {  # type, lowest, highest
    'num_threads': (Integral, 1, 64),
    'max_poses': (Integral, 1, 1000),
    'score_threshold': (Real, 0, 1),
    'nms_radius': (Real, 0, 1e6),  # pixels of the network's input
    'single': (Integral, 0, 1),
    'image_scale_factor': (Real, 0.2, 1),
}


def given(**options: Any) -> Dict[str, Any]:
    """The options that are not None. Raises ValueError for one that is not within its limits."""
    found = {name: value for name, value in options.items() if value is not None}
    for name, value in found.items():
        kind, low, high = LIMITS[name]
        if not (isinstance(value, kind) and low <= value <= high):
            raise ValueError(f'{name} must be {"a whole number " * (kind is Integral)}'
                             f'{low:g} to {high:g}, got {value!r}')
    return found
