"""The stand-in for the Edge TPU, compiled, and a model that only it runs."""
import os
import shutil
import subprocess

from helpers import ROOT, SIZES, bundled_model

STAND_IN = os.path.join(ROOT, 'tests', 'engine', 'edgetpu_stand_in')


def build_library(compiler: str, folder: str) -> None:
    """Compiles the stand-in's libedgetpu.so.1 into a folder. Linux on 64 bits only."""
    subprocess.run([compiler, '-std=c++17', '-O1', '-Wall', '-Wextra', '-Werror', '-shared',
                    '-fPIC', '-fvisibility=hidden', '-I', os.path.join(ROOT, 'posenet_decoder'),
                    os.path.join(STAND_IN, 'libedgetpu.cc'),
                    '-o', os.path.join(folder, 'libedgetpu.so.1')], check=True, timeout=300)


def build_model(folder: str) -> str:
    """The bundled model for the stand-in, with its file for the CPU beside it; returns its path.

    Raises ImportError where ai-edge-litert, which has the schema, is missing.
    """
    import tflite_files
    for name in 'bundled', f'posenet_mobilenet_v1_075_{SIZES[0]}_quant_decoder':
        shutil.copy(bundled_model(), os.path.join(folder, f'{name}.tflite'))
    return tflite_files.for_edgetpu(bundled_model(), os.path.join(folder, 'bundled_edgetpu.tflite'))
