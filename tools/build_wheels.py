"""Builds the suite's wheels for every platform that it serves, on this one machine.

    python3 tools/build_wheels.py                  # into dist/
    python3 tools/build_wheels.py --check          # and tries what can be tried here
    python3 tools/build_wheels.py win_amd64 --output /tmp/wheels

Zig compiles the decoder for all of them. It is installed with what else a build needs in
.venv-wheels, which needs the network once. For what --check needs see tools/check_wheel.py.

Exit status: 0 when every wheel was built, and passed the check if there was one, else 1.
"""
import argparse
import os
import subprocess
import sys
import venv
from typing import List

from check_wheel import CheckError, check

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
TOOLS = os.path.join(ROOT, '.venv-wheels')
BUILD_PACKAGES = ('setuptools>=64', 'wheel', 'ziglang')
# A wheel's platform, and zig's name for it. glibc 2.17 is what manylinux2014 stands for.
TARGETS = {'manylinux2014_x86_64': 'x86_64-linux-gnu.2.17',
           'manylinux2014_aarch64': 'aarch64-linux-gnu.2.17',
           'manylinux2014_armv7l': 'arm-linux-gnueabihf.2.17',
           'win_amd64': 'x86_64-windows-gnu',
           'macosx_11_0_arm64': 'aarch64-macos.11.0'}
# The hook that pip calls (PEP 517), with the options that setup.py's bdist_wheel takes.
BUILD = '''
import sys
from setuptools import build_meta
folder, platform = sys.argv[1:]
print(build_meta.build_wheel(folder, {"--build-option": ["--plat-name=" + platform]}))
'''


def main() -> int:
    args = parse_args()
    os.makedirs(args.output, exist_ok=True)
    python = build_python()
    failed = False
    for platform in args.platforms or list(TARGETS):
        try:
            wheel = build(python, platform, args.output)
            print(wheel, flush=True)
            for line in check(wheel, python, TARGETS[platform]) if args.check else []:
                print(f'  {line}', flush=True)
        except (CheckError, OSError, subprocess.SubprocessError) as error:
            print(f'error: {platform}: {error}', file=sys.stderr)
            failed = True
    return 1 if failed else 0


def build_python() -> str:
    """The Python of .venv-wheels, which is made if it is missing or lacks something."""
    python = os.path.join(TOOLS, *(['Scripts', 'python.exe'] if os.name == 'nt' else
                                   ['bin', 'python']))
    if not os.path.exists(python):
        venv.create(TOOLS, with_pip=True)
    if subprocess.run([python, '-c', 'import setuptools, wheel, ziglang'],
                      stderr=subprocess.DEVNULL).returncode:
        subprocess.run([python, '-m', 'pip', 'install', '-q', '--upgrade', *BUILD_PACKAGES],
                       stdout=sys.stderr, check=True)
    return python


def build(python: str, platform: str, output: str) -> str:
    """Builds the wheel of a platform, a key of TARGETS, into a folder; returns its path."""
    cache = os.environ.get('ZIG_GLOBAL_CACHE_DIR') or os.path.join(TOOLS, 'zig-cache')
    done = subprocess.run([python, '-c', BUILD, os.path.abspath(output), platform], cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, 'DECODER_TARGET': TARGETS[platform],
                               'ZIG_GLOBAL_CACHE_DIR': cache})
    lines = done.stdout.decode(errors='replace').splitlines()
    if done.returncode:
        raise CheckError('\n'.join(['the build failed:', *lines[-20:]]))
    return os.path.join(output, lines[-1])


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('platforms', nargs='*', metavar='PLATFORM',
                        help=f'of {", ".join(TARGETS)} (default: all)')
    parser.add_argument('--output', default=os.path.join(ROOT, 'dist'), metavar='FOLDER',
                        help='where the wheels go (default: dist/ of the checkout)')
    parser.add_argument('--check', action='store_true', help='try each wheel as far as possible')
    args = parser.parse_args()
    unknown: List[str] = [name for name in args.platforms if name not in TARGETS]
    if unknown:
        parser.error(f'expected platforms of {", ".join(TARGETS)}, got {", ".join(unknown)}')
    return args


if __name__ == '__main__':
    sys.exit(main())
