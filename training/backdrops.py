"""Backdrops and posters for renders: photographs without people, out of Debian's packages.

    apt-get download blender-data gnome-backgrounds lomiri-wallpapers-16.04 \\
        lomiri-wallpapers-20.04 mate-backgrounds plasma-workspace-wallpapers
    for package in *.deb; do dpkg -x $package debian; done
    npm pack @pmndrs/assets@1.7.0 && tar -xf pmndrs-assets-1.7.0.tgz -C debian
    python3 training/backdrops.py debian backdrops

Blender's panoramas are by Greg Zaal (HDRI Haven), CC0, as are those of @pmndrs/assets, which may
be missing; the wallpapers' authors and free licences are in their packages. Each picture named here
was looked at, and no photograph of a person is used for training: so of the panoramas `sunset` is
left out, for its passers-by.
"""
import base64
import pathlib
import re
import sys
import tempfile

import cv2
import numpy as np
import OpenEXR

WORLDS = 'usr/share/blender/datafiles/studiolights/world'
PANORAMAS = ['city', 'courtyard', 'forest', 'interior', 'night', 'studio', 'sunrise']
PMNDRS = ['apartment', 'bridge', 'forest', 'hall', 'lab', 'lobby', 'warehouse', 'workshop']
WALLPAPERS = [
    'backgrounds/Bridge_by_Sander_Klootwijk.jpg',
    'backgrounds/Dragonfly_by_Bolly.jpg',
    'backgrounds/Picture_0B_by_freespace.jpg',
    'backgrounds/Picture_1A_by_freespace.jpg',
    'backgrounds/Wine_by_Jakkub_Mede.jpg',
    'backgrounds/aitzgorri_by_Aitzol_Berasategi.jpg',
    'backgrounds/free_by_Peter_Nerlich.jpg',
    'backgrounds/friends_by_Aitzol_Berasategi.jpg',
    'backgrounds/gnome/grid-d.webp',
    'backgrounds/gnome/wood-d.webp',
    'backgrounds/gnome/wood-l.webp',
    'backgrounds/greentock_by_Peter_Nerlich.jpg',
    'backgrounds/life_by_Aitzol_Berasategi.jpg',
    'backgrounds/mate/abstract/Elephants.jpg',
    'backgrounds/mate/nature/Aqua.jpg',
    'backgrounds/mate/nature/Blinds.jpg',
    'backgrounds/mate/nature/Dune.jpg',
    'backgrounds/mate/nature/FreshFlower.jpg',
    'backgrounds/mate/nature/Garden.jpg',
    'backgrounds/mate/nature/GreenMeadow.jpg',
    'backgrounds/mate/nature/LadyBird.jpg',
    'backgrounds/mate/nature/RainDrops.jpg',
    'backgrounds/mate/nature/Storm.jpg',
    'backgrounds/mate/nature/TwoWings.jpg',
    'backgrounds/mate/nature/Wood.jpg',
    'backgrounds/mate/nature/YellowFlower.jpg',
    'backgrounds/picosdeeuropa_by_Aitzol_Berasategi.jpg',
    'backgrounds/seeding_by_Clements_Engelhardt.jpg',
    'backgrounds/sunset_by_Aitzol_Berasategi.jpg',
    'wallpapers/Altai/contents/images/1080x1920.png',
    'wallpapers/Altai/contents/images/5120x2880.png',
    'wallpapers/BytheWater/contents/images/2560x1600.jpg',
    'wallpapers/ColdRipple/contents/images/2560x1600.jpg',
    'wallpapers/ColorfulCups/contents/images/2560x1600.jpg',
    'wallpapers/DarkestHour/contents/images/2560x1600.jpg',
    'wallpapers/EveningGlow/contents/images/2560x1600.jpg',
    'wallpapers/FallenLeaf/contents/images/2560x1600.jpg',
    'wallpapers/Grey/contents/images/2560x1600.jpg',
    'wallpapers/Kite/contents/images/2560x1600.jpg',
    'wallpapers/OneStandsOut/contents/images/2560x1600.jpg',
    'wallpapers/PastelHills/contents/images/3200x2000.jpg',
    'wallpapers/Path/contents/images/2560x1600.jpg',
    'wallpapers/Volna/contents/images/5120x2880.jpg',
    'wallpapers/summer_1am/contents/images/2560x1600.jpg',
]
LARGEST = 1400  # pixels of width
MIDDLE_GREY = .22


def tone_map(light: np.ndarray) -> np.ndarray:
    """[Y, X, 3] uint8 from float32 radiances: the geometric mean becomes MIDDLE_GREY."""
    light = np.clip(light.astype(np.float32), 0, 60)
    exposure = MIDDLE_GREY / np.exp(np.log(light.mean(2) + 1e-3).mean())
    return (np.clip(light * exposure, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def read_panorama(path: pathlib.Path) -> np.ndarray:
    """[Y, X, 3] uint8 BGR of an .exr, or of an .exr.js, a script with one in base64."""
    if path.suffix == '.exr':
        with OpenEXR.File(str(path)) as file:
            channels = file.channels()
            light = channels['RGB' if 'RGB' in channels else 'RGBA'].pixels[..., :3]
        return tone_map(light)[..., ::-1]
    with tempfile.TemporaryDirectory() as folder:
        exr = pathlib.Path(folder, 'panorama.exr')
        exr.write_bytes(base64.b64decode(
            re.search('base64,([A-Za-z0-9+/=]+)', path.read_text()).group(1)))
        return read_panorama(exr)


def main() -> int:
    """Converts them all."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    source, target = map(pathlib.Path, sys.argv[1:])
    panoramas = [source / WORLDS / f'{name}.exr' for name in PANORAMAS]
    wallpapers = [source / 'usr/share' / name for name in WALLPAPERS]
    missing = [path for path in panoramas + wallpapers if not path.exists()]
    if missing:
        print(f'error: {len(missing)} pictures are missing, as {missing[0]}', file=sys.stderr)
        return 1
    if (source / 'package').exists():
        panoramas += [source / 'package/hdri' / f'{name}.exr.js' for name in PMNDRS]
    target.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(panoramas + wallpapers):
        if path in panoramas:
            image = read_panorama(path)
        else:
            image = cv2.imread(str(path), cv2.IMREAD_COLOR)
            scale = LARGEST / image.shape[1]
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(target / f'{number:03d}.png'), image)
    return 0


if __name__ == '__main__':
    sys.exit(main())
