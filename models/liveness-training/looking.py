"""Crops of judged frames as the gate takes them, from the original files, as they are or spoilt, and what a network says of them."""

from pathlib import Path

import cv2
import numpy as np
import torch

from augment import plain
from imitator import CROPS, Imitator, judged, shown
from network import Liveness, looked

LOOKS = (1.2, 2.7)
FOLDERS = {"spoof-train": "spoof-train", "tight": "spoof-train/tight", "liveness-dev": "liveness-dev"}


def noisy(deviation):
    return lambda pixels, random: (pixels + random.normal(0, deviation, pixels.shape)).clip(0, 255).astype(np.uint8)


def dark(share):
    """Less light, the sensor's noise stays."""
    return lambda pixels, random: (pixels * share + random.normal(0, 2, pixels.shape)).clip(0, 255).astype(np.uint8)


def jpeg(pixels, random):
    return cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)


def half(pixels, random):
    return cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


CONDITIONS = {
    "as is": None,
    "noise sd 10": noisy(10),
    "noise sd 20": noisy(20),
    "quarter light": dark(0.25),
    "eighth light": dark(0.125),
    "JPEG 30": jpeg,
    "half resolution": half,
}


def crops(data, row, condition=None):
    """Two looks, 2 x 96 x 96 x 3 bytes, RGB."""
    pixels = cv2.imread(str(Path(data) / FOLDERS[row["set"]] / row["file"]), cv2.IMREAD_COLOR)
    face = row["original"]
    if condition:
        height = pixels.shape[0]
        pixels = CONDITIONS[condition](pixels, np.random.default_rng(row["offset"])) if CONDITIONS[condition] else pixels
        face = [v * pixels.shape[0] / height for v in face]
    return np.stack([plain(pixels, face, scale)[..., ::-1] for scale in LOOKS])


class Student:
    """A checkpoint: for each look the log odds of the classes and what it thinks the teachers would say, N x 2 x 4."""

    def __init__(self, path):
        saved = torch.load(path, weights_only=False, map_location="cpu")
        self.step, self.steps, self.without = saved["step"], saved["steps"], saved["without"]
        self.model = Liveness()
        self.model.load_state_dict(saved["mean"])
        self.model.eval()

    @torch.no_grad()
    def __call__(self, looks):
        x = torch.from_numpy(np.ascontiguousarray(looks.transpose(0, 1, 4, 2, 3)))
        return torch.cat([looked(self.model, x[i : i + 32].float() / 255) for i in range(0, len(x), 32)]).numpy()


class Imitation:
    """A checkpoint of `imitate.py`: mean log odds of the wide look's crops, N."""

    def __init__(self, path, crops=CROPS):
        self.crops = crops
        saved = torch.load(path, weights_only=False, map_location="cpu")
        self.step, self.without = saved["step"], saved["without"]
        self.model = Imitator()
        self.model.load_state_dict(saved["mean"])
        self.model.eval()

    @torch.no_grad()
    def __call__(self, looks):
        x = torch.from_numpy(np.ascontiguousarray(looks[:, 1].transpose(0, 3, 1, 2)))
        return torch.cat([judged(self.model, x[i : i + 32].float(), self.crops) for i in range(0, len(x), 32)]).mean(1).numpy()


class Original:
    """MiniFASNetV2 itself on the very same crops of 80: what an imitator could reach. N."""

    def __init__(self, data, work, crops=CROPS):
        from teacher import Session

        self.crops = crops
        self.session = Session(Path(data) / "spoof-teachers" / "minifasnet_v2_2.7_80.npz", work)

    def __call__(self, looks):
        crops = shown(torch.from_numpy(np.ascontiguousarray(looks[:, 1].transpose(0, 3, 1, 2))).float(), self.crops)
        crops = crops.permute(0, 2, 3, 1).round().byte().numpy()
        said = np.concatenate([self.session(crops[i : i + 32]) for i in range(0, len(crops), 32)])
        return said.clip(-10, 10).reshape(len(self.crops), -1).mean(0)


class Exported:
    """The exported file: N x 5, log-likelihood ratio of tight look, wide look, all; the supervised network's, not capped; the imitator's log odds."""

    def __init__(self, path):
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(str(path), options)

    def __call__(self, looks):
        x = np.ascontiguousarray(looks.transpose(0, 1, 4, 2, 3), np.float32)
        parts = [self.session.run(["look_llr", "llr", "parts"], {"looks": x[i : i + 32]}) for i in range(0, len(x), 32)]
        return np.concatenate([np.concatenate([each, whole[:, None], made], 1) for each, whole, made in parts])
