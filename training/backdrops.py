"""Backdrops and posters for renders: photographs without people, out of Debian's packages.

    apt-get download blender-data lomiri-wallpapers-16.04 lomiri-wallpapers-20.04 \\
        mate-backgrounds plasma-workspace-wallpapers
    for package in *.deb; do dpkg -x $package debian; done
    python3 training/backdrops.py debian backdrops

Blender's panoramas are by Greg Zaal (HDRI Haven), CC0; the wallpapers' authors and free licences
are in their packages. Each picture named here was looked at, and no photograph of a person is used
for training: so of the panoramas `sunset` is left out, for its passers-by.
"""
import pathlib
import sys

import cv2
import numpy as np
import OpenEXR

WORLDS = 'usr/share/blender/datafiles/studiolights/world'
PANORAMAS = ['city', 'courtyard', 'forest', 'interior', 'night', 'studio', 'sunrise']
WALLPAPERS = [
    'backgrounds/Bridge_by_Sander_Klootwijk.jpg',
    'backgrounds/Dragonfly_by_Bolly.jpg',
    'backgrounds/Picture_0B_by_freespace.jpg',
    'backgrounds/Picture_1A_by_freespace.jpg',
    'backgrounds/Wine_by_Jakkub_Mede.jpg',
    'backgrounds/aitzgorri_by_Aitzol_Berasategi.jpg',
    'backgrounds/free_by_Peter_Nerlich.jpg',
    'backgrounds/friends_by_Aitzol_Berasategi.jpg',
    'backgrounds/greentock_by_Peter_Nerlich.jpg',
    'backgrounds/life_by_Aitzol_Berasategi.jpg',
    'backgrounds/mate/nature/Aqua.jpg',
    'backgrounds/mate/nature/Blinds.jpg',
    'backgrounds/mate/nature/Dune.jpg',
    'backgrounds/mate/nature/FreshFlower.jpg',
    'backgrounds/mate/nature/Garden.jpg',
    'backgrounds/mate/nature/GreenMeadow.jpg',
    'backgrounds/mate/nature/LadyBird.jpg',
    'backgrounds/mate/nature/RainDrops.jpg',
    'backgrounds/mate/nature/TwoWings.jpg',
    'backgrounds/mate/nature/Wood.jpg',
    'backgrounds/mate/nature/YellowFlower.jpg',
    'backgrounds/seeding_by_Clements_Engelhardt.jpg',
    'backgrounds/sunset_by_Aitzol_Berasategi.jpg',
    'wallpapers/BytheWater/contents/images/2560x1440.jpg',
    'wallpapers/ColdRipple/contents/images/2560x1440.jpg',
    'wallpapers/ColorfulCups/contents/images/2560x1600.jpg',
    'wallpapers/DarkestHour/contents/images/2560x1440.jpg',
    'wallpapers/FallenLeaf/contents/images/2560x1440.jpg',
    'wallpapers/Grey/contents/images/2560x1440.jpg',
    'wallpapers/OneStandsOut/contents/images/2560x1440.jpg',
    'wallpapers/Path/contents/images/2560x1440.jpg',
    'wallpapers/Volna/contents/images/5120x2880.jpg',
    'wallpapers/summer_1am/contents/images/2560x1440.jpg',
]
LARGEST = 1400  # pixels of width
MIDDLE_GREY = .22


def tone_map(light: np.ndarray) -> np.ndarray:
    """[Y, X, 3] uint8 from float32 radiances: the geometric mean becomes MIDDLE_GREY."""
    light = np.clip(light.astype(np.float32), 0, 60)
    exposure = MIDDLE_GREY / np.exp(np.log(light.mean(2) + 1e-3).mean())
    return (np.clip(light * exposure, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def main() -> int:
    """Converts them all."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = map(pathlib.Path, sys.argv[1:])
    paths = [source / WORLDS / f'{name}.exr' for name in PANORAMAS]
    paths += [source / 'usr/share' / name for name in WALLPAPERS]
    missing = [path for path in paths if not path.exists()]
    if missing:
        print(f'error: {len(missing)} pictures are missing, as {missing[0]}', file=sys.stderr)
        return 1
    target.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(paths):
        if path.suffix == '.exr':
            with OpenEXR.File(str(path)) as file:
                image = tone_map(file.channels()['RGB'].pixels)[..., ::-1]
        else:
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            scale = LARGEST / image.shape[1]
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(target / f'{number:03d}.png'), image)
    return 0


if __name__ == '__main__':
    sys.exit(main())
