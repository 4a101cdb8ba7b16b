"""Makes a PoseNet of another output stride, size or form out of a .tflite file, without training.

The weights stay, so nothing is learned for the new form. Needs no PyTorch. Examples:
  python3 training/variants.py MODEL --stride 8 --output MODEL_8.tflite
  python3 training/variants.py MODEL --size 257x257 --stride 32 --displacements --output 257.tflite
A stride of 8 has four times the cells of 16, for people who are small, and takes longer; 32 has a
quarter of them. --displacements gives the form of the TFLite guide's PoseNet: float32 in, and
heatmaps, offsets, displacements forward and backward out.
"""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from posesuite.engine.tflite_file import is_whole  # noqa: E402
from training import tflite  # noqa: E402


def variant(data: bytes, stride: int = 16, size: 'tuple[int, int] | None' = None,
            displacements: bool = False) -> bytes:
    """A PoseNet of output stride 16, made anew; it keeps the decoder op if it has it.

    size: height and width in pixels, multiples of the stride plus 1; default: those of the model.

    Raises:
      ValueError: the model or the size does not fit.
    """
    if not is_whole(data):
        raise ValueError('it is no whole TensorFlow Lite model')
    decoder = tflite.has_decoder(data)
    if decoder:
        data = tflite.without_decoder(data)
    height, width = size or tflite.input_size(data)
    if any(side % stride != 1 for side in (height, width)):
        fitting = 'x'.join(str(round((side - 1) / stride) * stride + 1) for side in (height, width))
        raise ValueError(f'{height}x{width} does not fit: the sides must be multiples of {stride}, '
                         f'plus 1, such as --size {fitting}')
    if size is not None:
        data = tflite.with_size(data, height, width)
    data = tflite.with_stride(data, stride)
    if displacements:
        return tflite.with_displacements(data)
    return tflite.with_decoder(data, stride) if decoder else data


def size(text: str) -> 'tuple[int, int]':
    """An argument such as 257x257, height and width."""
    height, width = map(int, text.split('x'))
    if not 17 <= min(height, width) <= max(height, width) <= 4096:
        raise argparse.ArgumentTypeError('sides must be from 17 to 4096')
    return height, width


def main() -> int:
    """Writes the file."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model', type=pathlib.Path, metavar='MODEL',
                        help='a .tflite of output stride 16, as those of export.py')
    parser.add_argument('--output', type=pathlib.Path, required=True, metavar='FILE')
    parser.add_argument('--stride', type=int, default=16, choices=(8, 16, 32),
                        help='pixels of the input from one cell to the next (default: %(default)s)')
    parser.add_argument('--size', type=size, metavar='HEIGHTxWIDTH',
                        help='of the input (default: as it is)')
    parser.add_argument('--displacements', action='store_true',
                        help="the TFLite guide's four outputs; without the decoder op")
    args = parser.parse_args()
    try:
        args.output.write_bytes(variant(args.model.read_bytes(), args.stride, args.size,
                                        args.displacements))
    except (OSError, RuntimeError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
