"""Paints or blurs the people in a picture, or all but them, by the mask of a network."""
import cv2
import numpy as np

MASKS = 'paint', 'blur', 'paint-background', 'blur-background'  # what can be done
COLOR = (70, 78, 96)  # of what is painted, RGB
BLURRED = 40  # details along the picture's longer side that a blur leaves
SIGMA = 1.5  # of the blur, in such details
# How far beyond the mask people are covered, as a share of the picture's longer side: the network
# has a verdict every 16 pixels of its input, and hair or shoes may stick out.
MARGIN = 1 / 60


def draw_mask(image: np.ndarray, mask: np.ndarray, how: str) -> np.ndarray:
    """A copy of a picture in which people, or all but people, are painted or blurred.

    image: uint8 [Y, X, RGB]; mask: uint8 [Y, X], 255 where people are, as PoseEngine.GetMask
    returns. how: one of MASKS.
    """
    margin = max(1, round(MARGIN * max(mask.shape)))
    if how.endswith('-background'):
        covered = 255 - mask
    else:
        covered = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE,
                                                             (2 * margin + 1,) * 2))
    # A soft edge, no wider than the margin, so that nothing of the mask itself shines through.
    share = cv2.blur(covered.astype(np.float32) / 255, (margin, margin))
    cover = np.empty_like(image)
    if how.startswith('blur'):
        cover[...] = _blurred(image, share)
    else:
        cover[...] = COLOR
    return cv2.blendLinear(np.ascontiguousarray(image), cover, 1 - share, share)


def _blurred(image: np.ndarray, share: np.ndarray) -> np.ndarray:
    """A picture without details, mixed of what counts alone: people leave no halo around them.

    share: how much each pixel counts, float32 [Y, X], 0 to 1.
    """
    height, width = share.shape
    scale = min(1.0, BLURRED / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    weights = cv2.resize(share, size, interpolation=cv2.INTER_AREA)[:, :, None]
    details = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    mixed = cv2.GaussianBlur(np.dstack([details * weights, weights]), (0, 0), SIGMA)
    blurred = mixed[:, :, :3] / np.maximum(mixed[:, :, 3:], 1e-6)
    return cv2.resize(blurred.clip(0, 255).astype(np.uint8), (width, height))
