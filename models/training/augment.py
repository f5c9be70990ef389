"""Heavy augmentation with cheap 8-bit calls: one warp does alignment jitter, flip and cropping; the rest are look-up tables."""

import cv2
import numpy as np

SIZE = 96
MIRROR = np.float64([[-1, 0, SIZE - 1], [0, 1, 0], [0, 0, 1]])


def to_homogeneous(matrix):
    return np.vstack([matrix, [0, 0, 1]])


def jitter(random):
    """Turn up to 5 degrees, scale 0.92 to 1.09, shift up to 3 pixels, around the middle of the crop."""
    angle = np.radians(np.clip(random.normal(0, 2.5), -6, 6))
    zoom = np.exp(np.clip(random.normal(0, 0.035), -0.08, 0.08))
    c, s = zoom * np.cos(angle), zoom * np.sin(angle)
    middle = (SIZE - 1) / 2
    shift = random.normal(0, 1.2, 2).clip(-3, 3)
    return np.float64([[c, -s, middle - c * middle + s * middle + shift[0]], [s, c, middle - s * middle - c * middle + shift[1]], [0, 0, 1]])


def light(random):
    """A table of contrast, brightness and gamma."""
    contrast, brightness, gamma = np.exp(random.normal(0, 0.2)), random.normal(0, 18), np.exp(random.normal(0, 0.2))
    values = 255 * (np.arange(256) / 255) ** gamma
    return ((values - 128) * contrast + 128 + brightness).clip(0, 255).astype(np.uint8)


def augmented(pixels, matrix, random):
    """A 96 x 96 crop of a chip. matrix: chip to the aligned 112 crop."""
    crop96 = np.float64([[SIZE / 112, 0, 0], [0, SIZE / 112, 0], [0, 0, 1]])
    full = jitter(random) @ crop96 @ to_homogeneous(matrix)
    if random.random() < 0.5:
        full = MIRROR @ full
    border = cv2.BORDER_REPLICATE if random.random() < 0.5 else cv2.BORDER_CONSTANT
    crop = cv2.warpAffine(pixels, full[:2], (SIZE, SIZE), borderMode=border)
    if random.random() < 0.8:
        crop = cv2.LUT(crop, light(random))
    kind = random.random()
    if kind < 0.15:
        crop = cv2.GaussianBlur(crop, (0, 0), random.uniform(0.5, 1.6))
    elif kind < 0.3:
        small = int(random.integers(32, 80))
        crop = cv2.resize(cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA), (SIZE, SIZE))
    elif kind < 0.4:
        _, jpeg = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(20, 80))])
        crop = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    if random.random() < 0.15:
        crop = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if random.random() < 0.25:
        noise = random.normal(0, random.uniform(2, 14), crop.shape)
        crop = (crop + noise).clip(0, 255).astype(np.uint8)
    return crop


def plain(pixels, matrix):
    crop96 = np.float64([[SIZE / 112, 0, 0], [0, SIZE / 112, 0], [0, 0, 1]])
    return cv2.warpAffine(pixels, (crop96 @ to_homogeneous(matrix))[:2], (SIZE, SIZE))
