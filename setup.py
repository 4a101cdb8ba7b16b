"""What pyproject.toml cannot say of the suite's wheel: what goes into its one package posesuite.

    posesuite/scripts          the scripts, which become commands
    posesuite/models, samples  the bundled models, what the demos show without a camera
    posesuite/posenet_decoder  the decoder, compiled for the wheel's platform
    posesuite/web              besides its modules the page of pose_web.py

There are no extension modules in it, so one wheel serves every Python of a platform. For another
platform than this, tools/build_wheels.py names the wheel's by --plat-name and zig's in
$DECODER_TARGET.
"""
import glob
import os
import shutil
import subprocess
import sys
import tempfile
from typing import Any, List, Tuple

from setuptools import Distribution, find_packages, setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:  # before setuptools 70.1
    from wheel.bdist_wheel import bdist_wheel

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = ('pose_camera', 'simple_pose', 'anonymizer', 'synthesizer', 'visits', 'pose_log',
           'pose_trainer', 'pose_server', 'pose_web', 'doctor')
DATA = ('LICENSE', 'models/SHA256SUMS', 'models/SIZES', 'models/rendered/*_quant_decoder.tflite',
        'samples/couple.jpg', 'samples/one_person.mp4', 'samples/trio.jsonl',
        *(f'web/{name}' for name in (
            '*.html', '*.css', '*.js', '*.d.ts', 'package.json', 'README.md', 'page/*.js',
            'engine/*.js', 'decoder/decoder.wasm', 'litert/S*')))


class Build(build_py):
    """Puts scripts, data and the decoder into the package."""

    def run(self) -> None:
        super().run()
        if getattr(self, 'editable_mode', False):
            run_build_script([])
            return
        package = os.path.join(self.build_lib, 'posesuite')
        for name in DATA:
            for path in glob.glob(os.path.join(glob.escape(HERE), name)):
                put(path, os.path.join(package, os.path.relpath(path, HERE)))
        for name in SCRIPTS:
            put(os.path.join(HERE, f'{name}.py'), os.path.join(package, 'scripts', f'{name}.py'))
        with open(os.path.join(package, 'scripts', '__init__.py'), 'w') as file:
            file.write('"""The scripts, which pip installs as commands."""\n')
        platform = self.get_finalized_command('bdist_wheel').plat_name
        name = ('posenet_decoder.dll' if platform.startswith('win') else
                'posenet_decoder.dylib' if platform.startswith('macosx') else 'posenet_decoder.so')
        library = os.path.abspath(os.path.join(package, 'posenet_decoder', name))
        os.makedirs(os.path.dirname(library), exist_ok=True)
        target = os.environ.get('DECODER_TARGET')
        run_build_script([*(['--target', target] if target else []), library])


class Suite(Distribution):
    """Belongs where a platform's own packages do."""

    def has_ext_modules(self) -> bool:
        return True


class Wheel(bdist_wheel):
    """For every Python 3, but for one platform."""

    def get_tag(self) -> Tuple[str, str, str]:
        return ('py3', 'none', super().get_tag()[2])


def put(source: str, target: str) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(source, target)


def run_build_script(arguments: List[str], **options: Any) -> int:
    """Runs posenet_decoder/build.sh, for which zig, if needed, is this Python's."""
    script = os.path.join(HERE, 'posenet_decoder', 'build.sh')
    if shutil.which('sh') is None:
        sys.exit('error: compiling the decoder needs a POSIX shell (sh); a wheel needs none')
    env = {**os.environ, 'ZIG_PYTHON': sys.executable}
    done = subprocess.run(['sh', script, *arguments], env=env, **options)
    if done.returncode not in (0, 3) or done.returncode and arguments != ['--find']:
        sys.exit('error: the decoder could not be compiled')
    return done.returncode


def build_requirements() -> List[str]:
    """Zig, where no other compiler works; pip asks for this before it builds."""
    quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}
    return ['ziglang'] if run_build_script(['--find'], **quiet) else []


if __name__ == '__main__':
    # Not in the checkout: what an earlier build left there would be in the next wheel.
    with tempfile.TemporaryDirectory() as work:
        setup(packages=find_packages(include=['posesuite', 'posesuite.*']),
              py_modules=['pose_engine'],
              package_data={'': ['*.html', '*.js', 'openapi.json', 'shipped/*.json',
                                 'languages/*.po', 'py.typed']},
              license='Apache-2.0',
              setup_requires=build_requirements(),
              distclass=Suite,
              cmdclass={'build_py': Build, 'bdist_wheel': Wheel},
              options={'build': {'build_base': work}, 'egg_info': {'egg_base': work}})
