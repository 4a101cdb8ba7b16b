"""The options of a script that has a network."""
import argparse
from typing import Any, Dict, Optional, Tuple

from posesuite.arguments import between
from posesuite.engine.catalogue import LIST, model_list, model_path
from posesuite.engine.choice import bodypix_model, check_device, default_model
from posesuite.engine.model_file import EngineError
from posesuite.files import models_command


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Adds --model, --device and --threshold."""
    group = parser.add_argument_group('network')
    group.add_argument('--model', action=_Model, metavar='FILE',
                       help='a network of any family, by its path or its name; list shows them '
                            "(default: Google's PoseNet of the size that goes with the picture, "
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
    path = model_path(args.model) if args.model else default_model(size, args.device)
    return {'model_path': path, 'device': args.device}


class _Model(argparse.Action):
    """Keeps a model's path or name, or shows the list of models and ends."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace,
                 values: Any, option_string: Optional[str] = None) -> None:
        if values == LIST:
            print(model_list())
            parser.exit()
        setattr(namespace, self.dest, values)


def _device(text: str) -> str:
    """An argument that names a device."""
    try:
        return check_device(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error))
