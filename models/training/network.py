"""OpenFace nn4.small2 as CMU's trained file computes it (src/models/openface/topology.ts tells how it differs from the published file), for training in PyTorch.

Input N x 3 x 96 x 96, RGB, byte / 255. Output N x 128, unit length. CMU's network takes the mean over the last 3 x 3 places before its
last layer; here that layer has weights of its own for each place, which begin as that mean and may then learn where in the face something is.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

BN_EPS = 1e-5
DIMENSION = 128
FEATURES, PLACES = 736, 9

# name: in, (3x3 reduce, out), (5x5 reduce, out) or None, (pool kind, channels or None, padding before, after), 1x1 or None, stride
BLOCKS = {
    "3a": (192, (96, 128), (16, 32), ("max", 32, 3, 4), 64, 1),
    "3b": (256, (96, 128), (32, 64), ("l2", 64, 4, 4), 64, 1),
    "3c": (320, (128, 256), (32, 64), ("max", None, 0, 1), None, 2),
    "4a": (640, (96, 192), (32, 64), ("l2", 128, 2, 2), 256, 1),
    "4e": (640, (160, 256), (64, 128), ("max", None, 0, 1), None, 2),
    "5a": (1024, (96, 384), None, ("l2", 96, 1, 1), 256, 1),
    "5b": (736, (96, 384), None, ("max", 96, 1, 1), 256, 1),
}


class ConvBn(nn.Module):
    """Convolution with bias, batch norm, ReLU."""

    def __init__(self, inputs, outputs, kernel, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding)
        self.bn = nn.BatchNorm2d(outputs, eps=BN_EPS)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


def local_response(x):
    """Across five channels: x / (1 + 2e-5 * sum of squares) ** 0.75; the sum by a 1x1 convolution, the power by two square roots."""
    near = torch.arange(x.shape[1])
    band = ((near[:, None] - near[None, :]).abs() <= 2).to(x.dtype) * 2e-5
    total = 1 + F.conv2d(x * x, band[:, :, None, None])
    root = total.sqrt()
    return x / (root * root.sqrt())


class Inception(nn.Module):
    def __init__(self, name):
        super().__init__()
        inputs, three, five, (self.pool, channels, self.before, self.after), one, stride = BLOCKS[name]
        self.three = nn.Sequential(ConvBn(inputs, three[0], 1), ConvBn(three[0], three[1], 3, stride, 1))
        self.five = nn.Sequential(ConvBn(inputs, five[0], 1), ConvBn(five[0], five[1], 5, stride, 2)) if five else None
        self.pooled = ConvBn(inputs, channels, 1) if channels else None
        self.one = ConvBn(inputs, one, 1) if one else None

    def forward(self, x):
        parts = [self.three(x)]
        if self.five:
            parts.append(self.five(x))
        # Torch's DepthConcat: the smaller map is padded with zeros after convolution, batch norm and ReLU.
        pool = F.max_pool2d(x, 3, 2) if self.pool == "max" else (9 * F.avg_pool2d(x * x, 3, 3) + 1e-12).sqrt()
        if self.pooled:
            pool = self.pooled(pool)
        parts.append(F.pad(pool, (self.before, self.after, self.before, self.after)))
        if self.one:
            parts.append(self.one(x))
        return torch.cat(parts, 1)


class OpenFace(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = ConvBn(3, 64, 7, 2, 3)
        self.conv2 = ConvBn(64, 64, 1)
        self.conv3 = ConvBn(64, 192, 3, 1, 1)
        self.blocks = nn.ModuleDict({name: Inception(name) for name in BLOCKS})
        self.dense = nn.Linear(FEATURES * PLACES, DIMENSION)

    def stem(self, x):
        x = local_response(F.max_pool2d(self.conv1(x), 3, 2, 1))
        x = local_response(self.conv3(self.conv2(x)))
        return F.max_pool2d(x, 3, 2, 1)

    def forward(self, x):
        # A frozen stem needs no memory for its way back.
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.conv1.conv.weight.requires_grad):
            x = self.stem(x)
        for block in self.blocks.values():
            x = block(x)
        return F.normalize(self.dense(x.flatten(1)), dim=1)

    def freeze_stem(self, frozen):
        """The first three convolutions take more than half of a step's time and change little."""
        for part in (self.conv1, self.conv2, self.conv3):
            for parameter in part.parameters():
                parameter.requires_grad_(not frozen)
            part.train(not frozen and self.training)


def spread(weight):
    """The last layer behind a mean over all places, as one with weights for each place that computes the same."""
    return weight if weight.shape[1] == FEATURES * PLACES else weight.repeat_interleave(PLACES, 1) / PLACES


def torch_to_cmu_names():
    """Our parameter names and the files of Keras-OpenFace that hold them."""
    names = {}

    def pair(ours, conv, bn):
        names[f"{ours}.conv.weight"] = f"{conv}_w"
        names[f"{ours}.conv.bias"] = f"{conv}_b"
        for ending, key in (("weight", "w"), ("bias", "b"), ("running_mean", "m"), ("running_var", "v")):
            names[f"{ours}.bn.{ending}"] = f"{bn}_{key}"

    for i in (1, 2, 3):
        pair(f"conv{i}", f"conv{i}", f"bn{i}")
    for block, (_, _, five, (_, channels, _, _), one, _) in BLOCKS.items():
        for ours, theirs in (("three", "3x3"), *((("five", "5x5"),) if five else ())):
            for i in (0, 1):
                base = f"inception_{block}_{theirs}"
                pair(f"blocks.{block}.{ours}.{i}", f"{base}_conv{i + 1}", f"{base}_bn{i + 1}")
        for ours, theirs, there in (("pooled", "pool", channels), ("one", "1x1", one)):
            if there:
                pair(f"blocks.{block}.{ours}", f"inception_{block}_{theirs}_conv", f"inception_{block}_{theirs}_bn")
    names["dense.weight"], names["dense.bias"] = "dense_w", "dense_b"
    return names


def load_cmu(model, folder, filler=False):
    """Copies the CMU arrays that exist into the model. Returns the names of those that do not.

    `filler` fills the missing ones by the rule of the parity test (w[i] = s * sin(0.731 i + 0.5)); otherwise they keep their
    random start.
    """
    folder = Path(folder)
    index = json.loads((folder / "index.json").read_text())
    data = (folder / index["data"]).read_bytes()
    present = {entry["file"].removesuffix(".csv"): entry for entry in index["files"]}
    absent = {entry["file"].removesuffix(".csv"): entry for entry in index["missing"]}
    state = model.state_dict()
    missing = []
    for ours, theirs in torch_to_cmu_names().items():
        if theirs in present:
            entry = present[theirs]
            values = np.frombuffer(data, "<f4", entry["n"], entry["offset"]).reshape(entry["shape"])
        elif theirs in absent:
            missing.append(ours)
            if not filler:
                continue
            entry = absent[theirs]
            scale = np.sqrt(2 / entry["fan_in"])
            values = (scale * np.sin(0.731 * np.arange(entry["n"]) + 0.5)).reshape(entry["shape"])
        else:
            raise KeyError(f"{theirs} is in none of the lists of {folder}/index.json")
        if ours == "dense.weight":
            values = spread(torch.from_numpy(np.array(values))).numpy()
        if tuple(values.shape) != tuple(state[ours].shape):
            raise ValueError(f"{theirs} has the shape {values.shape}, {ours} needs {tuple(state[ours].shape)}")
        state[ours] = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64)).to(state[ours].dtype)
    model.load_state_dict(state)
    return missing
