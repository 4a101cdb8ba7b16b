"""Measures the decoder library alone, on the feature maps of the bundled network and of Google's.

Prints the median time of a call in microseconds, for the maps as the network leaves them (uint8)
and for the same values as float32. With --compare another build of the library takes turns with
it, and the ratio of the medians is printed. Ratios below 1 mean that the new build is faster.

examples:
  python3 benchmarks/decoder.py
  git worktree add ../before HEAD~1 && sh ../before/posenet_decoder/build.sh
  python3 benchmarks/decoder.py --compare ../before/posenet_decoder/posenet_decoder.so
  valgrind --tool=callgrind --toggle-collect=posenet_decode python3 benchmarks/decoder.py --calls 1
"""
import argparse
import ctypes
import glob
import os
import sys
import time
from typing import Any, Callable, Dict, List, Tuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from posesuite.engine.device import RUNTIMES, import_runtime  # noqa: E402
from posesuite.engine.raw_decoder import POSE_FLOATS, library_path  # noqa: E402

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

# The structs of posenet_decoder/decoder.h.
MAP = np.dtype([('data', np.uintp), ('type', 'i4'), ('height', 'i4'), ('width', 'i4'),
                ('channels', 'i4'), ('scale', 'f4'), ('zero_point', 'i4')], align=True)
OPTIONS = np.dtype([('max_poses', 'i4'), ('stride', 'i4'), ('score_threshold', 'f4'),
                    ('nms_radius', 'f4'), ('coral', 'i4')])
TYPES = {'float32': 1, 'uint8': 3, 'int8': 9}
FOLDERS = [os.path.join(ROOT, 'models', 'rendered'),
           os.path.join(ROOT, 'tests', 'data', 'models', 'mobilenet', 'components')]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--models', nargs='+', metavar='FOLDER', default=FOLDERS,
                        help='where *_quant.tflite networks without the op lie (default: those of '
                             'models/rendered and what tests/download.py fetches)')
    parser.add_argument('--picture', metavar='FILE',
                        default=os.path.join(ROOT, 'samples', 'couple.jpg'),
                        help='default: samples/couple.jpg')
    parser.add_argument('--compare', metavar='LIBRARY', help='another build of the decoder')
    parser.add_argument('--calls', type=int, default=2000, metavar='N', help='default: %(default)s')
    args = parser.parse_args()

    libraries = [library_path()] + ([args.compare] if args.compare else [])
    networks = [path for folder in args.models
                for path in sorted(glob.glob(os.path.join(glob.escape(folder), '*_quant.tflite')))]
    print(f'{"network":48}{"maps":>8}{"poses":>6}{"us":>8}'
          + (f'{"compared":>10}{"ratio":>7}' if args.compare else ''))
    for network in networks:
        quantised = feature_maps(network, args.picture)
        floats = [(dequantised(values, scale, zero_point), 1.0, 0)
                  for values, scale, zero_point in quantised]
        for maps in (quantised, floats):
            calls = [bound(library, maps) for library in libraries]
            times = medians(calls, args.calls)
            print(f'{os.path.basename(network)[:-7]:48}{maps[0][0].dtype.name:>8}{calls[0]():6}'
                  f'{times[0]:8.1f}'
                  + (f'{times[1]:10.1f}{times[0] / times[1]:7.2f}' if args.compare else ''))


def feature_maps(network: str, picture: str) -> List[Tuple[np.ndarray, float, int]]:
    """(stored values [h, w, channels], scale, zero point) of heatmaps, short and mid offsets."""
    made = import_runtime(*RUNTIMES).Interpreter(network)
    made.allocate_tensors()
    details = made.get_input_details()[0]
    _, height, width, _ = details['shape']
    image = Image.open(picture).convert('RGB').resize((width, height), Image.NEAREST)
    made.set_tensor(details['index'], np.asarray(image)[None])
    made.invoke()
    outputs: Dict[int, Any] = {each['shape'][3]: each for each in made.get_output_details()}
    return [(made.get_tensor(outputs[channels]['index'])[0], *outputs[channels]['quantization'])
            for channels in (17, 34, 64)]


def dequantised(values: np.ndarray, scale: float, zero_point: int) -> np.ndarray:
    return (values.astype(np.float32) - zero_point) * np.float32(scale)


def bound(library: str, maps: List[Tuple[np.ndarray, float, int]]) -> Callable[[], int]:
    """A call of the library on these maps, with nothing else in it; it returns the pose count."""
    features = np.zeros(5, MAP)  # heatmaps, short, forward, backward, long offsets
    for i, (values, scale, zero_point) in enumerate([*maps, maps[2]]):
        height, width, channels = values.shape
        first = 32 * values.itemsize if i == 3 else 0  # backward follows forward in each cell
        features[i] = (values.ctypes.data + first, TYPES[values.dtype.name], height, width,
                       channels, scale, zero_point)
    options = np.array([(10, 16, 0.2, 10.0, 1)], OPTIONS)
    poses, count = np.zeros((10, POSE_FLOATS), np.float32), ctypes.c_int32()
    decode = ctypes.CDLL(os.path.abspath(library)).posenet_decode
    decode.restype = ctypes.c_char_p
    arguments = [ctypes.c_void_p(array.ctypes.data) for array in (features, options, poses)]

    def call() -> int:
        error = decode(*arguments, ctypes.byref(count))
        if error:
            raise ValueError(error.decode())
        return count.value

    call.arrays = (maps, features, options, poses)  # type: ignore[attr-defined] # the call's memory
    return call


def medians(calls: List[Callable[[], int]], times: int) -> List[float]:
    """The median microseconds of each call; the calls take turns."""
    seconds = np.zeros((len(calls), times))
    for turn in range(times):
        for i, call in enumerate(calls):
            start = time.perf_counter()
            call()
            seconds[i, turn] = time.perf_counter() - start
    return list(np.median(seconds, axis=1) * 1e6)


if __name__ == '__main__':
    main()
