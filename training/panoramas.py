"""Turns CC0 panoramas into backdrops: those of Blender's Debian package that show no people.

    apt-get download blender-data && dpkg -x blender-data_*.deb blender
    python3 training/panoramas.py blender/usr/share/blender/datafiles/studiolights/world backdrops

They are by Greg Zaal (HDRI Haven), CC0. `sunset` is left out: passers-by are in it, and no
photograph of a person is used for training.
"""
import pathlib
import sys

import cv2
import numpy as np
import OpenEXR

WITHOUT_PEOPLE = ['city', 'courtyard', 'forest', 'interior', 'night', 'studio', 'sunrise']
MIDDLE_GREY = .22


def tone_map(light: np.ndarray) -> np.ndarray:
    """[Y, X, 3] uint8 from float32 radiances: the geometric mean becomes MIDDLE_GREY."""
    light = np.clip(light.astype(np.float32), 0, 60)
    exposure = MIDDLE_GREY / np.exp(np.log(light.mean(2) + 1e-3).mean())
    return (np.clip(light * exposure, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def main() -> int:
    """Converts the panoramas."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = map(pathlib.Path, sys.argv[1:])
    target.mkdir(parents=True, exist_ok=True)
    for name in WITHOUT_PEOPLE:
        path = source / f'{name}.exr'
        if not path.exists():
            print(f'error: {path} is missing', file=sys.stderr)
            return 1
        with OpenEXR.File(str(path)) as file:
            image = tone_map(file.channels()['RGB'].pixels)
        cv2.imwrite(str(target / f'{name}.png'), image[..., ::-1])
    return 0


if __name__ == '__main__':
    sys.exit(main())
