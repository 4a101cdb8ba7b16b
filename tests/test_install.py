"""The installer: the requirements' markers, the decoder's build script, wrong usage.

Whole installations are tried by CI and on fresh systems; here is what is quick and offline.
"""
import ctypes
import os
import shutil
import subprocess
import sys
from typing import Any, Dict, List

from helpers import ROOT

import pytest
from packaging.requirements import Requirement

COMPILERS = [name for name in ('c++', 'g++', 'clang++') if shutil.which(name)]
SOURCE = """
#include "answer.h"
#include <string>
#include <vector>
extern "C" __attribute__((visibility("default"))) int posenet_answer() {
  return static_cast<int>(std::vector<std::string>(ANSWER, "x").size());
}
"""


def run(*command: str, **environment: str) -> 'subprocess.CompletedProcess[str]':
    env = dict(os.environ, **environment)
    for name in ('CXX', 'CXXFLAGS', 'PYTHON'):
        if name not in environment:
            env.pop(name, None)
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=600, env=env)


def programs(folder: Any, names: List[str]) -> str:
    """Makes a folder that holds these of the system's programs alone, for a PATH."""
    folder.mkdir()
    for name in names:
        os.symlink(str(shutil.which(name)), str(folder / name))
    return str(folder)


def script(path: Any, text: str) -> str:
    """Writes an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('#!/bin/sh\n' + text)
    path.chmod(0o755)
    return str(path)


# requirements.txt

def requirements(python: str, machine: str) -> Dict[str, str]:
    """Returns the packages that a machine gets, with their versions."""
    with open(os.path.join(ROOT, 'requirements.txt')) as file:
        lines = [line for line in file.read().splitlines() if line and not line.startswith('#')]
    parsed = [Requirement(line) for line in lines]
    environment = {'python_version': python, 'python_full_version': python + '.0',
                   'platform_machine': machine}
    return {r.name: str(r.specifier) for r in parsed
            if r.marker is None or r.marker.evaluate(environment)}


@pytest.mark.parametrize('python, machine, runtime', [
    ('3.7', 'aarch64', 'tflite-runtime'),   # Coral Dev Board
    ('3.7', 'x86_64', 'tflite-runtime'),
    ('3.8', 'x86_64', 'tflite-runtime'),
    ('3.8', 'aarch64', 'tflite-runtime'),
    ('3.9', 'x86_64', 'ai-edge-litert'),
    ('3.9', 'aarch64', 'ai-edge-litert'),
    ('3.9', 'armv7l', 'tflite-runtime'),    # Raspberry Pi OS of 32 bits
    ('3.10', 'x86_64', 'ai-edge-litert'),
    ('3.11', 'aarch64', 'ai-edge-litert'),
    ('3.11', 'armv7l', 'tflite-runtime'),
    ('3.12', 'x86_64', 'ai-edge-litert'),
    ('3.13', 'x86_64', 'ai-edge-litert'),
    ('3.13', 'aarch64', 'ai-edge-litert'),
    ('3.13', 'arm64', 'ai-edge-litert'),    # macOS
])
def test_one_runtime_for_each_machine(python, machine, runtime):
    packages = requirements(python, machine)
    report = set() if machine == 'armv7l' else {'jinja2'}
    assert set(packages) == report | {runtime, 'mido', 'numpy', 'opencv-python', 'pillow',
                                      'pyfluidsynth'}
    assert packages['numpy'] == ('<2' if runtime == 'tflite-runtime' else '')


# posenet_decoder/build.sh

@pytest.fixture
def decoder(tmp_path):
    """A folder with the build script and small sources; returns the script's path."""
    folder = tmp_path / 'posenet_decoder'
    folder.mkdir()
    shutil.copy(os.path.join(ROOT, 'posenet_decoder', 'build.sh'), str(folder))
    (folder / 'answer.cc').write_text(SOURCE)
    (folder / 'answer.h').write_text('#ifndef ANSWER\n#define ANSWER 42\n#endif\n')
    (folder / 'answer_test.cc').write_text('#error "tests are not for the library"\n')
    for path in folder.iterdir():
        os.utime(str(path), (1e9, 1e9))
    return str(folder / 'build.sh')


def library_of(build_script: str) -> str:
    return os.path.join(os.path.dirname(build_script), 'posenet_decoder.so')


needs_compiler = pytest.mark.skipif(not COMPILERS, reason='no C++ compiler here')


@needs_compiler
def test_build(decoder):
    process = run('sh', decoder)
    assert process.returncode == 0, process.stderr
    assert sorted(os.listdir(os.path.dirname(decoder))) == [
        'answer.cc', 'answer.h', 'answer_test.cc', 'build.sh', 'posenet_decoder.so']
    assert ctypes.CDLL(library_of(decoder)).posenet_answer() == 42


@needs_compiler
def test_build_brings_its_own_cpp_library(decoder):
    if not sys.platform.startswith('linux'):
        pytest.skip('a static C++ library is a matter of Linux here')
    run('sh', decoder)
    with open(library_of(decoder), 'rb') as file:
        assert b'libstdc++.so' not in file.read()


@needs_compiler
def test_build_only_when_needed(decoder):
    library = library_of(decoder)
    assert run('sh', decoder).returncode == 0
    os.utime(library, (1.1e9, 1.1e9))
    assert run('sh', decoder).returncode == 0
    assert os.path.getmtime(library) == 1.1e9
    os.utime(os.path.join(os.path.dirname(decoder), 'answer.h'), (1.2e9, 1.2e9))
    assert run('sh', decoder).returncode == 0
    assert os.path.getmtime(library) > 1.2e9


@needs_compiler
def test_build_with_flags_to_another_place(decoder, tmp_path):
    output = str(tmp_path / 'other folder' / 'answer.so')
    os.mkdir(os.path.dirname(output))
    for answer in (7, 8):  # The second time, too: flags may have changed.
        process = run('sh', decoder, output, CXX=COMPILERS[0], CXXFLAGS=f'-DANSWER={answer}')
        assert process.returncode == 0, process.stderr
        with open(output + f'.{answer}', 'wb') as copy, open(output, 'rb') as file:
            copy.write(file.read())  # The same path would be loaded once only.
        assert ctypes.CDLL(copy.name).posenet_answer() == answer
    assert not os.path.exists(library_of(decoder))


@needs_compiler
def test_a_failing_build_keeps_the_library(decoder):
    assert run('sh', decoder).returncode == 0
    with open(os.path.join(os.path.dirname(decoder), 'answer.h'), 'w') as file:
        file.write('#error "broken"\n')
    process = run('sh', decoder)
    assert process.returncode not in (0, 3)
    assert 'broken' in process.stderr
    assert ctypes.CDLL(library_of(decoder)).posenet_answer() == 42
    assert not [name for name in os.listdir(os.path.dirname(decoder)) if '.part' in name]


def test_build_without_a_compiler(decoder, tmp_path):
    path = programs(tmp_path / 'bin', ['sh', 'dirname', 'find', 'mktemp', 'rm', 'sed'])
    process = run('sh', decoder, PATH=path)
    assert process.returncode == 3
    assert process.stderr.count('\n') == 1
    assert process.stderr.startswith('error: found no C++ compiler')


def test_build_with_zig(decoder, tmp_path):
    pytest.importorskip('ziglang')
    script(tmp_path / '.venv' / 'bin' / 'python', f'exec {sys.executable} "$@"\n')
    path = programs(tmp_path / 'bin', ['sh', 'dirname', 'find', 'mktemp', 'mv', 'rm', 'sed'])
    process = run('sh', decoder, PATH=path)
    assert process.returncode == 0, process.stderr
    assert ctypes.CDLL(library_of(decoder)).posenet_answer() == 42


def test_build_wrong_usage(decoder):
    process = run('sh', decoder, '--wrong')
    assert process.returncode == 2
    assert process.stderr.startswith('error: ')


# install_requirements.sh

@pytest.fixture
def installer(tmp_path):
    """A copy of the installer in a folder of its own, where it cannot touch the checkout."""
    return shutil.copy(os.path.join(ROOT, 'install_requirements.sh'), str(tmp_path))


def test_help(installer):
    process = run('sh', installer, '--help')
    assert process.returncode == 0
    assert 'sh install_requirements.sh [--dev]' in process.stdout
    assert process.stderr == ''


@pytest.mark.parametrize('argument', ['--wrong', 'extra', ''])
def test_wrong_usage(installer, argument):
    process = run('sh', installer, argument)
    assert process.returncode == 2
    assert process.stderr.count('\n') == 1
    assert process.stderr.startswith('error: ')


@pytest.mark.parametrize('version', ['2.7', '3.6', '3.14', '4.0', '3.70', '3.1'])
def test_a_python_that_does_not_fit(installer, tmp_path, version):
    python = script(tmp_path / 'bin' / 'python', f'echo {version}\n')
    process = run('sh', installer, PYTHON=python)
    assert process.returncode == 1
    assert process.stderr.count('\n') == 1
    assert f'is Python {version}, need 3.7 to 3.13' in process.stderr


@pytest.mark.parametrize('python', ['no-such-python', '/dev/null', 'false'])
def test_what_is_no_python(installer, python):
    process = run('sh', installer, PYTHON=python)
    assert process.returncode == 1
    assert process.stderr.count('\n') == 1
    assert process.stderr.startswith('error: ')


def test_a_venv_of_another_python(installer, tmp_path):
    script(tmp_path / '.venv' / 'bin' / 'python', 'echo 3.8\n')
    process = run('sh', installer, PYTHON=script(tmp_path / 'python', 'echo 3.11\n'))
    assert process.returncode == 1
    assert process.stderr.count('\n') == 1
    assert 'is of Python 3.8, ' in process.stderr and 'PYTHON=python3.8' in process.stderr
