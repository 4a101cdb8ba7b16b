"""The speed of pose_camera.py relative to its network alone, and its latency, on a sample clip.

example:
  python3 benchmarks/pose_camera.py --runs 3

The network alone is measured on decoded frames in memory, before and after each run of the demo;
the demo's frames per second are divided by the mean of both. The demo's network runs at the same
time as its capture and drawing, so they share the cores. The latency is from capture to display,
with a source of 30 frames per second. A window is measured where there is a display.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from typing import List, Tuple

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path.insert(0, ROOT)

from pose_engine import PoseEngine  # noqa: E402
from posesuite.engine.choice import default_model  # noqa: E402

WARM_UP = 10  # frames


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--model', metavar='FILE', help='default: that of pose_camera.py --res '
                        '480x360')
    parser.add_argument('--clip', default=os.path.join(ROOT, 'samples', 'three_people.mp4'),
                        metavar='FILE', help='default: %(default)s')
    parser.add_argument('--runs', type=int, default=5, help='default: %(default)s')
    parser.add_argument('--frames', type=int, default=600,
                        help='of each run (default: %(default)s)')
    args = parser.parse_args()
    args.model = args.model or default_model((480, 360))

    with tempfile.TemporaryDirectory() as folder:
        outputs = {'headless': ['--headless'], 'mp4': ['--output', os.path.join(folder, 'out.mp4')],
                   'serve': ['--serve', '0', '--full-speed']}
        if os.environ.get('DISPLAY'):
            outputs['window'] = ['--full-speed']
        clip = os.path.join(folder, 'long.mp4')
        subprocess.run(['ffmpeg', '-v', 'error', '-stream_loop', '-1', '-i', args.clip,
                        '-frames:v', str(args.frames), '-c', 'copy', clip], check=True)
        frames = read(clip)
        engine = PoseEngine(args.model)
        alone, shares = [network(engine, frames)], {name: [] for name in outputs}
        for _ in range(args.runs):
            for name, options in outputs.items():
                fps = demo(args.model, clip, options)[0]
                alone.append(network(engine, frames))
                shares[name].append(fps / np.mean(alone[-2:]))
        print(f'network alone: {np.median(alone):.1f} fps ({min(alone):.1f} to {max(alone):.1f})')
        for name, options in outputs.items():
            options = [option for option in options if option != '--full-speed']
            _, p50, p95 = demo(args.model, clip, [*options, '--realtime'])
            print(f'{name}: {np.median(shares[name]):.2f} of the network alone '
                  f'({min(shares[name]):.2f} to {max(shares[name]):.2f}); '
                  f'at 30 fps latency p50 {p50:.1f} ms, p95 {p95:.1f} ms')


def read(clip: str) -> List[np.ndarray]:
    """A clip's frames, uint8 [Y, X, RGB]."""
    video, frames = cv2.VideoCapture(clip), []
    while True:
        got, frame = video.read()
        if not got:
            return frames
        frames.append(np.ascontiguousarray(frame[:, :, ::-1]))


def network(engine: PoseEngine, frames: List[np.ndarray]) -> float:
    """Frames per second of the engine's network."""
    for frame in frames[:WARM_UP]:
        engine.DetectPosesInImage(frame)
    start = time.perf_counter()
    for frame in frames:
        engine.DetectPosesInImage(frame)
    return len(frames) / (time.perf_counter() - start)


def demo(model: str, clip: str, options: List[str]) -> Tuple[float, float, float]:
    """Frames per second, and latencies p50 and p95 in ms, as pose_camera.py --stats prints them."""
    done = subprocess.run([sys.executable, os.path.join(ROOT, 'pose_camera.py'), '--stats',
                           '--model', model, '--videosrc', clip, *options],
                          stderr=subprocess.PIPE, check=True)
    said = done.stderr.decode()
    found = re.search(r'p50 ([\d.]+) ms, p95 ([\d.]+) ms; .* ([\d.]+) a second', said)
    return float(found.group(3)), float(found.group(1)), float(found.group(2))


if __name__ == '__main__':
    main()
