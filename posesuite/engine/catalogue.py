"""Which models there are: those that the suite knows, here or not, and what else is in models/."""
import os
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

from posesuite.engine.choice import EDGETPU_ENDING, open_network
from posesuite.engine.family import find_family, op_libraries
from posesuite.engine.model_file import EngineError
from posesuite.files import models_command, models_folder, own_file

ENDINGS = '.tflite', '.onnx', '.xml', '.pb'  # of model files
LIST = 'list'  # instead of a model, for a list of them
COLUMNS = 'name', 'family', 'input', 'runs on', 'speed', 'licence', 'here'
RUNTIMES = {'.tflite': 'CPU', '.onnx': 'ONNX Runtime', '.xml': 'OpenVINO', '.pb': 'OpenCV'}


class Model(NamedTuple):
    """A model file."""
    path: str  # under models/
    family: str
    input: str  # width x height in pixels, of a file that leaves it open the engine's choice
    speed: str  # on a CPU: fast up to the time of Google's PoseNet of 481x353, medium up to 3 times
                # as long, slow beyond
    licence: str = 'Apache-2.0'

    @property
    def name(self) -> str:
        return os.path.splitext(os.path.basename(self.path))[0]

    @property
    def runs_on(self) -> str:
        is_for_edgetpu = self.path.endswith(EDGETPU_ENDING)
        return 'Edge TPU' if is_for_edgetpu else RUNTIMES[os.path.splitext(self.path)[1]]

    @property
    def place(self) -> str:
        """The path of the file, whether it is here or not."""
        bundled = own_file('models', *self.path.split('/'))
        return bundled if os.path.exists(bundled) else os.path.join(models_folder(), self.path)

    @property
    def is_here(self) -> bool:
        return os.path.exists(self.place)


# Of the PoseNets: size in the file name, input, speed of Google's and of our own.
POSENETS = (('353_481', '481x353', 'fast', 'fast'), ('481_641', '641x481', 'medium', 'fast'),
            ('721_1281', '1281x721', 'slow', 'medium'))
KNOWN = (
    *(Model(f'mobilenet/posenet_mobilenet_v1_075_{size}_quant_decoder{ending}', 'PoseNet', pixels,
            speed)
      for size, pixels, speed, _ in POSENETS for ending in ('.tflite', EDGETPU_ENDING)),
    *(Model(f'rendered/posenet_rendered_mobilenet_v1_075_{size}_{form}.tflite', 'PoseNet', pixels,
            speed)
      for size, pixels, _, speed in POSENETS for form in ('quant', 'quant_decoder')),
    *(Model(f'bodypix/bodypix_mobilenet_v1_075_640_480_16_quant_decoder{ending}', 'BodyPix',
            '640x480', 'fast') for ending in ('.tflite', EDGETPU_ENDING)),
    *(Model(f'bodypix/bodypix_mobilenet_v1_075_720_1280_16_{form}.tflite', 'BodyPix', '720x1280',
            'medium') for form in ('quant', 'quant_decoder')),
    *(Model(f'movenet/movenet_single_pose_lightning_ptq{ending}', 'MoveNet', '192x192', 'fast')
      for ending in ('.tflite', EDGETPU_ENDING)),
    Model('openpose/mobilenet_v2_small_graph_opt.pb', 'OpenPose', '432x368', 'slow'),
    Model('openvino/human-pose-estimation-0001.xml', 'OpenPose', '456x256', 'fast'))


def model_path(name: str) -> str:
    """The path of a model that is given by its path, or by its name as the list has it.

    Raises EngineError for a model that is known and not here.
    """
    if os.path.exists(name):
        return name
    for model in KNOWN:
        if name in (model.name, os.path.basename(model.path)):
            if not model.is_here:
                raise EngineError(f'{name} is not here: {download_command(model)} downloads it')
            return model.place
    return name


def download_command(model: Model) -> str:
    """What a user types to download a model."""
    folder = model.path.partition('/')[0]
    return models_command() + (f' --model {folder}' if folder != 'mobilenet' else '')


def model_files(paths: Sequence[str]) -> List[str]:
    """Model files: those of the paths, and all in folders among them, each file name once."""
    found: Dict[str, str] = {}
    for path in paths:
        for file in _files_in(path) if os.path.isdir(path) else [path]:
            found.setdefault(os.path.basename(file), file)
    return list(found.values())


def _files_in(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (os.path.join(place, name) for name in sorted(names) if name.endswith(ENDINGS))


def _examined(path: str) -> Tuple[str, str, str]:
    """The family of a model file, its input, and what it runs on."""
    try:
        choice, network = open_network(path, 'auto', 1, lambda model: op_libraries(model, {}))
        family = find_family(network, {})
    except (EngineError, ValueError):
        return 'not known', 'not known', RUNTIMES[os.path.splitext(path)[1]]
    model = Model(path, family.NAME, '{}x{}'.format(*network.input_size), '')
    return model.family, model.input, model.runs_on


def model_list() -> str:
    """A table of the models that are here, and below of those that can be downloaded."""
    here = [model for model in KNOWN if model.is_here]
    rows = [COLUMNS]
    for model in sorted(KNOWN, key=lambda model: model not in here):
        rows.append((model.name, model.family, model.input, model.runs_on, model.speed,
                     model.licence, 'yes' if model in here else download_command(model)))
    known = {os.path.basename(model.path) for model in KNOWN}
    for path in model_files([own_file('models'), models_folder()]):
        if os.path.basename(path) not in known:
            rows.insert(1 + len(here), (path, *_examined(path), 'not known', 'not known', 'yes'))
    widths = [max(map(len, column)) for column in zip(*rows)]
    return '\n'.join('  '.join(map(str.ljust, row, widths)).rstrip() for row in rows)
