"""Turns a trained network into .tflite files like Google's: int8 inside, uint8 at both ends.

For each size one file with the decoder op at its end, for the CPU, and one without it, for the
Edge TPU compiler. Needs litert-torch and ai-edge-quantizer (training/requirements.txt).

Example:
  python3 training/export.py --model run/model.pt --data data --output models/mine
"""
import argparse
import pathlib
import sys
import tempfile

import litert_torch
import numpy as np
import torch
from ai_edge_quantizer import calibrator, quantizer, recipe, recipe_manager
from ai_edge_quantizer.utils.qsv_utils import min_max_update

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from posesuite.engine.image import fit  # noqa: E402
from training import shards, tflite  # noqa: E402
from training.network import SIZE, PoseNet, load_network  # noqa: E402

SIZES = ['353x481', '481x641', '721x1281']  # height and width
CALIBRATION_PICTURES = 200
OUTPUT_NAMES = ['heatmaps', 'short_offsets', 'mid_offsets']


def float_model(network: PoseNet, height: int, width: int) -> bytes:
    """A float32 .tflite of the network: [1, height, width, 3] of -1 to 1 in, three maps out."""
    channel_last = litert_torch.to_channel_last_io(network, args=[0], outputs=[0, 1, 2]).eval()
    converted = litert_torch.convert(channel_last, (torch.zeros(1, height, width, 3),))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / 'float.tflite'
        converted.export(str(path))
        return path.read_bytes()


def calibration_inputs(folder: pathlib.Path, signature: str, name: str) -> dict:
    """Pictures in the form that the quantizer takes."""
    paths = shards.find_shards(folder)
    if not paths:
        raise FileNotFoundError(f'{folder} holds no shard')
    places = [(path, number) for path in paths
              for number in range(len(shards.load(path, 'areas')))]
    rng = np.random.default_rng(0)
    inputs, canvas = [], np.empty((*SIZE[::-1], 3), np.uint8)
    for place in rng.permutation(len(places))[:CALIBRATION_PICTURES]:
        path, number = places[place]
        fit(np.ascontiguousarray(shards.load(path, 'images')[number]), canvas)
        image = canvas[None].astype(np.float32) / 128 - 1
        # Black and white in every picture: the input's scale becomes 1/128, as in Google's.
        image[0, 0, 0], image[0, 0, 1] = -1, 255 / 128 - 1
        inputs.append({name: image})
    return {signature: inputs}


def quantized_model(data: bytes, calibration: dict) -> bytes:
    """The model with int8 weights and activations, and uint8 ends."""
    work = quantizer.Quantizer(data, recipe.static_wi8_ai8())
    quantized = work.quantize(calibration).quantized_model
    return tflite.with_uint8_ends(bytes(quantized), 'image', OUTPUT_NAMES)


def calibrate(network: PoseNet, folder: pathlib.Path) -> dict:
    """Ranges of all activations, by tensor name; they hold for every size of the input.

    They are the extremes of all pictures. The quantizer's own way, a moving average of each
    picture's extremes, cuts off the heatmaps' highest values, since many pictures show nobody.
    """
    data = float_model(network, *SIZE[::-1])
    recipes = recipe_manager.RecipeManager()
    recipes.load_quantization_recipe(recipe.static_wi8_ai8())
    work = calibrator.Calibrator(data, qsv_update_func=min_max_update)
    definition = tflite.read(data).signatureDefs[0]
    work.calibrate(calibration_inputs(
        folder, definition.signatureKey.decode(), definition.inputs[0].name.decode()), recipes)
    return work.get_model_qsvs()


def main() -> int:
    """Writes all files."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', type=pathlib.Path, required=True, metavar='FILE',
                        help="train.py's model.pt")
    parser.add_argument('--data', type=pathlib.Path, required=True, metavar='FOLDER',
                        help='shards, for the ranges of activations')
    parser.add_argument('--output', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--name', default='my_posenet_mobilenet_v1',
                        help="begin of the names, not the bundled models', whose hashes are "
                             'checked (default: %(default)s)')
    parser.add_argument('--sizes', nargs='+', default=SIZES, choices=SIZES,
                        help='(default: all)')
    parser.add_argument('--float', action='store_true', help='write float32 files as well')
    args = parser.parse_args()
    try:
        network = load_network(str(args.model))
        args.output.mkdir(parents=True, exist_ok=True)
        calibration = calibrate(network, args.data)
        for size in args.sizes:
            height, width = map(int, size.split('x'))
            begin = f'{args.name}_{round(network.width * 100):03d}_{height}_{width}'
            data = float_model(network, height, width)
            quantized = quantized_model(data, calibration)
            files = {f'{begin}_quant.tflite': quantized,
                     f'{begin}_quant_decoder.tflite': tflite.with_decoder(quantized)}
            if args.float:
                files[f'{begin}_float_decoder.tflite'] = tflite.with_decoder(data)
            for name, content in files.items():
                (args.output / name).write_bytes(content)
                print(f'{args.output / name}: {len(content)} bytes', file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f'error: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
