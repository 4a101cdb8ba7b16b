"""decoder.wasm without a browser: images are fitted as OpenCV does, and its sources make it."""
import json
import os
import platform
import subprocess
import sys

from helpers import ROOT, need, need_package
from posesuite.engine.image import fit

import cv2
import numpy as np
import pytest

WASM = os.path.join(ROOT, 'web', 'decoder', 'decoder.wasm')
ZIG = '0.17.1'  # which made it
# Width and height of images. Those that are shrunk a little have ties of half a pixel, which
# OpenCV decides otherwise from release to release and from processor to processor.
AVERAGED = [(1500, 1125), (962, 706), (1443, 1059), (1920, 1080), (3000, 2), (7, 2000)]
ENLARGED = [(1, 1), (300, 225), (217, 232), (481, 353), (2, 300), (480, 10)]
NEAREST = [(640, 480), (640, 426), (427, 640), (800, 600), (490, 360), (960, 540)]
SCRIPT = '''
import fs from 'node:fs';
import {startDecoder} from './web/engine/decoder.js';
const bytes = fs.readFileSync(process.argv[2]);
const wasm = fs.readFileSync('web/decoder/decoder.wasm');
const decoder = await startDecoder({arrayBuffer: () => wasm});
const made = [];
let at = 0;
for (const [width, height] of JSON.parse(process.argv[3])) {
  const data = bytes.subarray(at, at += 4 * width * height);
  const {rgb} = decoder.fit({data, width, height}, 481, 353);
  made.push(Buffer.from(rgb));
}
fs.writeFileSync(process.argv[4], Buffer.concat(made));
'''


def test_images_are_fitted_byte_for_byte(tmp_path):
    node = need('node')
    exact = int(cv2.__version__.split('.')[0]) >= 5 and platform.machine() in ('x86_64', 'AMD64')
    sizes = AVERAGED + ENLARGED + (NEAREST if exact else [])
    random = np.random.default_rng(1)
    images = [random.integers(0, 256, (height, width, 4), np.uint8) for width, height in sizes]
    (tmp_path / 'images').write_bytes(b''.join(image.tobytes() for image in images))
    subprocess.run([node, '--input-type=module', '-e', SCRIPT, '-', str(tmp_path / 'images'),
                    json.dumps(sizes), str(tmp_path / 'made')], cwd=ROOT, check=True)
    made = np.fromfile(str(tmp_path / 'made'), np.uint8).reshape(len(sizes), 353, 481, 3)
    for size, image, canvas in zip(sizes, images, made):
        expected = np.empty((353, 481, 3), np.uint8)
        fit(image, expected)
        assert np.array_equal(canvas, expected), size


def test_its_sources_make_it(tmp_path):
    need_package('ziglang')
    python = [sys.executable, '-m', 'ziglang']
    if subprocess.run([*python, 'version'], stdout=subprocess.PIPE).stdout.decode().strip() != ZIG:
        pytest.skip(f'another zig than {ZIG}')
    subprocess.run(['sh', os.path.join(ROOT, 'web', 'decoder', 'build.sh'),
                    str(tmp_path / 'made.wasm')], check=True,
                   env={**os.environ, 'ZIG_PYTHON': sys.executable})
    with open(WASM, 'rb') as kept, open(str(tmp_path / 'made.wasm'), 'rb') as made:
        assert kept.read() == made.read()
