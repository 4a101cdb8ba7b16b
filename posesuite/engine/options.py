"""The options of a script that has a network."""
import argparse
from typing import Any, Dict, Optional, Tuple

from posesuite.arguments import between
from posesuite.engine.choice import bodypix_model, check_device, default_model
from posesuite.engine.model_file import EngineError
from posesuite.files import models_command


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Adds --model, --device and --threshold."""
    group = parser.add_argument_group('network')
    group.add_argument('--model', metavar='FILE',
                       help="a PoseNet (default: Google's of the size that goes with the picture, "
                            'or until it is downloaded the bundled one)')
    group.add_argument('--device', type=_device, default='auto',
                       help='auto, cpu, edgetpu, edgetpu:N, usb, pci, or of OpenVINO openvino:GPU, '
                            'openvino:NPU, openvino:CPU (default: %(default)s)')
    group.add_argument('--threshold', type=between(0, 1), default=0.4, metavar='SCORE',
                       help='leave out poses that score less, 0 to 1 (default: %(default)s)')


def engine_options(args: argparse.Namespace, size: Optional[Tuple[int, int]] = None,
                   masks: bool = False) -> Dict[str, Any]:
    """The keywords of PoseEngine that add_engine_options describes.

    size: width and height of the pictures in pixels, as Camera.size. Where it is not known yet, the
        resolution counts that a camera is asked for.
    masks: whether the network must have masks, so that the default is a BodyPix.
    Raises EngineError if none is downloaded.
    """
    if masks and not args.model:
        path = bodypix_model(args.device)
        if not path:
            raise EngineError('masks need a BodyPix, and none is here: '
                              f'{models_command()} --model bodypix downloads it')
        return {'model_path': path, 'device': args.device}
    if size is None:
        width, height = map(int, getattr(args, 'res', '640x480').split('x'))
        size = width, height
    return {'model_path': args.model or default_model(size, args.device), 'device': args.device}


def _device(text: str) -> str:
    """An argument that names a device."""
    try:
        return check_device(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error))
