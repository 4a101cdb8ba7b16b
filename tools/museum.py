"""Starts a museum: five simulated cameras, one network for all of them, a broker, and one report.

Each camera is an anonymizer.py that plays a clip of samples/ again and again, and shows skeletons
on grey. They share one pose_server.py's network, publish counts to mosquitto and keep stores.
Ctrl-C ends all of it, brings the stores into a fleet and writes one report. Nobody in the clips
exists, so the counts are published and reported however few visits they are of.

examples:
  python3 tools/museum.py                            # until Ctrl-C; then museum/report.html
  python3 tools/museum.py --to /tmp/demo --seconds 120 --device cpu
"""
import argparse
import contextlib
import importlib.util
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path[:0] = [ROOT, os.path.join(ROOT, 'tests'), os.path.join(ROOT, 'tools')]

from posesuite import script  # noqa: E402
from posesuite.arguments import between, whole  # noqa: E402
from posesuite.engine.device import has_edgetpu  # noqa: E402
from posesuite.errors import SuiteError, one_line  # noqa: E402
from posesuite.files import written_whole  # noqa: E402

from programs import Program, free_ports, listens  # noqa: E402

SITE = 'museum'
CLIPS = {'entrance': 'in_and_out', 'hall': 'three_people', 'gallery': 'two_crossing',
         'studio': 'one_person', 'cafe': 'in_and_out'}  # by camera
PLAN = {'areas': [{'name': 'Exhibit', 'polygon': [[300, 450], [700, 450], [700, 1000],
                                                  [300, 1000]]}],
        'lines': [{'name': 'Middle', 'line': [[500, 0], [500, 1000]]}]}
PORT = 8100  # of the network's page; those of the cameras follow, then the broker's
PACKAGES = 'paho', 'falcon', 'uvicorn', 'prometheus_client', 'pyarrow', 'duckdb', 'jinja2'
START = 60  # seconds in which a program must have begun to listen
LOGGER = logging.getLogger('posesuite')


class _Stopped(Exception):
    """Somebody stopped the museum while it was starting."""


class Museum:
    """The broker, the network and the cameras; a context manager, which ends them on leaving.

    folder: for the stores. device: as in --device. port: as PORT, or 0 for any free ones.
    """

    def __init__(self, folder: str, device: str, port: int) -> None:
        self._folder, self._device = folder, device
        self._ports = free_ports(port, len(CLIPS) + 2)
        self._stopped = threading.Event()
        self._exit = contextlib.ExitStack()

    def stop(self) -> None:
        self._stopped.set()

    def __enter__(self) -> 'Museum':
        with contextlib.ExitStack() as stack:
            self._work = stack.enter_context(tempfile.TemporaryDirectory())
            self._programs: List[Program] = []
            stack.callback(self._end)
            with contextlib.suppress(_Stopped):
                self._start()
            self._exit = stack.pop_all()
        return self

    def __exit__(self, *_: Any) -> None:
        self._exit.close()

    def wait(self, seconds: float) -> None:
        """Waits until it is stopped, for some seconds at most, or until no camera is left."""
        end = time.monotonic() + seconds
        while not self._stopped.wait(0.2) and time.monotonic() < end:
            if not any([program.running for program in self._programs][2:]):
                LOGGER.warning('no camera is left')
                return

    def _start(self) -> None:
        page, *pages, broker = self._ports
        configuration = os.path.join(self._work, 'mosquitto.conf')
        with open(configuration, 'w') as file:
            file.write(f'listener {broker} 127.0.0.1\nallow_anonymous true\npersistence false\n'
                       'log_dest stderr\nlog_type error\n'
                       + ('' if os.geteuid() else 'user root\n'))  # who may read this folder
        self._run('mosquitto', [mosquitto(), '-c', configuration])
        self._need(broker)
        network = choose_network(self._device, self._work)
        LOGGER.info('the network is on %s', network.text)
        engine = f'unix:{os.path.join(self._work, "poses.sock")}'
        self._run('pose_server', python('pose_server', '--listen', engine, '--listen',
                                        f'127.0.0.1:{page}', *network.options),
                  network.environment)
        self._need(page)
        for name, port in zip(CLIPS, pages):
            self._run(name, python(
                'anonymizer', '--videosrc', os.path.join(ROOT, 'samples', f'{CLIPS[name]}.mp4'),
                '--loop', '--realtime', '--no-background', '--engine', engine,
                '--serve', f'127.0.0.1:{port}', '--store', store(self._folder, name),
                '--areas', plan(self._folder), '--publish-name', name, '--publish-min', '1',
                '--publish', f'mqtt://127.0.0.1:{broker}/{SITE}/{name}'))
        for port, camera in zip(pages, self._programs[2:]):
            self._listens(camera, port)
        if self._stopped.is_set():
            return
        print(f'network    http://127.0.0.1:{page}/')
        for name, port in zip(CLIPS, pages):
            print(f'{name:10} http://127.0.0.1:{port}/   topic {SITE}/{name}/numbers')
        print(f"counts     mosquitto_sub -h 127.0.0.1 -p {broker} -v -t '{SITE}/#'")
        print('Ctrl-C ends the museum and writes its report', flush=True)

    def _run(self, name: str, command: List[str],
             environment: Optional[Dict[str, str]] = None) -> None:
        self._programs.append(Program(name, command, environment))

    def _need(self, port: int) -> None:
        """Waits for the program that was started last, without which there is no museum."""
        if not self._listens(self._programs[-1], port):
            raise _Stopped if self._stopped.is_set() else SuiteError(
                f'{self._programs[-1].name} did not start')

    def _listens(self, program: Program, port: int) -> bool:
        """Whether a program begins to listen."""
        end = time.monotonic() + START
        while not listens('127.0.0.1', port):
            if self._stopped.wait(0.05) or not program.running or time.monotonic() > end:
                return False
        return True

    def _end(self) -> None:
        for program in self._programs[2:]:
            program.ask_to_end()
        for program in [*self._programs[2:], *self._programs[1::-1]]:  # the broker is the last
            program.end()


class Network(NamedTuple):
    """What a pose_server.py needs for a network. text: where it runs."""
    text: str
    options: Tuple[str, ...]
    environment: Dict[str, str]


def choose_network(device: str, folder: str) -> Network:
    """device: edgetpu, stand-in, cpu, or auto for the first of these that there is."""
    if device == 'edgetpu' or device == 'auto' and has_edgetpu():
        return Network('the Edge TPU', ('--device', 'edgetpu'), {})
    if device != 'cpu':
        try:
            return stand_in(folder)
        except (ImportError, OSError, subprocess.SubprocessError, SuiteError) as error:
            if device == 'stand-in':
                raise SuiteError(f'the stand-in cannot be built: {one_line(error)}') from None
            LOGGER.info('no stand-in for the Edge TPU: %s', one_line(error))
    return Network('the CPU', ('--device', 'cpu'), {})


def stand_in(folder: str) -> Network:
    """The tests' stand-in for the Edge TPU: a libedgetpu that computes the bundled network on the
    CPU, and is driven as the real one is.
    """
    compiler = next(filter(shutil.which, ('c++', 'g++', 'clang++')), None)
    if compiler is None or not sys.platform.startswith('linux') or sys.maxsize < 2**32:
        raise SuiteError('it needs a C++ compiler (sudo apt install g++) and Linux on 64 bits')
    import stand_ins
    stand_ins.build_library(compiler, folder)
    model = stand_ins.build_model(folder)
    paths = {'LD_LIBRARY_PATH': folder, 'PYTHONPATH': stand_ins.STAND_IN}
    return Network(
        "a stand-in for an Edge TPU, which computes on this machine's CPU",
        ('--device', 'edgetpu', '--model', model),
        {'EDGETPU_STAND_IN_MODELS': folder,
         **{name: os.pathsep.join(filter(None, [path, os.environ.get(name)]))
            for name, path in paths.items()}})


def mosquitto() -> str:
    """The broker's path: Debian has it where only administrators' PATH leads."""
    path = os.pathsep.join([os.environ.get('PATH', os.defpath), '/usr/sbin', '/usr/local/sbin'])
    found = shutil.which('mosquitto', path=path)
    if found is None:
        raise SuiteError('no mosquitto, the broker: sudo apt install mosquitto')
    return found


def check_packages() -> None:
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise SuiteError(f"no {', '.join(missing)}: in {ROOT}, type {sys.executable} -m pip "
                         "install '.[publish,server,fleet]'")


def build_decoder() -> None:
    """Compiles the decoder in a checkout that install_requirements.sh has not seen."""
    folder = os.path.join(ROOT, 'posenet_decoder')
    if not os.path.exists(os.path.join(folder, 'posenet_decoder.so')):
        subprocess.run(['sh', os.path.join(folder, 'build.sh')], stdout=subprocess.DEVNULL)


def write_report(folder: str) -> Optional[str]:
    """Brings the stores into the fleet and writes the report; returns its path, None if no visit
    has been stored.
    """
    fleet, report = os.path.join(folder, 'fleet'), os.path.join(folder, 'report.html')
    for name in CLIPS:
        if os.path.exists(store(folder, name)):
            visits('export', store(folder, name), '--to', fleet, '--camera', f'{SITE}/{name}',
                   '--today')
    if not any(name.endswith('.parquet') for _, _, names in os.walk(fleet) for name in names):
        return None
    visits('fleet', fleet, '-o', report, '--areas', plan(folder), '--min-visits', '1',
           '--title', 'Museum', '--csv', os.path.join(folder, 'tables'))
    return report


def visits(*arguments: str) -> None:
    if subprocess.run(python('visits', *arguments), stdout=subprocess.DEVNULL).returncode:
        raise SuiteError(f'visits.py {arguments[0]} failed')


def python(name: str, *arguments: str) -> List[str]:
    return [sys.executable, os.path.join(ROOT, f'{name}.py'), *arguments]


def store(folder: str, camera: str) -> str:
    return os.path.join(folder, f'{camera}.db')


def plan(folder: str) -> str:
    return os.path.join(folder, 'areas.json')


def main() -> int:
    return script.run(run, parse_args())


def run(args: argparse.Namespace) -> None:
    check_packages()
    mosquitto()
    build_decoder()
    os.makedirs(args.to, exist_ok=True)
    if not os.path.exists(plan(args.to)):
        with written_whole(plan(args.to)) as file:
            json.dump(PLAN, file)
    with script.stopped_by_signals(Museum(args.to, args.device, args.port)) as museum:
        museum.wait(args.seconds)
    if not any(os.path.exists(store(args.to, name)) for name in CLIPS):
        LOGGER.info('no camera had begun: there is nothing to report')
        return
    LOGGER.info('all have ended; writing the report')
    report = write_report(args.to)
    if report is None:
        LOGGER.info('nobody has been seen for long enough: there is nothing to report')
    else:
        print(f'report     {report}')


def parse_args() -> argparse.Namespace:
    parser = script.parser(__doc__)
    parser.add_argument('--to', default=SITE, metavar='FOLDER',
                        help='for the stores, the fleet, the areas, report.html and its tables; '
                             'what is there is kept and goes on (default: %(default)s)')
    parser.add_argument('--seconds', type=between(1, 1e9), default=float('inf'), metavar='N',
                        help='end after so many (default: at Ctrl-C)')
    parser.add_argument('--device', choices=['auto', 'edgetpu', 'stand-in', 'cpu'], default='auto',
                        help="the network's: an Edge TPU; the tests' stand-in for one, which "
                             'computes on the CPU and needs a C++ compiler; the CPU; auto is the '
                             'first of these that there is')
    parser.add_argument('--port', type=whole(0, 65536 - len(CLIPS) - 2), default=PORT, metavar='N',
                        help="the network's page; those of the cameras and the broker follow; "
                             'taken ones are replaced, 0 takes any (default: %(default)s)')
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
