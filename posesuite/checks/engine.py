"""Checks of what the engine stands on: the runtime, the decoder, models, the Edge TPU."""
import contextlib
import glob
import importlib.util
import os
from typing import Any, Callable, Dict, List

from posesuite.checks.row import ABSENT, BROKEN, OK, Row, answer, version
from posesuite.files import (
    CHECKOUT,
    INSTALLED,
    decoder_library,
    install_command,
    models_command,
    models_folder,
    own_file,
)

# Opens an engine, given a model's path and a device as PoseEngine is.
Engine = Callable[..., Any]


def check_runtime() -> Row:
    from posesuite.engine import device
    answer(Row(BROKEN, 'importing it'))
    runtime = device.import_runtime(*device.RUNTIMES)
    # A runtime that is built for another NumPy is imported, and fails at the first model. That it
    # does not know the decoder op is no fault.
    with contextlib.suppress(RuntimeError, ValueError):
        runtime.Interpreter(usable_model())
    return Row(OK, '; '.join(version(name) for name in device.RUNTIMES
                             if importlib.util.find_spec(name)))


def check_onnxruntime() -> Row:
    from posesuite.engine import extras
    if importlib.util.find_spec('onnxruntime') is None:
        return Row(ABSENT, 'not installed; .onnx models need it',
                   extras.extra_command('onnxruntime'))
    answer(Row(BROKEN, 'importing it'))
    extras.import_onnxruntime('')
    return Row(OK, version('onnxruntime'))


def check_openvino() -> Row:
    from posesuite.engine import extras
    if importlib.util.find_spec('openvino') is None:
        return Row(ABSENT, 'not installed; .xml models need it', extras.extra_command('openvino'))
    answer(Row(BROKEN, 'importing it'))
    openvino = extras.import_openvino('')
    found = version('openvino').partition('-')[0]
    answer(Row(BROKEN, f'the devices of {found}'))
    return Row(OK, f'{found}; devices: {", ".join(openvino.Core().available_devices)}')


def check_decoder() -> Row:
    path = decoder_library()
    library = os.path.relpath(path, CHECKOUT)
    if not os.path.exists(path):
        return Row(BROKEN, f'{library} is missing', install_command())
    from posesuite.engine.raw_decoder import RawDecoder

    import numpy as np
    answer(Row(BROKEN, library))
    # All of these made-up offsets point at one person, whose scores are 0.8 everywhere.
    person = np.array([range(8, 76, 4), range(40, 6, -2)])  # y and x of the 17 keypoints
    y, x = np.mgrid[:96:16, :96:16, :1][:2]
    maps = [np.full((6, 6, 17), np.log(0.8 / 0.2)),
            np.concatenate([person[0] - y, person[1] - x], axis=2), np.zeros((6, 6, 64))]
    maps = [values[None].astype(np.float32) for values in maps]
    details = [{'shape': m.shape, 'dtype': np.float32, 'quantization': (0.0, 0)} for m in maps]
    poses, scores, _, count = RawDecoder(path, details, 16, {})(maps)
    if count[0] != 1:
        raise ValueError(f'{library} finds {count[0]} poses where there is one')
    if not np.allclose(poses, person.T, atol=0.01) or not np.allclose(scores, 0.8, atol=1e-4):
        raise ValueError(f'{library} decodes a known case wrongly')
    return Row(OK, 'loads, and decodes a known case correctly')


def check_models() -> Row:
    with open(own_file('models', 'SHA256SUMS'), encoding='utf-8') as file:
        known = [line.split()[1] for line in file]
    # A wheel has those of the bundled models that the demos use.
    known = [name for name in known if not (INSTALLED and name.startswith('rendered/')
                                            and not os.path.exists(_model_path(name)))]
    bad: Dict[str, List[str]] = {'missing': [], 'damaged': []}
    for name in known:
        path = _model_path(name)
        if not _is_whole(path):
            bad['damaged' if os.path.exists(path) else 'missing'].append(os.path.basename(name))
    whole = len(known) - len(bad['missing']) - len(bad['damaged'])
    if whole == len(known):
        return Row(OK, f'{whole} of {whole} model files are whole')
    if len(bad['missing']) == len(known):
        return Row(BROKEN, f'none of the {len(known)} model files is here', models_command())
    names = [line for state in bad if bad[state] for line in [f'{state}:', *bad[state]]]
    return Row(BROKEN if bad['damaged'] or not usable_model() else ABSENT, '\n'.join(
        [f'{whole} of {len(known)} model files are whole', *names]), models_command())


def check_run(engine: Engine, device: str = 'cpu', ending: str = '') -> Row:
    """Runs a network on a blank image; ending: as of usable_model."""
    import numpy as np
    model = usable_model(ending)
    if not model:
        return Row(BROKEN, 'not tried: no model file for it is whole', models_command())
    opened = engine(model, device=device)
    width, height = opened.input_size
    blank = np.zeros((height, width, 3), np.uint8)
    opened.DetectPosesInImage(blank)  # the first takes longer
    _, seconds = opened.DetectPosesInImage(blank)
    return Row(OK, f'{os.path.basename(model)} at {width} x {height} takes {1000 * seconds:.0f} ms')


def check_edgetpu_library() -> Row:
    from posesuite.engine import device
    if not device.has_edgetpu():
        return Row(ABSENT, 'none, which is fine without an Edge TPU')
    answer(Row(BROKEN, device.EDGETPU_SHARED_LIB))
    try:
        device.check_edgetpu_library()
    except device.EngineError as error:
        return Row(BROKEN if device.edgetpu_nodes() else ABSENT, str(error))
    return Row(OK, f'{device.EDGETPU_SHARED_LIB} loads')


def check_edgetpu(engine: Engine, library_loads: bool) -> Row:
    """library_loads: whether check_edgetpu_library, which may crash, found it so."""
    from posesuite.engine import device
    nodes = ', '.join(device.edgetpu_nodes())
    if not library_loads:
        return Row(ABSENT, f'plugged in is {nodes}; it needs its library' if nodes else
                   'none is plugged in')
    try:
        runtime = device.import_runtime(*device.RUNTIMES[::-1])  # the engine's order here
        runtime_version = version(runtime.__name__.split('.')[0])
        answer(Row(BROKEN, f'opening it with {runtime_version}'))
        device.load_edgetpu(runtime, 'edgetpu')
    except device.EngineError as error:
        return Row(BROKEN if nodes else ABSENT, str(error))
    answer(Row(BROKEN, f'running a model with {runtime_version}'))
    run = check_run(engine, 'edgetpu', '_edgetpu')
    return Row(OK, f'{nodes or "it"} opens with {runtime_version}; {run.found}')


def usable_model(ending: str = '') -> str:
    """The path of a model file that the engine would load, '' if there is none.

    ending: '_edgetpu' for the Edge TPU's.
    """
    folders = {own_file('models'), models_folder()}
    for path in sorted(path for folder in folders for path in glob.glob(
            f'{glob.escape(folder)}/**/*.tflite', recursive=True)):
        if path.endswith('_edgetpu.tflite') == bool(ending) and _is_whole(path):
            return path
    return ''


def _model_path(name: str) -> str:
    """The path of a model that models/SHA256SUMS lists."""
    folder = own_file('models') if name.startswith('rendered/') else models_folder()
    return os.path.join(folder, *name.split('/'))


def _is_whole(path: str) -> bool:
    from posesuite.engine.model_file import EngineError, read_model
    try:
        read_model(path)
    except EngineError:
        return False
    return True
