"""Heavy augmentation with cheap 8-bit calls, as of a camera at a door: one warp does alignment jitter, flip and cropping.

`strength` 0 to 1 is how hard the picture is spoilt: a run begins with little and ends with all (train.py).
"""

import cv2
import numpy as np

SIZE = 96
MIRROR = np.float64([[-1, 0, SIZE - 1], [0, 1, 0], [0, 0, 1]])


def to_homogeneous(matrix):
    return np.vstack([matrix, [0, 0, 1]])


def jitter(random):
    """Turn up to 6 degrees, scale 0.92 to 1.08, shift up to 3 pixels, around the middle of the crop."""
    angle = np.radians(np.clip(random.normal(0, 2.5), -6, 6))
    zoom = np.exp(np.clip(random.normal(0, 0.035), -0.08, 0.08))
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    middle = (SIZE - 1) / 2
    shift = random.normal(0, 1.2, 2).clip(-3, 3)
    return np.float64([[c, -s, middle - c * middle + s * middle + shift[0]], [s, c, middle - s * middle - c * middle + shift[1]], [0, 0, 1]])


def light(random):
    """A table of contrast, brightness and gamma."""
    contrast, brightness, gamma = np.exp(random.normal(0, 0.2)), random.normal(0, 18), np.exp(random.normal(0, 0.2))
    return table(contrast, brightness, gamma)


def table(contrast, brightness, gamma):
    values = 255 * (np.arange(256) / 255) ** gamma
    return ((values - 128) * contrast + 128 + brightness).clip(0, 255).astype(np.uint8)


def side_light(crop, random):
    """Brightness that rises across the face, from a window or a lamp at one side or above."""
    angle = random.uniform(0, 2 * np.pi)
    y, x = np.mgrid[-1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    gain = np.exp((x * np.cos(angle) + y * np.sin(angle)) * random.uniform(0.2, 0.9))
    return (crop * gain[..., None].astype(np.float32)).clip(0, 255).astype(np.uint8)


def noisy(crop, random, least, most):
    noise = cv2.randn(np.empty(crop.shape, np.int16), 0, random.uniform(least, most))
    return cv2.add(crop, noise, dtype=cv2.CV_8U)


def dark(crop, random):
    """Dusk: little contrast, dark, the noise of a camera that amplifies; or against the light, the face in shade."""
    crop = cv2.LUT(crop, table(random.uniform(0.4, 0.8), random.uniform(-70, -20), random.uniform(0.9, 1.4)))
    return noisy(crop, random, 4, 12)


def smaller(crop, random, least=24, most=72):
    """A face far away: fewer pixels, enlarged again as the gate's alignment does it."""
    small = int(random.integers(least, most))
    return cv2.resize(cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA), (SIZE, SIZE))


def moved(crop, random):
    """A face that walks: smeared along a line of 3 to 8 pixels."""
    length, angle = int(random.integers(3, 9)), random.uniform(0, np.pi)
    kernel = np.zeros((9, 9), np.float32)
    end = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    cv2.line(kernel, tuple(int(round(4 - v)) for v in end), tuple(int(round(4 + v)) for v in end), 1.0)
    return cv2.filter2D(crop, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def pressed(crop, random):
    _, jpeg = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(15, 80))])
    return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)


def covered(crop, random):
    """A cap or hair over the brows, glasses, a hand or scarf from below, or a patch anywhere, in one colour with noise."""
    colour = random.integers(0, 256, 3)
    kind, crop = random.random(), crop.copy()
    if kind < 0.35:
        top, bottom, left, right = 0, int(random.integers(8, 26)), 0, SIZE
    elif kind < 0.55:
        middle, half = int(random.integers(28, 42)), int(random.integers(5, 9))
        top, bottom, left, right = middle - half, middle + half, 8, SIZE - 8
        colour = random.integers(0, 70, 3)
    elif kind < 0.75:
        top, bottom, left, right = int(random.integers(66, 88)), SIZE, 0, SIZE
    else:
        height, width = random.integers(14, 36, 2)
        top, left = int(random.integers(0, SIZE - height)), int(random.integers(0, SIZE - width))
        bottom, right = top + int(height), left + int(width)
    patch = np.full((bottom - top, right - left, 3), colour, np.uint8)
    crop[top:bottom, left:right] = noisy(patch, random, 0, 12)
    return crop


SPOILT = ((smaller, 0.22), (moved, 0.08), (pressed, 0.12), (dark, 0.10), (side_light, 0.10), (covered, 0.10))


def augmented(pixels, matrix, random, strength=1.0):
    """A 96 x 96 crop of a chip. matrix: chip to the aligned 112 crop."""
    crop96 = np.float64([[SIZE / 112, 0, 0], [0, SIZE / 112, 0], [0, 0, 1]])
    full = jitter(random) @ crop96 @ to_homogeneous(matrix)
    if random.random() < 0.5:
        full = MIRROR @ full
    border = cv2.BORDER_REPLICATE if random.random() < 0.5 else cv2.BORDER_CONSTANT
    crop = cv2.warpAffine(pixels, full[:2], (SIZE, SIZE), borderMode=border)
    if random.random() < 0.8:
        crop = cv2.LUT(crop, light(random))
    if random.random() < 0.12:
        crop = cv2.GaussianBlur(crop, (0, 0), random.uniform(0.5, 0.5 + 1.3 * strength))
    cv2.setRNGSeed(int(random.integers(1 << 31)))
    for spoil, often in SPOILT:
        if random.random() < often * strength:
            crop = spoil(crop, random)
    if random.random() < 0.15:
        crop = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if random.random() < 0.2:
        crop = noisy(crop, random, 2, 2 + 10 * strength)
    return crop


def plain(pixels, matrix):
    crop96 = np.float64([[SIZE / 112, 0, 0], [0, SIZE / 112, 0], [0, 0, 1]])
    return cv2.warpAffine(pixels, (crop96 @ to_homogeneous(matrix))[:2], (SIZE, SIZE))
