"""Encoders as the product feeds them, one face at a time: what fusion.py and groups.py measure."""

import json
from pathlib import Path

import cv2
import numpy as np

import align
from augment import to_homogeneous
from dlib_teacher import MEAN, SIDE
from teacher import session, without_prelu

# Eye centres, nose tip and mouth corners of dlib's mean face with its padding of a quarter, in 150 pixels (dlib's image_transforms/interpolation.h).
DLIB_TEMPLATE = np.array([[47.55, 46.60], [100.48, 46.60], [74.01, 76.56], [50.41, 103.02], [97.61, 103.02]])
MANIFEST = Path(__file__).parents[1] / "manifest.json"


def entry_for(model, name=None):
    """The manifest's entry that says how a file is fed: the one of that name, else the first encoder with an input as large."""
    width = session(model).get_inputs()[0].shape[3]
    for entry in json.loads(MANIFEST.read_text())["models"]:
        if entry["role"] == "encoder" and (entry["name"] == name or (name is None and entry["input"]["width"] == width)):
            return entry
    raise ValueError(f"models/manifest.json has no encoder {name or f'with an input of {width}'}: give --encoder")


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


class Aligned:
    """A network of the manifest. pixels: RGB; matrix: from the picture to the aligned crop of 112 pixels."""

    def __init__(self, model, entry):
        # The same numbers in half the time, where there is a PRelu.
        self.net, self.entry = session(model if isinstance(model, bytes) else without_prelu(model)), entry
        self.name, self.size = self.net.get_inputs()[0].name, entry["input"]["width"]
        self.scale = np.diag([self.size / 112, self.size / 112, 1])

    def crop(self, pixels, matrix):
        return cv2.warpAffine(pixels, (self.scale @ to_homogeneous(matrix))[:2], (self.size, self.size))

    def of_crop(self, crop):
        planes = (crop.astype(np.float32) - np.float32(self.entry["input"]["mean"])) * np.float32(self.entry["input"]["scale"])
        return unit(self.net.run(None, {self.name: np.ascontiguousarray(planes.transpose(2, 0, 1)[None])})[0][0])

    def looks(self, pixels, matrix, points):
        """The picture's embedding and that of its mirror image."""
        crop = self.crop(pixels, matrix)
        return self.of_crop(crop), self.of_crop(crop[:, ::-1])


class DlibNetwork(Aligned):
    """dlib's network on the crop it was trained on. On face-api's square around the 68 points it is much weaker (docs/encoders.md)."""

    def __init__(self, model):
        super().__init__(model, {"input": {"width": SIDE, "mean": MEAN, "scale": 1 / 255}})

    def looks(self, pixels, matrix, points):
        crop = cv2.warpAffine(pixels, align.similarity(align.five(points), DLIB_TEMPLATE), (SIDE, SIDE))
        return self.of_crop(crop), self.of_crop(crop[:, ::-1])
