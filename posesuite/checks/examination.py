"""All checks, each in a process of its own, and the table of what they found."""
import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from typing import Callable, Dict, List, Sequence

from posesuite.arguments import between
from posesuite.checks import engine, machine
from posesuite.checks.row import ABSENT, BROKEN, INSTALL, OK, Row, answer, version
from posesuite.files import CHECKOUT, INSTALLED

WIDTH, INDENT = 80, 17  # of the table, in characters
TIMEOUT = 60.0  # seconds for a check: the first import of OpenCV from an SD card is slow
NEEDED = ('Python', 'packages', 'runtime', 'decoder', 'CPU run')
CURES = {  # for a check that fails, or that crashes so
    'packages': INSTALL, 'runtime': INSTALL, 'window': machine.WITHOUT_WINDOW,
    'decoder': INSTALL if INSTALLED else 'rm posenet_decoder/*.so; sh install_requirements.sh',
    'CPU run': 'mend what is marked !! above',
    'Edge TPU': 'unplug it and plug it in again; until then: --device cpu',  # a transfer failed
    'Edge TPU SIGSEGV': 'libedgetpu and this runtime do not fit each other. For Python up to 3.9, '
                        'sudo apt install python3-pycoral brings a runtime that does; until then: '
                        '--device cpu'}


def add_doctor_options(parser: argparse.ArgumentParser) -> None:
    """Adds the names of checks, --timeout, and the option with which a check runs itself."""
    parser.add_argument('checks', nargs='*', type=_name, metavar='CHECK',
                        help=f'only these: {", ".join(NAMES)} (default: all)')
    parser.add_argument('--timeout', type=between(1, 3600), default=TIMEOUT, metavar='SECONDS',
                        help='time for each check (default: %(default)g)')
    parser.add_argument('--probe', choices=NAMES, help=argparse.SUPPRESS)


class Doctor:
    """Examines this machine.

    open_engine: opens an engine, given a model's path and `device` as PoseEngine is.
    command: runs the script that owns this object; with `--probe NAME` it must call probe(NAME).
    timeout: seconds for each check.
    """

    def __init__(self, open_engine: engine.Engine, command: List[str],
                 timeout: float = TIMEOUT) -> None:
        self.command, self.timeout = command, timeout
        self.checks: Dict[str, Callable[[], Row]] = {
            'Python': machine.check_python, 'virtual env': machine.check_venv,
            'packages': machine.check_packages, 'runtime': engine.check_runtime,
            'pycoral': machine.check_pycoral, 'decoder': engine.check_decoder,
            'models': engine.check_models, 'CPU run': lambda: engine.check_run(open_engine),
            'ONNX Runtime': engine.check_onnxruntime, 'OpenVINO': engine.check_openvino,
            'TPU library': engine.check_edgetpu_library,
            'Edge TPU': lambda: engine.check_edgetpu(
                open_engine, self.examine('TPU library').state == OK),
            'window': machine.check_window, 'cameras': machine.check_cameras,
            'sound': machine.check_sound, 'publish': machine.check_publish}

    def run(self, names: Sequence[str] = ()) -> bool:
        """Prints the table; returns whether the demos run on the CPU, as far as it was checked.

        names: the checks to do; none for all of them and a verdict.
        """
        ready = True
        for name in names or self.checks:
            row = self.examine(name)
            print(show(name, row), flush=True)
            ready = ready and (name not in NEEDED or row.state == OK)
        if not names:
            print(f'\nThe demos {"run" if ready else "do not run"} on the CPU.')
        return ready

    def examine(self, name: str) -> Row:
        """Runs a check in a process of its own."""
        with subprocess.Popen([*self.command, '--probe', name], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                output, _ = process.communicate(timeout=self.timeout)
                how = 'fails'
            except subprocess.TimeoutExpired:
                process.kill()
                output, _ = process.communicate()
                how = f'gives no answer within {self.timeout:g} s'
        row = Row(BROKEN, 'the check')
        for line in output.decode(errors='replace').splitlines():
            if line.startswith('["'):  # a package may print at its import
                row = Row(*json.loads(line))
        if process.returncode == 0:
            return row
        died = ''
        if process.returncode < 0 and how == 'fails':
            died = signal.Signals(-process.returncode).name
            how = f'crashes with {died}'
        return Row(BROKEN, f'{row.found} {how}', CURES.get(f'{name} {died}', CURES.get(name, '')))

    def probe(self, name: str) -> None:
        """What examine has run: the check itself, whose answers go to stdout."""
        with contextlib.suppress(ImportError):  # Windows has no such limits
            import resource
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash is an answer here
        sys.stdout = os.fdopen(os.dup(1), 'w')
        os.dup2(2, 1)  # what libraries print is no answer
        try:
            answer(self.checks[name]())
        except (Exception, SystemExit) as error:  # any error is an answer
            answer(_failed(name, error))


NAMES = tuple(Doctor(lambda *_: None, []).checks)


def _name(text: str) -> str:
    """An argument that is one of NAMES, whatever its case."""
    for name in NAMES:
        if name.lower() == text.lower():
            return name
    raise argparse.ArgumentTypeError(f'must be one of {", ".join(NAMES)}, got {text}')


def _failed(name: str, error: BaseException) -> Row:
    """The row of a check that ended with an error."""
    text = str(error) or type(error).__name__
    died = 'SIGSEGV' if 'SIGSEGV' in text else ''  # of the Edge TPU's own process
    cure = CURES.get(f'{name} {died}', CURES.get(name, ''))
    if isinstance(error, ModuleNotFoundError):
        return Row(BROKEN if name in NEEDED else ABSENT, f'not tried: {text}', INSTALL)
    if 'install_requirements' in text:
        cure = ''
    elif 'multiarray' in f'{text} {error.__cause__}':
        text = f'{text}: it is built for numpy 1, here is {version("numpy")}'
        cure = "python3 -m pip install 'numpy<2'"
    elif name == 'packages' and '.so' in text:  # OpenCV's wheel leaves these to the system
        cure = 'sudo apt install libgl1 libglib2.0-0'
    return Row(BROKEN, text, cure)


def show(name: str, row: Row) -> str:
    """A row of the table, fit for a terminal and a bug report: no control characters, no user."""
    text = row.found.replace(CHECKOUT + os.sep, '').replace(os.path.expanduser('~') + os.sep, '~/')
    text = ''.join(char if char.isprintable() or char == '\n' else '?' for char in text)
    lines = [line for paragraph in text.split('\n') + [f'-> {row.cure}' if row.cure else '']
             for line in textwrap.wrap(paragraph, WIDTH - INDENT, break_on_hyphens=False)]
    return f'{row.state}  {name:{INDENT - 4}}' + ('\n' + ' ' * INDENT).join(lines)
