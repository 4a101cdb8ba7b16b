"""The model files that a page offers, and what models.json says of them."""
import hashlib
import json
import os
import re
from typing import Any, Dict, List, Sequence

from posesuite.engine.catalogue import KNOWN, model_path
from posesuite.engine.choice import open_network
from posesuite.engine.families.posenet import output_stride
from posesuite.engine.family import find_family, op_libraries
from posesuite.engine.model_file import EngineError

# Of those that are here, the one that a page loads first is the first: Google's before ours.
USUAL = [f'posenet_{kind}mobilenet_v1_075_{size}_quant_decoder'
         for kind in ('', 'rendered_') for size in ('353_481', '481_641')]
FAMILIES = 'PoseNet', 'BodyPix'
MULTIPLIER = re.compile(r'mobilenet_v1_(\d)(\d\d)_')


def model_files(names: Sequence[str] = ()) -> Dict[str, bytes]:
    """Models by their places in the page's folder, and models.json.

    names: paths of model files, or names as `--model list` has them; by default the usual ones
        that are here. Raises EngineError for what is no PoseNet for the CPU.
    """
    paths = [model_path(name) for name in names] or [
        model.place for model in KNOWN if model.name in USUAL and model.is_here]
    found: Dict[str, bytes] = {}
    listed: List[Dict[str, Any]] = []
    for path in paths:
        about = _about(path)
        with open(path, 'rb') as file:
            content = file.read()
        place = f'models/{os.path.basename(path)}'
        listed.append({'name': os.path.splitext(os.path.basename(path))[0], 'url': place, **about,
                       'bytes': len(content), 'sha256': hashlib.sha256(content).hexdigest()})
        found[place] = content
    return {**found, 'models.json': json.dumps(listed, indent=1).encode()}


def _about(path: str) -> Dict[str, Any]:
    """What models.json says of the network in a file."""
    _, network = open_network(path, 'cpu', 1, lambda model: op_libraries(model, {}))
    try:
        family = find_family(network, {}).NAME
    except ValueError as error:
        raise EngineError(f'{path}: {error}')
    if family not in FAMILIES:
        raise EngineError(f'{path} is a {family}: pages run {" and ".join(FAMILIES)}')
    width, height = network.input_size
    multiplier = MULTIPLIER.search(os.path.basename(path))
    return {'architecture': 'MobileNetV1', 'outputStride': output_stride(network),
            'multiplier': float('.'.join(multiplier.groups())) if multiplier else None,
            'inputResolution': {'width': width, 'height': height}}
