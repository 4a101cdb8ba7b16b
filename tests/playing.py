"""Players who are played by figures with known wrists, and logs of such figures."""
import json
from typing import Any, Dict, Iterable, List, Optional

from figures import ADULT, musician
from posesuite.music.players import Player, Sound
from posesuite.music.theory import SCALES, key, notes
from posesuite.pose.json_poses import pose_as_json
from posesuite.pose.log import VERSION
from posesuite.pose.pose import Pose

import numpy as np

HEIGHT = 480  # pixels of the picture
RATE = 30.0  # frames a second
LADDER = notes(SCALES['major pentatonic'], key('C'), 3, 2)  # the guitar's in the demo
TOP = len(LADDER) - 1


def heard(places: Iterable[float], player: Optional[Player] = None, noise: float = 0.0,
          seed: int = 0, **options: Any) -> List[Sound]:
    """What is heard of a right wrist at places in steps of the ladder, a frame each.

    noise: its standard deviation in heights of the body; options: of musician().
    """
    player, rng = player or Player(LADDER, 0), np.random.default_rng(seed)
    tall = options.get('body', ADULT)[:, 1].max() / .92
    steps = len(player.notes) - 1
    return [player.update(musician(place / steps, off=rng.normal(0, noise * tall, 2), **options),
                          frame / RATE, HEIGHT) for frame, place in enumerate(places)]


def runs(sounds: Iterable[Sound]) -> List[int]:
    """The notes one after another."""
    result = []
    for sound in sounds:
        if result[-1:] != [sound.note]:
            result.append(sound.note)
    return result


def up_and_down(top: int, frames: int) -> np.ndarray:
    """Places from 0 to the top and back, each in a number of frames, with a second's rests."""
    return np.concatenate([np.zeros(30), np.linspace(0, top, frames), np.full(30, top),
                           np.linspace(top, 0, frames), np.zeros(30)])


def at(step: float, left: float = 0.8, **more: Any) -> Dict[int, Pose]:
    """One player whose right wrist is at a note of LADDER."""
    return {0: musician(step / TOP, left, **more)}


def write_log(path: Any, frames: Iterable[Dict[int, Pose]]) -> str:
    """Writes a pose log of 640x480 pixels, RATE frames a second; returns its path."""
    with open(str(path), 'w') as file:
        json.dump({'version': VERSION, 'source': 'test', 'fps': RATE, 'width': 640,
                   'height': HEIGHT}, file)
        for number, people in enumerate(frames):
            poses = [dict(id=identity, **pose_as_json(somebody))
                     for identity, somebody in people.items()]
            line = {'frame': number, 'time': round(number / RATE, 4), 'poses': poses}
            file.write('\n' + json.dumps(line))
        file.write('\n')
    return str(path)
