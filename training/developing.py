"""What a camera makes of the light: exposure, colour, blur, noise, JPEG."""
import cv2
import numpy as np


def contact_shade(rng: np.random.Generator, depth: np.ndarray) -> np.ndarray:
    """[H, W, 1]: darkens creases, where a pixel is farther off than those around it."""
    half = cv2.resize(depth, None, fx=.5, fy=.5, interpolation=cv2.INTER_AREA)
    blurred = cv2.resize(cv2.GaussianBlur(half, (0, 0), rng.uniform(2, 6)), depth.shape[::-1])
    gap = np.clip((blurred - depth) / (depth + 1e-6), 0, 1)
    # A wide gap is an outline against something far behind: nothing touches there.
    crease = np.minimum(gap, .1) * np.float32(rng.uniform(.5, 2.5))
    return np.clip(1 - crease, .4, 1)[..., None]


def develop(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """What a camera does to a picture: exposure, colour, blur, noise, JPEG.

    Args: image: [Y, X, 3] float32, 1 = white. Returns: [Y, X, 3] uint8.
    """
    image = np.clip(image, 0, 1.3) ** np.float32(rng.uniform(.6, 1.1))
    image = (image - .5) * np.float32(rng.uniform(.75, 1.3)) + np.float32(.5 + rng.normal(0, .06))
    image *= np.clip(1 + rng.normal(0, .05, 3), .85, 1.15).astype(np.float32)
    if rng.random() < .25:
        grey = image.mean(2, keepdims=True)
        image = grey + (image - grey) * np.float32(rng.uniform(0, 1))
    if rng.random() < .55:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(.3, 1.4))
    if rng.random() < .07:
        size = int(rng.integers(3, 9))
        kernel = np.zeros((size, size), np.float32)
        cv2.line(kernel, (0, int(rng.integers(size))), (size - 1, int(rng.integers(size))), 1)
        image = cv2.filter2D(image, -1, kernel / kernel.sum())
    channels = 1 if rng.random() < .5 else 3
    noise = rng.standard_normal((*image.shape[:2], channels), np.float32)
    image = image + noise * np.float32(rng.uniform(0, .03))
    image = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    quality = int(rng.choice([55, 70, 85, 95]))
    encoded = cv2.imencode('.jpg', image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1]
