"""Where the engine's time goes, for a 640x480 picture and each of Google's models.

example:
  python3 benchmarks/engine.py
  python3 benchmarks/engine.py --models ../models --picture couple.jpg --frames 300

Each figure is the median over the frames, in milliseconds:
  network    the interpreter's invoke, less the decoder
  decoder    PosenetDecoderOp, timed on the network's feature maps
  resizing   the picture into the model's input
  Python     the rest of DetectPosesInImage: outputs into poses, coordinates into the picture's
  engine     all of DetectPosesInImage; fps are its reciprocal
  PIL        for comparison: PIL's NEAREST resize of the same picture, and set_tensor
"""
import argparse
import os
import resource
import sys
import time
from typing import Callable

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from pose_engine import POSENET_SHARED_LIB, PoseEngine  # noqa: E402
from posesuite.engine.device import import_runtime  # noqa: E402
from posesuite.engine.raw_decoder import RawDecoder  # noqa: E402

SIZES = ('353_481', '481_641', '721_1281')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--models', default=os.path.join(HERE, '..', 'models', 'mobilenet'),
                        metavar='FOLDER', help='with Google\'s models (default: %(default)s)')
    parser.add_argument('--picture', default=os.path.join(HERE, '..', 'samples', 'couple.jpg'),
                        metavar='FILE', help='resized to 640x480 (default: %(default)s)')
    parser.add_argument('--frames', type=int, default=100, help='default: %(default)s')
    args = parser.parse_args()

    pil_image = Image.open(args.picture).convert('RGB').resize((640, 480))
    picture = np.asarray(pil_image)
    print(f'{"model":10}{"poses":>6}{"network":>9}{"decoder":>9}{"resizing":>9}{"Python":>9}'
          f'{"engine":>9}{"fps":>7}{"PIL":>8}{"peak MB":>9}')
    for size in SIZES:
        path = os.path.join(args.models, f'posenet_mobilenet_v1_075_{size}_quant_decoder.tflite')
        try:
            engine = PoseEngine(path)
        except RuntimeError as error:
            parser.exit(1, f'error: {error}\n')
        poses, _ = engine.DetectPosesInImage(picture)
        whole, invoke = [], []
        for _ in range(args.frames):
            start = time.perf_counter()
            _, inference_time = engine.DetectPosesInImage(picture)
            whole.append(time.perf_counter() - start)
            invoke.append(inference_time)
        rest = median([a - b for a, b in zip(whole, invoke)])
        resizing = timed(lambda engine=engine: engine._set_input(picture), args.frames)
        decoder = decoder_time(path, engine, args.frames)
        pil = timed(lambda engine=engine: np.asarray(
            pil_image.resize(engine.input_size, Image.NEAREST))[None].copy(), args.frames)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f'{size:10}{len(poses):6}{median(invoke) - decoder:9.2f}{decoder:9.3f}'
              f'{resizing:9.2f}{rest - resizing:9.2f}{median(whole):9.2f}'
              f'{1000 / median(whole):7.1f}{pil:8.2f}{peak:9.0f}')


def decoder_time(path: str, engine: PoseEngine, frames: int) -> float:
    """Milliseconds of the decoder on the feature maps that the engine's last picture gave."""
    runtime = import_runtime('ai_edge_litert', 'tflite_runtime')
    interpreter = runtime.Interpreter(
        path, experimental_preserve_all_tensors=True,
        experimental_delegates=[runtime.load_delegate(POSENET_SHARED_LIB)])
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]['index'], engine._input().copy())
    interpreter.invoke()
    width, height = engine.input_size
    maps = [next(tensor for tensor in interpreter.get_tensor_details() if tuple(tensor['shape'])
                 == (1, (height - 1) // 16 + 1, (width - 1) // 16 + 1, channels))
            for channels in (17, 34, 64)]
    values = [interpreter.get_tensor(tensor['index']) for tensor in maps]
    decoder = RawDecoder(POSENET_SHARED_LIB, maps, 16, {})
    return timed(lambda: decoder(values), frames * 10)


def timed(function: Callable[[], object], times: int) -> float:
    """Median of the milliseconds that a call takes."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


def median(seconds: list) -> float:
    return float(np.median(seconds)) * 1000


if __name__ == '__main__':
    main()
