"""pose_camera.py's speed against that of its network alone, and its delay, on a sample clip.

example:
  python3 benchmarks/pose_camera.py --model models/mobilenet/…353_481_quant_decoder.tflite

The network alone is measured on frames that lie decoded in memory, before and after each run of
the demo, and the demo's frames a second over the mean of both. The demo's network runs at the same
time as its capture and drawing, so they share the cores. The delay is from capture to display, of
a source of 30 frames a second. A window is measured where there is a display.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from typing import List

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, ROOT)

from pose_engine import PoseEngine  # noqa: E402

REPEATS = 2  # of the clip's 10 seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', required=True, metavar='FILE')
    parser.add_argument('--clip', default=os.path.join(ROOT, 'samples', 'three_people.mp4'),
                        metavar='FILE', help='default: %(default)s')
    parser.add_argument('--runs', type=int, default=5, help='default: %(default)s')
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        clip = os.path.join(folder, 'long.mp4')
        subprocess.run(['ffmpeg', '-v', 'error', '-stream_loop', str(REPEATS - 1), '-i', args.clip,
                        '-c', 'copy', clip], check=True)
        outputs = {'headless': ['--headless'], 'mp4': ['--output', os.path.join(folder, 'out.mp4')],
                   'serve': ['--serve', '0']}
        if os.environ.get('DISPLAY'):
            outputs['window'] = []
        frames = read(args.clip)
        engine = PoseEngine(args.model)
        alone, shares = [network(engine, frames)], {name: [] for name in outputs}
        for _ in range(args.runs):
            for name, options in outputs.items():
                fps = demo(args.model, clip, options)[0]
                alone.append(network(engine, frames))
                shares[name].append(fps / np.mean(alone[-2:]))
        print(f'network alone: {np.median(alone):.1f} fps ({min(alone):.1f} to {max(alone):.1f})')
        for name, options in outputs.items():
            _, p50, p95 = demo(args.model, args.clip, [*options, '--realtime'])
            print(f'{name}: {np.median(shares[name]):.2f} of the network alone '
                  f'({min(shares[name]):.2f} to {max(shares[name]):.2f}); '
                  f'at 30 fps delay p50 {p50:.1f} ms, p95 {p95:.1f} ms')


def read(clip: str) -> List[np.ndarray]:
    """A clip's frames, RGB."""
    video, frames = cv2.VideoCapture(clip), []
    while True:
        got, frame = video.read()
        if not got:
            return frames
        frames.append(np.ascontiguousarray(frame[:, :, ::-1]))


def network(engine: PoseEngine, frames: List[np.ndarray]) -> float:
    """Frames a second of the engine's network."""
    for frame in frames[:10]:
        engine.DetectPosesInImage(frame)
    start = time.perf_counter()
    for _ in range(REPEATS):
        for frame in frames:
            engine.DetectPosesInImage(frame)
    return REPEATS * len(frames) / (time.perf_counter() - start)


def demo(model: str, clip: str, options: List[str]) -> 'tuple[float, float, float]':
    """Frames a second, and delays p50 and p95 in ms, as pose_camera.py says with --stats."""
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'pose_camera.py'), '--stats',
                           '--model', model, '--videosrc', clip, *options],
                          stderr=subprocess.PIPE, check=True)
    said = done.stderr.decode()
    found = re.search(r'p50 ([\d.]+) ms, p95 ([\d.]+) ms; .* ([\d.]+) a second', said)
    return float(found.group(3)), float(found.group(1)), float(found.group(2))


if __name__ == '__main__':
    main()
