"""What works on this machine and, for what does not, what to type.

    python3 doctor.py            ok = works, -- = absent and optional, !! = broken

No camera is opened, no image is looked at, nothing is sent.

Exit status: 0 when the demos would run on the CPU, 1 when they would not, 2 for wrong usage.
"""
import argparse
import contextlib
import ctypes.util
import glob
import importlib
import importlib.util
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import textwrap
from typing import Dict, List, NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
OK, ABSENT, BROKEN = 'ok', '--', '!!'
WIDTH, INDENT = 80, 17
LIMIT = 60  # seconds for a check: the first import of OpenCV from an SD card takes its time
PACKAGES = {'numpy': 'numpy', 'cv2': 'opencv-python', 'PIL': 'pillow'}
RUNTIMES = ('ai_edge_litert', 'tflite_runtime')  # in the engine's order on the CPU
SOUNDFONTS = ('/usr/share/sounds/sf[23]/*.sf[23]', '/usr/share/soundfonts/*.sf[23]')
DOWNLOAD = 'python3 models/download.py'
INSTALL = 'sh install_requirements.sh && . .venv/bin/activate'
WITHOUT_WINDOW = 'without one: python3 simple_pose.py --output picture.jpg'
CURES = {  # for a check that fails, or that crashes so
    'packages': INSTALL, 'runtime': INSTALL, 'window': WITHOUT_WINDOW,
    'decoder': 'rm posenet_decoder/*.so; sh install_requirements.sh',
    'CPU run': 'mend what is marked !! above',
    'Edge TPU': 'plug it in anew; until then: --device cpu',  # it aborts when a transfer fails
    'Edge TPU SIGSEGV': 'libedgetpu and this runtime do not fit each other. For Python up to 3.9, '
                        'sudo apt install python3-pycoral brings a runtime that does; until then: '
                        '--device cpu'}


class Row(NamedTuple):
    """What a check found: OK, ABSENT (and optional) or BROKEN; a text; what helps."""
    state: str
    found: str
    cure: str = ''


# The checks. Each runs in a process of its own, where it may crash or hang.

def check_python() -> Row:
    found = f'{platform.python_version()} on {platform.system()} {platform.machine()}'
    if (3, 7) <= sys.version_info[:2] <= (3, 13):
        return Row(OK, found)
    return Row(BROKEN, f'{found}: need 3.7 to 3.13', 'PYTHON=python3.11 sh install_requirements.sh')


def check_venv() -> Row:
    in_use = sys.prefix != sys.base_prefix
    return Row(OK, sys.prefix) if in_use else Row(ABSENT, 'none in use', INSTALL)


def check_packages() -> Row:
    missing = [package for name, package in PACKAGES.items() if not importlib.util.find_spec(name)]
    if missing:
        return Row(BROKEN, f'missing: {", ".join(missing)}', INSTALL)
    return Row(OK, '; '.join(map(version, PACKAGES)))


def check_runtime() -> Row:
    from posesuite.engine import device as pose_runtime
    answer(Row(BROKEN, 'importing it'))
    runtime = pose_runtime.import_runtime(*RUNTIMES)
    # Built for another numpy it imports, and fails at the first model. That it does not know the
    # decoder op is no fault.
    with contextlib.suppress(RuntimeError, ValueError):
        runtime.Interpreter(usable_model())
    return Row(OK, '; '.join(version(name) for name in RUNTIMES if importlib.util.find_spec(name)))


def check_pycoral() -> Row:
    spec = importlib.util.find_spec('pycoral')  # this runs nothing of it
    if not spec:
        return Row(ABSENT, 'none, which is fine')
    if any(os.path.exists(f'{folder}/utils/edgetpu.py')
           for folder in spec.submodule_search_locations or []):
        return Row(OK, "Coral's own")
    return Row(BROKEN, "PyPI's pycoral, a program that has nothing to do with Coral",
               'python3 -m pip uninstall pycoral')


def check_decoder() -> Row:
    library = 'posenet_decoder/posenet_decoder.so'
    if not os.path.exists(f'{HERE}/{library}'):
        return Row(BROKEN, f'{library} is missing', 'sh install_requirements.sh')
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
    poses, scores, _, count = RawDecoder(f'{HERE}/{library}', details, 16, {})(maps)
    if count[0] != 1:
        raise ValueError(f'{library} finds {count[0]} poses where there is one')
    if not np.allclose(poses, person.T, atol=0.01) or not np.allclose(scores, 0.8, atol=1e-4):
        raise ValueError(f'{library} answers a known case wrongly')
    return Row(OK, 'loads, and answers a known case rightly')


def check_models() -> Row:
    from posesuite.engine import device as pose_runtime
    with open(f'{HERE}/models/SHA256SUMS') as file:
        known = [line.split()[1] for line in file]
    bad: Dict[str, List[str]] = {'missing': [], 'damaged': []}
    for name in known:
        try:
            pose_runtime.read_model(f'{HERE}/models/{name}')
        except pose_runtime.EngineError:
            state = 'damaged' if os.path.exists(f'{HERE}/models/{name}') else 'missing'
            bad[state].append(os.path.basename(name))
    whole = len(known) - len(bad['missing']) - len(bad['damaged'])
    if whole == len(known):
        return Row(OK, f'{whole} of {whole} model files are whole')
    if len(bad['missing']) == len(known):
        return Row(BROKEN, f'none of the {len(known)} model files is here', DOWNLOAD)
    names = [line for state in bad if bad[state] for line in [f'{state}:', *bad[state]]]
    return Row(BROKEN if bad['damaged'] or not usable_model() else ABSENT, '\n'.join(
        [f'{whole} of {len(known)} model files are whole', *names]), DOWNLOAD)


def check_run(device: str = 'cpu', ending: str = '') -> Row:
    from pose_engine import PoseEngine

    import numpy as np
    model = usable_model(ending)
    if not model:
        return Row(BROKEN, 'not tried: no model file for it is whole', DOWNLOAD)
    engine = PoseEngine(model, device=device)
    width, height = engine.input_size
    blank = np.zeros((height, width, 3), np.uint8)
    engine.DetectPosesInImage(blank)  # the first takes longer
    _, seconds = engine.DetectPosesInImage(blank)
    return Row(OK, f'{os.path.basename(model)} at {width} x {height} takes {1000 * seconds:.0f} ms')


def check_edgetpu_library() -> Row:
    from posesuite.engine import device as pose_runtime
    answer(Row(BROKEN, pose_runtime.EDGETPU_SHARED_LIB))
    try:
        pose_runtime.check_edgetpu_library()
    except pose_runtime.EngineError as error:
        return Row(BROKEN if pose_runtime.edgetpu_nodes() else ABSENT, str(error))
    return Row(OK, f'{pose_runtime.EDGETPU_SHARED_LIB} loads')


def check_edgetpu() -> Row:
    from posesuite.engine import device as pose_runtime
    nodes = ', '.join(pose_runtime.edgetpu_nodes())
    if examine('TPU library').state != OK:
        return Row(ABSENT, f'plugged in is {nodes}; it needs its library' if nodes else
                   'none is plugged in')
    try:
        runtime = pose_runtime.import_runtime(*RUNTIMES[::-1])  # the engine's order here
        runtime_version = version(runtime.__name__.split('.')[0])
        answer(Row(BROKEN, f'opening it with {runtime_version}'))
        pose_runtime.load_edgetpu(runtime, 'edgetpu')
    except pose_runtime.EngineError as error:
        return Row(BROKEN if nodes else ABSENT, str(error))
    answer(Row(BROKEN, f'running a model with {runtime_version}'))
    run = check_run('edgetpu', '_edgetpu')
    return Row(OK, f'{nodes or "it"} opens with {runtime_version}; {run.found}')


def check_window() -> Row:
    import cv2
    import numpy as np
    gui = cv2.getBuildInformation().partition('GUI:')[2].split()[0]
    if gui == 'NONE':
        return Row(ABSENT, 'none: this is opencv-python-headless', WITHOUT_WINDOW)
    if platform.system() == 'Linux' and not any(
            map(os.environ.get, ('DISPLAY', 'WAYLAND_DISPLAY'))):
        return Row(ABSENT, 'no display: $DISPLAY and $WAYLAND_DISPLAY are not set', WITHOUT_WINDOW)
    answer(Row(BROKEN, 'opening a window'))
    cv2.imshow('doctor', np.zeros((120, 160, 3), np.uint8))
    cv2.waitKey(100)
    cv2.destroyAllWindows()
    return Row(OK, f'a window opens ({gui})')


def check_cameras(root: str = '/') -> Row:
    nodes = sorted(glob.glob(f'{root}/dev/video[0-9]*'), key=lambda node: (len(node), node))
    if not nodes:
        return Row(ABSENT, 'none: no /dev/video*')
    names: Dict[str, List[str]] = {}
    for video in map(os.path.basename, nodes):
        try:
            with open(f'{root}/sys/class/video4linux/{video}/name', errors='replace') as file:
                name = file.read().strip()
        except OSError:  # a container may have the device without this
            name = 'without a name'
        names.setdefault(name, []).append(f'/dev/{video}')
    found = '\n'.join(f'{name}: {", ".join(its)}' for name, its in names.items())
    if not all(os.access(node, os.R_OK | os.W_OK) for node in nodes):
        return Row(BROKEN, f'{found}\nno permission', 'sudo usermod -aG video "$USER", log in anew')
    return Row(OK, found)


def check_sound() -> Row:
    library = ctypes.util.find_library('fluidsynth')
    fonts = sorted({os.path.basename(path) for place in SOUNDFONTS for path in glob.glob(place)})
    found = f'{library or "no FluidSynth"}; {", ".join(fonts) or "no SoundFont"}'
    if library and fonts:
        return Row(OK, found)
    return Row(ABSENT, found, 'sudo apt install fluidsynth fluid-soundfont-gm')


CHECKS = {'Python': check_python, 'virtual env': check_venv, 'packages': check_packages,
          'runtime': check_runtime, 'pycoral': check_pycoral, 'decoder': check_decoder,
          'models': check_models, 'CPU run': check_run, 'TPU library': check_edgetpu_library,
          'Edge TPU': check_edgetpu, 'window': check_window, 'cameras': check_cameras,
          'sound': check_sound}
NEEDED = {'Python', 'packages', 'runtime', 'decoder', 'CPU run'}


def usable_model(ending: str = '') -> str:
    """The path of a model file that the engine would load; ending '_edgetpu' for the Edge TPU's."""
    from posesuite.engine import device as pose_runtime
    for path in sorted(glob.glob(f'{HERE}/models/**/*.tflite', recursive=True)):
        if path.endswith('_edgetpu.tflite') == bool(ending):
            with contextlib.suppress(pose_runtime.EngineError):
                pose_runtime.read_model(path)
                return path
    return ''


def version(name: str) -> str:
    answer(Row(BROKEN, f'importing {name}'))
    package = PACKAGES.get(name, name.replace('_', '-'))
    return f'{package} {importlib.import_module(name).__version__}'


def answer(row: Row) -> None:
    """Tells examine what a check found or, before something that may crash, what it is at."""
    print(json.dumps(row), flush=True)


def probe(name: str) -> None:
    """The child's side of examine."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is an answer here
    signal.alarm(LIMIT)
    sys.stdout = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)  # what libraries say is no answer
    try:
        answer(CHECKS[name]())
    except ModuleNotFoundError as error:
        answer(Row(BROKEN if name in NEEDED else ABSENT, f'not tried: {error}', INSTALL))
    except (Exception, SystemExit) as error:  # whatever it is, it is what was to be found out
        text, cure = str(error) or type(error).__name__, CURES.get(name, '')
        if 'install_requirements' in text:
            cure = ''
        elif 'multiarray' in f'{text} {error.__cause__}':
            text = f'{text}: it is built for numpy 1, here is {version("numpy")}'
            cure = "python3 -m pip install 'numpy<2'"
        elif name == 'packages' and '.so' in text:  # OpenCV's wheel leaves these to the system
            cure = 'sudo apt install libgl1 libglib2.0-0'
        answer(Row(BROKEN, text, cure))


def examine(name: str) -> Row:
    """Runs a check in a process of its own."""
    process = subprocess.run([sys.executable, os.path.abspath(__file__), '--probe', name],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
    row = Row(BROKEN, 'the check')
    for line in process.stdout.decode(errors='replace').splitlines():
        if line.startswith('["'):  # a package may print at its import
            row = Row(*json.loads(line))
    if process.returncode == 0:
        return row
    died = signal.Signals(-process.returncode).name if process.returncode < 0 else 'an error'
    how = f'gives no answer within {LIMIT} s' if died == 'SIGALRM' else f'crashes with {died}'
    return Row(BROKEN, f'{row.found} {how}', CURES.get(f'{name} {died}', CURES.get(name, '')))


def show(name: str, row: Row) -> str:
    """A row of the table, fit for a terminal and a bug report: no control characters, no user."""
    text = row.found.replace(HERE + os.sep, '').replace(os.path.expanduser('~') + os.sep, '~/')
    text = ''.join(char if char.isprintable() or char == '\n' else '?' for char in text)
    lines = [line for paragraph in text.split('\n') + [f'-> {row.cure}' if row.cure else '']
             for line in textwrap.wrap(paragraph, WIDTH - INDENT, break_on_hyphens=False)]
    return f'{row.state}  {name:{INDENT - 4}}' + ('\n' + ' ' * INDENT).join(lines)


def main() -> int:
    """Prints the table; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--probe', choices=CHECKS, help=argparse.SUPPRESS)  # see examine
    args = parser.parse_args()
    if args.probe:
        probe(args.probe)
        return 0
    ready = True
    for name in CHECKS:
        row = examine(name)
        print(show(name, row), flush=True)
        ready = ready and (name not in NEEDED or row.state == OK)
    print(f'\nThe demos {"run" if ready else "do not run"} on the CPU.')
    return 0 if ready else 1


if __name__ == '__main__':
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as with other tools, `| head` ends it quietly
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
