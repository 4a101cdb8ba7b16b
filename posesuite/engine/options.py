"""The options of a script that has a network."""
import argparse
import contextlib
from typing import Any, Callable, Dict, Optional, Tuple
from urllib.parse import urlsplit

from posesuite.addresses import hidden
from posesuite.arguments import between
from posesuite.engine.catalogue import LIST, model_list, model_path
from posesuite.engine.choice import bodypix_model, check_device, default_model
from posesuite.engine.line import SCHEMES, UNIX
from posesuite.engine.model_file import EngineError, download_command
from posesuite.engine.remote import RemoteEngine
from posesuite.tokens import ENGINE_TOKEN_VARIABLE, token_file, token_from_environment


def add_engine_options(parser: argparse.ArgumentParser, remote: bool = True) -> None:
    """Adds --model, --device and --threshold, and unless remote is False, --engine."""
    group = parser.add_argument_group('network')
    source = group.add_mutually_exclusive_group() if remote else group
    if remote:
        source.add_argument('--engine', type=_address, metavar='ADDRESS',
                            help='the network of a pose_server.py in place of one here, which many '
                                 'programs then share: http://HOST:PORT, or unix:PATH on this '
                                 'machine')
        group.add_argument('--engine-token-file', type=token_file, metavar='FILE',
                           help='a file with the token of that server (default: the environment '
                                f'variable {ENGINE_TOKEN_VARIABLE})')
    source.add_argument('--model', action=_Model, metavar='FILE',
                       help='a network of any family, by its path or its name; list shows them '
                            "(default: Google's PoseNet of the size that goes with the picture, "
                            'or until it is downloaded the bundled one)')
    group.add_argument('--device', type=_device, default='auto',
                       help='auto, cpu, edgetpu, edgetpu:N, usb, pci, or of OpenVINO openvino:GPU, '
                            'openvino:NPU, openvino:CPU (default: %(default)s)')
    group.add_argument('--threshold', type=between(0, 1), default=0.4, metavar='SCORE',
                       help='leave out poses that score less, 0 to 1 (default: %(default)s)')


def open_engine(make: Callable[..., Any], args: argparse.Namespace,
                size: Optional[Tuple[int, int]] = None, masks: bool = False,
                **options: Any) -> Any:
    """The engine that add_engine_options describes.

    make: PoseEngine. size, masks: see engine_options. options: further ones of PoseEngine, which a
        server has its own of.
    Raises EngineError or ValueError.
    """
    if args.engine is None:
        return make(**engine_options(args, size, masks), **options)
    token = args.engine_token_file or token_from_environment(ENGINE_TOKEN_VARIABLE)
    engine = RemoteEngine(args.engine, token)
    if masks and not engine.has_masks:
        raise EngineError(f'masks need a BodyPix, and the server runs a {engine.family}')
    return engine


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
                              f'{download_command("bodypix")} downloads it')
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


def _address(text: str) -> str:
    """An argument that names a server."""
    if text.startswith(UNIX) and len(text) > len(UNIX) or text.startswith(SCHEMES):
        with contextlib.suppress(ValueError):  # of a port that is none
            url = urlsplit(text)
            if text.startswith(UNIX) or url.hostname and url.port != 0 and '@' not in url.netloc:
                return text
    raise argparse.ArgumentTypeError(f'must be http://HOST:PORT, https://HOST or unix:PATH, got '
                                     f'{hidden(text)!r}')


def _device(text: str) -> str:
    """An argument that names a device."""
    try:
        return check_device(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error))
