"""Alignment as the product does it (src/face/measure.ts, src/face/alignment.ts): 68 landmarks in two looks, five points, similarity."""

import cv2
import numpy as np

TEMPLATE_112 = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
MEAN = np.array([122.782, 117.001, 104.298], np.float32)
SECOND_LOOK = 1.35


def similarity(source, target):
    """Umeyama 1991 in two dimensions: the 2 x 3 matrix that maps source to target with the least squared error."""
    a, b = source - source.mean(0), target - target.mean(0)
    spread = (a * a).sum()
    c, s = (a * b).sum() / spread, (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / spread
    turn = np.array([[c, -s], [s, c]])
    return np.hstack([turn, (target.mean(0) - turn @ source.mean(0))[:, None]])


def look(session, rgb, x, y, side):
    zoom = 112 / side
    crop = cv2.warpAffine(rgb, np.float64([[zoom, 0, -x * zoom], [0, zoom, -y * zoom]]), (112, 112))
    tensor = ((crop.astype(np.float32) - MEAN) / 255).transpose(2, 0, 1)[None]
    points = session.run(None, {session.get_inputs()[0].name: tensor})[0].reshape(68, 2)
    return points * side + (x, y)


def landmarks(session, rgb, box):
    """box: x, y, side of a square around the face."""
    points = look(session, rgb, *box)
    low, high = points.min(0), points.max(0)
    side = max(high - low) * SECOND_LOOK
    centre = (low + high) / 2
    return look(session, rgb, *(centre - side / 2), side)


def five(points):
    return np.array([points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]])
