"""What works on this machine and, for what does not, what to type.

    python3 doctor.py            a table: ok = works, -- = absent and optional, !! = broken
    python3 doctor.py --json     the same for a bug report

No camera is opened, no image is looked at, nothing is sent.

Exit status: 0 when the demos would run on the CPU, 1 when they would not, 2 for wrong usage.
"""
import argparse
import contextlib
import ctypes.util
import functools
import glob
import hashlib
import importlib.util
import json
import os
import platform
import signal
import subprocess
import sys
import textwrap
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
OK, ABSENT, BROKEN = 'ok', '--', '!!'
COLOURS = {OK: 32, ABSENT: 33, BROKEN: 31}  # ANSI's green, yellow and red
WIDTH, INDENT = 80, 17
LIMIT = 60  # seconds for a check: the first import of OpenCV from an SD card takes its time
RUNTIMES = {'ai_edge_litert': 'ai-edge-litert', 'tflite_runtime': 'tflite-runtime'}
PACKAGES = {'numpy': 'numpy', 'cv2': 'opencv-python', 'PIL': 'pillow'}
SOUNDFONTS = ['/usr/share/sounds/sf[23]/*.sf[23]',  # Debian
              '/usr/share/soundfonts/*.sf[23]',     # Fedora, Arch
              '/usr/local/share/soundfonts/*.sf[23]', '/opt/homebrew/share/soundfonts/*.sf[23]',
              '/Library/Audio/Sounds/Banks/*.sf[23]', '~/Library/Audio/Sounds/Banks/*.sf[23]']
DOWNLOAD = 'python3 models/download.py'
WITHOUT_WINDOW = 'without one: python3 simple_pose.py --output picture.jpg'


class Row(NamedTuple):
    """What a check found: OK, ABSENT (and optional) or BROKEN; a text; what helps."""
    state: str
    found: str
    cure: str = ''


class Fault(Exception):
    """What a probe failed of, in a line."""


class Crash(Fault):
    """A probe that a signal or the time limit ended."""


# The checks. Each runs in this process with nothing but the standard library, and leaves to a
# probe what may crash or hang.

def check_python() -> Row:
    found = '%s on %s %s' % (platform.python_version(), platform.system(), platform.machine())
    if (3, 7) <= sys.version_info[:2] <= (3, 13):
        return Row(OK, found)
    return Row(BROKEN, found + ': need 3.7 to 3.13', 'PYTHON=python3.11 sh install_requirements.sh')


def check_venv() -> Row:
    if _in_venv():
        return Row(OK, _tidy(sys.prefix))
    return Row(ABSENT, 'none in use', _install())


def check_packages() -> Row:
    found, fault = _load(PACKAGES, _probe_package)
    missing = [package for name, package in PACKAGES.items() if not importlib.util.find_spec(name)]
    if missing:
        found.append('missing: ' + ', '.join(missing))
    if '.so' in fault and not missing:  # OpenCV's wheel leaves these to the system
        return Row(BROKEN, '; '.join(found), 'sudo apt install libgl1 libglib2.0-0')
    bad = missing or fault
    return Row(BROKEN if bad else OK, '; '.join(found), _install() if bad else '')


def check_runtime() -> Row:
    found, fault = _load(RUNTIMES, _probe_runtime, *_usable('.tflite')[:1])
    if not found:
        return Row(BROKEN, 'neither %s is installed' % ' nor '.join(RUNTIMES.values()), _install())
    cure = "python3 -m pip install 'numpy<2'" if 'numpy 1' in fault else _install()
    return Row(BROKEN if fault else OK, '; '.join(found), cure if fault else '')


def check_pycoral() -> Row:
    spec = importlib.util.find_spec('pycoral')
    if not spec:
        return Row(ABSENT, 'none, which is fine')
    for folder in spec.submodule_search_locations or []:
        if os.path.exists(os.path.join(folder, 'utils', 'edgetpu.py')):
            return Row(OK, "Coral's own")
    return Row(BROKEN, "PyPI's pycoral, a program that has nothing to do with Coral",
               'python3 -m pip uninstall pycoral')


def check_decoder() -> Row:
    library = os.path.join('posenet_decoder', 'posenet_decoder.so')
    if not os.path.exists(os.path.join(HERE, library)):
        return Row(BROKEN, library + ' is missing', 'sh install_requirements.sh')
    if not importlib.util.find_spec('numpy'):
        return Row(BROKEN, 'not tried: that needs numpy', _install())
    try:
        return Row(OK, _probe(_probe_decoder, library))
    except Fault as fault:
        return Row(BROKEN, '%s: %s' % (library, fault),
                   'rm posenet_decoder/*.so; sh install_requirements.sh')


def check_models() -> Row:
    if not os.path.exists(os.path.join(HERE, 'models', 'SHA256SUMS')):
        return Row(BROKEN, 'models/SHA256SUMS is missing', 'git checkout models')
    models = _models()
    names = {state: [os.path.basename(name) for name, its in models.items() if its == state]
             for state in ('whole', 'missing', 'damaged', 'not in SHA256SUMS')}
    if len(names['missing']) == len(models):
        return Row(BROKEN, 'none of the %d model files is here' % len(models), DOWNLOAD)
    found = ['%d of %d model files are whole' % (len(names['whole']), len(models))]
    for state in ('missing', 'damaged', 'not in SHA256SUMS'):
        if names[state]:
            found += [state + ':'] + names[state]
    if not names['damaged'] + names['missing']:
        return Row(OK, '\n'.join(found))
    mobilenet = any(name.startswith('mobilenet/') for name, its in models.items()
                    if its in ('damaged', 'missing'))
    return Row(BROKEN if names['damaged'] or not _usable('.tflite') else ABSENT,
               '\n'.join(found), DOWNLOAD if mobilenet else 'git checkout models')


def check_run() -> Row:
    models = _usable('.tflite')
    if not models:
        return Row(BROKEN, 'not tried: no model file for the CPU is whole', DOWNLOAD)
    try:
        return Row(OK, _probe(_probe_run, models[0], 'cpu'))
    except Fault as fault:
        return Row(BROKEN, str(fault), 'mend what is marked !! above')


@functools.lru_cache(maxsize=None)
def check_edgetpu_library() -> Row:
    import pose_runtime
    try:
        return Row(OK, _probe(_probe_edgetpu_library))
    except Fault as fault:
        broken = pose_runtime.edgetpu_nodes() or isinstance(fault, Crash)
        return Row(BROKEN if broken else ABSENT, str(fault))


def check_edgetpu() -> Row:
    import pose_runtime
    nodes = pose_runtime.edgetpu_nodes()
    if check_edgetpu_library().state != OK:
        return Row(ABSENT, 'plugged in is %s; it needs its library' % ', '.join(nodes) if nodes
                   else 'none is plugged in')
    if not any(map(importlib.util.find_spec, RUNTIMES)):
        return Row(ABSENT, 'not tried: that needs a TensorFlow Lite runtime', _install())
    try:
        return Row(OK, _probe(_probe_edgetpu, *_usable('_edgetpu.tflite')[:1]))
    except Crash as crash:
        if 'SIGSEGV' not in str(crash):  # its library aborts when a transfer fails
            return Row(BROKEN, str(crash), 'plug it in anew; until then: --device cpu')
        return Row(BROKEN, str(crash), 'libedgetpu and this runtime do not fit each other. For '
                   'Python up to 3.9, sudo apt install python3-pycoral brings a runtime that does; '
                   'until then: --device cpu')
    except Fault as fault:
        return Row(BROKEN if nodes else ABSENT, str(fault))


def check_window() -> Row:
    if not importlib.util.find_spec('cv2'):
        return Row(ABSENT, 'not tried: that needs OpenCV', _install())
    try:
        gui = _probe(_probe_gui)
        if gui == 'NONE':
            return Row(ABSENT, 'this OpenCV has no windows: it is opencv-python-headless',
                       WITHOUT_WINDOW)
        if platform.system() == 'Linux' and not (os.environ.get('DISPLAY')
                                                 or os.environ.get('WAYLAND_DISPLAY')):
            return Row(ABSENT, 'no display: $DISPLAY and $WAYLAND_DISPLAY are not set (OpenCV '
                       'could: %s)' % gui, WITHOUT_WINDOW)
        return Row(OK, '%s (%s)' % (_probe(_probe_window), gui))
    except Fault as fault:
        return Row(BROKEN, 'no window opens: %s' % fault, WITHOUT_WINDOW)


def check_cameras(root: str = '/') -> Row:
    nodes = sorted(glob.glob(os.path.join(root, 'dev/video[0-9]*')),
                   key=lambda node: (len(node), node))
    if not nodes:
        return Row(ABSENT, 'none: no /dev/video*' if platform.system() == 'Linux' else
                   'not looked for on ' + platform.system())
    names: Dict[str, List[str]] = {}
    for node in nodes:
        video = os.path.basename(node)
        try:
            with open(os.path.join(root, 'sys/class/video4linux', video, 'name'),
                      errors='replace') as file:
                name = _tidy(file.read())
        except OSError:  # a container may have the device without this
            name = 'without a name'
        names.setdefault(name, []).append('/dev/' + video)
    found = '\n'.join('%s: %s' % (name, ', '.join(its)) for name, its in names.items())
    if not all(os.access(node, os.R_OK | os.W_OK) for node in nodes):
        return Row(BROKEN, found + '\nno permission', 'sudo usermod -aG video "$USER", log in anew')
    return Row(OK, found)


def check_sound() -> Row:
    library = ctypes.util.find_library('fluidsynth')
    fonts = sorted({os.path.basename(path) for pattern in SOUNDFONTS
                    for path in glob.glob(os.path.expanduser(pattern))})
    found = '%s; %s' % (library or 'no FluidSynth', _tidy(', '.join(fonts)) or 'no SoundFont')
    if library and fonts:
        return Row(OK, found)
    return Row(ABSENT, found, 'brew install fluidsynth' if platform.system() == 'Darwin' else
               'sudo apt install fluidsynth fluid-soundfont-gm')


CHECKS = {'Python': check_python, 'virtual env': check_venv, 'packages': check_packages,
          'runtime': check_runtime, 'pycoral': check_pycoral, 'decoder': check_decoder,
          'models': check_models, 'CPU run': check_run, 'TPU library': check_edgetpu_library,
          'Edge TPU': check_edgetpu, 'window': check_window, 'cameras': check_cameras,
          'sound': check_sound}
NEEDED = {'Python', 'packages', 'decoder', 'CPU run'}  # a run stands for its runtime and model


# The probes. Each runs in a process of its own, and returns what it found or raises.

def _probe_package(name: str) -> str:
    return importlib.import_module(name).__version__


def _probe_runtime(name: str, model: str = '') -> str:
    import numpy
    try:
        runtime = importlib.import_module(name + '.interpreter')
        # Built for another numpy it imports, and fails at the first model. That the decoder op is
        # unknown to it is no fault here.
        with contextlib.suppress(RuntimeError, ValueError):
            if model:
                runtime.Interpreter(os.path.join(HERE, 'models', model))
    except (AttributeError, ImportError, SystemError) as error:
        if 'multiarray' in '%s %s' % (error, error.__cause__):
            raise ImportError('is built for numpy 1, here is numpy ' + numpy.__version__)
        raise
    return importlib.import_module(name).__version__


def _probe_decoder(library: str) -> str:
    """All of these made-up offsets point at one person, whose scores are 0.8 everywhere."""
    import numpy as np

    from posenet_decoder.raw_decoder import RawDecoder
    stride, size = 16, 6
    person = np.array([[8 + 4 * part, 40 - 2 * part] for part in range(17)])
    y, x = np.mgrid[:size, :size, :1][:2] * stride
    maps = [np.full((1, size, size, 17), np.log(0.8 / 0.2)),
            np.concatenate([person[:, 0] - y, person[:, 1] - x], axis=2)[None],
            np.zeros((1, size, size, 64))]
    maps = [values.astype(np.float32) for values in maps]
    details = [{'shape': values.shape, 'dtype': np.float32, 'quantization': (0.0, 0)}
               for values in maps]
    decoder = RawDecoder(os.path.join(HERE, library), details, stride, {})
    poses, keypoint_scores, pose_scores, count = decoder(maps)
    if count[0] != 1:
        raise ValueError('finds %d poses where there is one' % count[0])
    if not (np.allclose(poses[0, 0], person, atol=0.01)
            and np.allclose(keypoint_scores, 0.8, atol=1e-4)
            and np.allclose(pose_scores, 0.8, atol=1e-4)):
        raise ValueError('answers a known case wrongly')
    return 'loads, and answers a known case rightly'


def _probe_run(model: str, device: str) -> str:
    import numpy as np

    from pose_engine import PoseEngine
    engine = PoseEngine(os.path.join(HERE, 'models', model), device=device)
    width, height = engine.input_size
    blank = np.zeros((height, width, 3), np.uint8)
    engine.DetectPosesInImage(blank)  # the first takes longer
    _, seconds = engine.DetectPosesInImage(blank)
    return 'a blank image of %d x %d takes %.0f ms' % (width, height, 1000 * seconds)


def _probe_edgetpu_library() -> str:
    import pose_runtime
    pose_runtime.check_edgetpu_library()
    return pose_runtime.EDGETPU_SHARED_LIB + ' loads'


def _probe_edgetpu(model: str = '') -> str:
    import pose_runtime
    name = next(name for name in ('tflite_runtime', 'ai_edge_litert')  # as the engine chooses
                if importlib.util.find_spec(name))
    runtime = importlib.import_module(name + '.interpreter')
    version = '%s %s' % (RUNTIMES[name], importlib.import_module(name).__version__)
    print('opening it with', version, flush=True)
    pose_runtime.load_edgetpu(runtime, 'edgetpu')
    print('running a model with', version, flush=True)
    found = '%s opens with %s' % (', '.join(pose_runtime.edgetpu_nodes()) or 'it', version)
    return found + ('; ' + _probe_run(model, 'edgetpu') if model else '')


def _probe_gui() -> str:
    import cv2
    lines = cv2.getBuildInformation().splitlines()
    return next((line.split()[-1] for line in lines if line.split()[:1] == ['GUI:']), 'NONE')


def _probe_window() -> str:
    import cv2
    import numpy as np
    cv2.imshow('doctor', np.zeros((120, 160, 3), np.uint8))
    cv2.waitKey(100)
    cv2.destroyAllWindows()
    return 'a window opens'


def _probe(probe: Any, *args: str) -> str:
    """Runs a probe in a process of its own; returns its text or raises Fault."""
    try:
        process = subprocess.run(  # noqa: UP022 so that Python 3.6 learns what it lacks
            [sys.executable, os.path.abspath(__file__), '--probe', probe.__name__] + list(args),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise Crash('gave no answer within %d s' % LIMIT)
    # The last line is the answer, or what the probe was at when it died.
    said = _tidy((process.stdout.decode(errors='replace').splitlines() or [''])[-1])
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        raise Crash('%scrashes with %s' % (said and said + ' ', name))
    if process.returncode:
        raise Fault(_tidy((process.stderr.decode(errors='replace').splitlines() or [''])[-1]))
    return said


def _run_probe(name: str, *args: str) -> None:
    """The child's side of _probe."""
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is an answer here
    try:
        print('\n' + globals()[name](*args))
    except Exception as error:  # whatever it is, it is what was to be found out
        sys.exit(_tidy(str(error)) or type(error).__name__)


def _load(packages: Dict[str, str], probe: Any, *args: str) -> Tuple[List[str], str]:
    """What was found of those packages that are installed, and why one does not work."""
    found, trouble = [], ''
    for name, package in packages.items():
        if importlib.util.find_spec(name):
            try:
                found.append('%s %s' % (package, _probe(probe, name, *args)))
            except Fault as fault:
                trouble = str(fault)
                found.append('%s does not work: %s' % (package, fault))
    return found, trouble


@functools.lru_cache(maxsize=None)
def _models() -> Dict[str, str]:
    """The model files by their paths in models/, and each one's state: whole, missing, …"""
    states, sums = {}, {}
    with contextlib.suppress(OSError), open(os.path.join(HERE, 'models', 'SHA256SUMS')) as file:
        sums = {name: digest for digest, name in map(str.split, file)}
    for name, digest in sums.items():
        try:
            with open(os.path.join(HERE, 'models', name), 'rb') as file:
                whole = hashlib.sha256(file.read()).hexdigest() == digest
            states[name] = 'whole' if whole else 'damaged'
        except OSError:
            states[name] = 'missing'
    for path in glob.glob(os.path.join(HERE, 'models', '*.tflite')):
        states.setdefault(os.path.basename(path), 'not in SHA256SUMS')
    return states


def _usable(ending: str) -> List[str]:
    """The model files for the Edge TPU ('_edgetpu.tflite') or for the CPU ('.tflite') that the
    engine would load, those with a known hash first."""
    return [name for name, state in sorted(_models().items(), key=lambda item: item[1] != 'whole')
            if state in ('whole', 'not in SHA256SUMS')
            and name.endswith('_edgetpu.tflite') == (ending == '_edgetpu.tflite')]


def _in_venv() -> bool:
    return sys.prefix != sys.base_prefix


def _install() -> str:
    activate = '. .venv/bin/activate'
    if os.path.exists(os.path.join(HERE, '.venv')) and not _in_venv():
        return activate
    return 'sh install_requirements.sh && ' + activate


def _tidy(text: str) -> str:
    """A line fit for a terminal and a bug report: no control characters, no user's name."""
    text = text.replace(HERE + os.sep, '').replace(os.path.expanduser('~'), '~')
    return ''.join(char if char.isprintable() else '?' for char in ' '.join(text.split()))


def _format(name: str, row: Row, colour: bool) -> str:
    mark = '\033[%dm%s\033[m' % (COLOURS[row.state], row.state) if colour else row.state
    lines = [line for paragraph in row.found.split('\n')
             for line in textwrap.wrap(paragraph, WIDTH - INDENT, break_on_hyphens=False)]
    lines += textwrap.wrap(row.cure, WIDTH - INDENT, initial_indent='-> ', subsequent_indent='   ',
                           break_on_hyphens=False)
    return '%s  %-*s%s' % (mark, INDENT - 4, name, ('\n' + ' ' * INDENT).join(lines))


def main(args: Optional[List[str]] = None) -> int:
    """Prints the table; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--json', action='store_true', help='print JSON instead of the table')
    parser.add_argument('--probe', nargs='+', help=argparse.SUPPRESS)  # see _probe
    options = parser.parse_args(args)
    if options.probe:
        _run_probe(*options.probe)
        return 0
    colour = (sys.stdout.isatty() and not os.environ.get('NO_COLOR')
              and os.environ.get('TERM') != 'dumb')
    rows = {}
    for name, check in CHECKS.items():
        try:
            rows[name] = check()
        except Exception as error:  # one check that fails must not hide the others' answers
            rows[name] = Row(BROKEN, 'the check failed: %s' % _tidy(repr(error)))
        if not options.json:
            print(_format(name, rows[name], colour), flush=True)
    ready = all(rows[name].state == OK for name in NEEDED)
    if options.json:
        print(json.dumps({'ready': ready, 'rows': {name: row._asdict() for name, row
                                                   in rows.items()}}, indent=1))
    else:
        print('\nThe demos %s on the CPU.' % ('run' if ready else 'do not run'))
    return 0 if ready else 1


if __name__ == '__main__':
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as with other tools, `| head` ends it quietly
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
