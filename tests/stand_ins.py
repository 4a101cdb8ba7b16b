"""The stand-in for the Edge TPU, compiled, and a model that only it runs.

tools/museum.py uses it too, where there is no pytest.
"""
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NETWORK = 'mobilenet_v1_075_353_481_quant_decoder.tflite'
MODEL = os.path.join(ROOT, 'models', 'rendered', f'posenet_rendered_{NETWORK}')
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
    for name in 'bundled.tflite', f'posenet_{NETWORK}':
        shutil.copy(MODEL, os.path.join(folder, name))
    return tflite_files.for_edgetpu(MODEL, os.path.join(folder, 'bundled_edgetpu.tflite'))
