"""Pictures for walls, posters and backdrops: made up, or pieces of photographs without people."""
import pathlib

from training.people import random_color

import cv2
import numpy as np

TEXTURE_SIZE = 192
SUFFIXES = {'.jpg', '.jpeg', '.png', '.webp'}


def spectral_noise(rng: np.random.Generator, height: int, width: int, slope: float) -> np.ndarray:
    """[height, width] float32 noise of unit deviation whose spectrum falls as 1 / f**slope."""
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    frequency = np.sqrt(fx * fx + fy * fy)
    frequency[0, 0] = 1
    shape = (height, width // 2 + 1)
    spectrum = (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / frequency ** slope
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, (height, width))
    return (noise / (noise.std() + 1e-9)).astype(np.float32)


def pattern(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """[height, width, 3] float32 of 0 to 1: clouds, stripes, bricks or a grained colour."""
    a, b, kind = random_color(rng), random_color(rng), rng.random()
    y, x = np.mgrid[:height, :width].astype(np.float32)
    if kind < .35:
        noise = spectral_noise(rng, height, width, rng.uniform(.8, 2))
        share = 1 / (1 + np.exp(-noise * rng.uniform(.5, 2)))
    elif kind < .5:
        angle = rng.uniform(0, np.pi)
        along = x * np.cos(angle) + y * np.sin(angle)
        share = np.sin(along * 2 * np.pi / rng.uniform(4, 60) + rng.uniform(0, 1.5) *
                       spectral_noise(rng, height, width, 1.6)) > rng.uniform(-.8, .8)
    elif kind < .62:
        size, ratio = rng.uniform(8, 60), rng.uniform(1, 3)
        share = (((x / size / ratio + .5 * (np.floor(y / size) % 2)) % 1 < .06) |
                 ((y / size) % 1 < .08))
    else:
        share = .5 + .15 * rng.uniform(0, 1) * spectral_noise(rng, height, width, 1)
        b = np.clip(a * rng.uniform(.7, 1.3), 0, 1)
    share = np.asarray(share, np.float32)[..., None]
    return (a * share + b * (1 - share)).astype(np.float32)


def abstract(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """[height, width, 3] uint8: a wall and a floor, littered with shapes of all sizes."""
    image = pattern(rng, height, width)
    kind = rng.random()
    if kind < .45:
        horizon = int(height * rng.uniform(.35, .85))
        image[horizon:] = pattern(rng, height, width)[horizon:]
        if rng.random() < .4:
            sky = np.array([.55, .7, .9]) * rng.uniform(.6, 1.2)
            image[:horizon] = (sky + .06 * spectral_noise(rng, height, width, 2)[..., None]
                               )[:horizon]
    for _ in range(int(rng.integers(80, 400) if kind > .75 else rng.integers(0, 60))):
        size = min(height * .6, 6 + rng.pareto(1.1) * 9)
        centre = int(rng.integers(-20, width + 20)), int(rng.integers(-20, height + 20))
        angle = float(rng.uniform(0, 180) if rng.random() < .5 else rng.choice([0, 90]))
        textured = rng.random() < .3
        mask = np.zeros((height, width), np.uint8)
        target, color = (mask, 1) if textured else (image, tuple(random_color(rng).tolist()))
        shape = rng.integers(5)
        if shape == 0:
            axes = max(1, int(size)), max(1, int(size * rng.uniform(.3, 1)))
            cv2.ellipse(target, centre, axes, angle, 0, 360, color, -1)
        elif shape < 3:
            box = cv2.boxPoints((centre, (size * rng.uniform(.3, 2), size * rng.uniform(.3, 2)),
                                 angle))
            cv2.fillPoly(target, [box.astype(np.int32)], color)
        elif shape == 3:
            corners = np.array(centre) + rng.normal(0, size, (int(rng.integers(3, 8)), 2))
            cv2.fillPoly(target, [corners.astype(np.int32)], color)
        else:
            end = tuple(int(c + rng.normal(0, size * 4)) for c in centre)
            cv2.line(target, centre, end, color, max(1, int(size * .15)))
        if textured and mask.any():
            x, y, w, h = cv2.boundingRect(mask)
            inside = mask[y:y + h, x:x + w].astype(bool)
            image[y:y + h, x:x + w][inside] = pattern(rng, h + h % 2, w + w % 2)[:h, :w][inside]
    if rng.random() < .6:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(.4, 3))
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def load_photographs(folder: pathlib.Path) -> 'list[np.ndarray]':
    """All pictures of a folder as [Y, X, 3] uint8, at most 1400 pixels wide.

    Raises:
      FileNotFoundError: the folder holds no picture.
    """
    pictures = []
    for path in sorted(p for p in folder.rglob('*') if p.suffix.lower() in SUFFIXES):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            continue
        image = image[..., ::-1]
        if image.shape[1] > 1400:
            scale = 1400 / image.shape[1]
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        pictures.append(np.ascontiguousarray(image))
    if not pictures:
        raise FileNotFoundError(f'{folder} holds no picture')
    return pictures


def piece_of(rng: np.random.Generator, pictures: 'list[np.ndarray]', height: int, width: int,
             least: float) -> np.ndarray:
    """[height, width, 3] uint8: a random piece, no less than `least` of the picture's height."""
    picture = pictures[rng.integers(len(pictures))]
    rows, columns = picture.shape[:2]
    h = rng.uniform(least, 1) * min(rows, columns * height / width)
    w = h * width / height
    y, x = rng.uniform(0, rows - h), rng.uniform(0, columns - w)
    piece = picture[int(y):max(int(y) + 2, int(y + h)), int(x):max(int(x) + 2, int(x + w))]
    if rng.random() < .5:
        piece = piece[:, ::-1]
    way = cv2.INTER_AREA if h > height else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(piece), (width, height), interpolation=way)


def texture_pool(rng: np.random.Generator, count: int,
                 photographs: 'list[np.ndarray]') -> np.ndarray:
    """[count, TEXTURE_SIZE, TEXTURE_SIZE, 3] uint8 for walls, floors, posters and screens."""
    out = np.empty((count, TEXTURE_SIZE, TEXTURE_SIZE, 3), np.uint8)
    for i in range(count):
        kind = rng.random()
        if photographs and kind < .4:
            out[i] = piece_of(rng, photographs, TEXTURE_SIZE, TEXTURE_SIZE, .08)
        elif kind < .6:
            out[i] = abstract(rng, TEXTURE_SIZE, TEXTURE_SIZE)
        else:
            out[i] = np.clip(pattern(rng, TEXTURE_SIZE, TEXTURE_SIZE), 0, 1) * 255
    return out


def backdrop_pool(rng: np.random.Generator, count: int, height: int, width: int,
                  photographs: 'list[np.ndarray]') -> 'list[np.ndarray]':
    """`count` backdrops, [height, width, 3] uint8."""
    return [piece_of(rng, photographs, height, width, .25)
            if photographs and rng.random() < .55 else abstract(rng, height, width)
            for _ in range(count)]
