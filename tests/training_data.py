"""Runs the training's scripts and makes small data for them."""
import subprocess
import sys
from typing import Any, List

from helpers import ROOT

import numpy as np


def run(*command: Any) -> str:
    """Runs a script of training/; returns what it prints on stdout."""
    done = subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, capture_output=True,
                          text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def write_pictures(folder: Any, count: int) -> List[Any]:
    """A shard of noise with one person whose keypoints are known in each picture but the last."""
    from training import shards
    from training.scenes import HEIGHT, MAX_PEOPLE, SEEN, WIDTH
    rng = np.random.default_rng(1)
    keypoints = np.zeros((count, MAX_PEOPLE, 17, 3), np.float32)
    keypoints[:-1, 0] = [200, 150, SEEN]
    shards.write_shard(shards.shard_path(folder, 0),
                       images=rng.integers(0, 256, (count, HEIGHT, WIDTH, 3), np.uint8),
                       keypoints=keypoints, areas=np.zeros((count, MAX_PEOPLE), np.float32))
    return shards.find_shards(folder)
