"""Another teacher, to compare with: dlib's face recognition ResNet (128 numbers, CC0), from the weights in @vladmandic/face-api.

python dlib_teacher.py --work /tmp/kaimon-training --models ../build --weights DIR --out /tmp/kaimon-dlib

DIR holds face_recognition_model.bin and its -weights_manifest.json. Writes a work folder for train.py whose teacher is dlib's
network (mean of picture and mirror, around the mean of all, scaled to unit length); pixels and alignment are those of --work.
"""

import argparse
import json
import math
import os
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

import align
from prepare import FIRST_BOX
from teacher import session

SIDE = 150
MEAN = np.float32([122.782, 117.001, 104.298])


def read_weights(folder):
    """Name -> array. Stored as bytes, value = byte * scale + min."""
    listed = json.loads((folder / "face_recognition_model-weights_manifest.json").read_text())[0]["weights"]
    data, at, arrays = (folder / "face_recognition_model.bin").read_bytes(), 0, {}
    for entry in listed:
        count = math.prod(entry["shape"])
        if "quantization" in entry:
            values = np.frombuffer(data, np.uint8, count, at) * entry["quantization"]["scale"] + entry["quantization"]["min"]
            at += count
        else:
            values = np.frombuffer(data, "<f4", count, at)
            at += 4 * count
        arrays[entry["name"]] = torch.from_numpy(values.astype(np.float32).reshape(entry["shape"]))
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes of the weights belong to no array")
    return arrays


class Dlib:
    """dlib_face_recognition_resnet_model_v1 as face-api computes it: every convolution has a bias and a scale behind it."""

    def __init__(self, folder):
        self.arrays = read_weights(folder)
        self.filters = {name: a.permute(3, 2, 0, 1).contiguous() for name, a in self.arrays.items() if name.endswith("/filters")}

    def conv(self, x, name, stride, padding, relu):
        x = F.conv2d(x, self.filters[f"{name}/conv/filters"], self.arrays[f"{name}/conv/bias"], stride, padding)
        x = x * self.arrays[f"{name}/scale/weights"][:, None, None] + self.arrays[f"{name}/scale/biases"][:, None, None]
        return F.relu(x) if relu else x

    def residual(self, x, name):
        return F.relu(self.conv(self.conv(x, f"{name}/conv1", 1, 1, True), f"{name}/conv2", 1, 1, False) + x)

    def down(self, x, name):
        out = self.conv(self.conv(x, f"{name}/conv1", 2, 0, True), f"{name}/conv2", 1, 1, False)
        short = F.avg_pool2d(x, 2)
        out = F.pad(out, (0, short.shape[3] - out.shape[3], 0, short.shape[2] - out.shape[2]))
        return F.relu(out + F.pad(short, (0, 0, 0, 0, 0, out.shape[1] - short.shape[1])))

    def __call__(self, x):
        x = F.max_pool2d(self.conv(x, "conv32_down", 2, 0, True), 3, 2)
        for name in ("32_1", "32_2", "32_3", "64_down", "64_1", "64_2", "64_3", "128_down", "128_1", "128_2"):
            x = self.down(x, f"conv{name}") if name.endswith("down") else self.residual(x, f"conv{name}")
        for name in ("256_down", "256_1", "256_2", "256_down_out"):
            x = self.down(x, f"conv{name}") if "down" in name else self.residual(x, f"conv{name}")
        return x.mean((2, 3)) @ self.arrays["fc"]


def crop_of(points, rgb):
    """The box of the 68 points, a fifth larger, in the middle of a black square of 150 pixels."""
    low, high = points.min(0), points.max(0)
    size = (high - low) * 1.2
    low, zoom = (low + high) / 2 - size / 2, SIDE / size.max()
    shift = (SIDE - size * zoom) / 2 - low * zoom
    crop = cv2.warpAffine(rgb, np.float64([[zoom, 0, shift[0]], [0, zoom, shift[1]]]), (SIDE, SIDE))
    left, top = np.floor((SIDE - size * zoom) / 2).clip(0).astype(int)
    mask = np.zeros_like(crop)
    mask[top : SIDE - top, left : SIDE - left] = crop[top : SIDE - top, left : SIDE - left]
    return mask


def main():
    parser = argparse.ArgumentParser()
    for name in ("work", "models", "weights", "out"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--count", type=int, default=0, help="only so many chips, a fair sample")
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(os.cpu_count())
    pixels, data = np.load(args.work / "pixels.npy", mmap_mode="r"), np.load(args.work / "chips.npz")
    count = args.count or len(pixels)
    points_net, net = session(args.models / "face_landmark_68.onnx"), Dlib(args.weights)
    taught, start = [], time.time()
    for i in range(0, count, args.batch):
        rows = np.asarray(pixels[i : min(count, i + args.batch)])
        crops = np.stack([crop_of(align.landmarks(points_net, rgb, FIRST_BOX), rgb) for rgb in rows])
        x = torch.from_numpy(((crops - MEAN) / 255).transpose(0, 3, 1, 2).astype(np.float32))
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            both = [F.normalize(net(t).float(), dim=1) for t in (x, x.flip(3))]
        taught.append(F.normalize(both[0] + both[1], dim=1).numpy())
        if i // args.batch % 20 == 0:
            print(f"{i} of {count}, {(time.time() - start) / (i + 1) * (count - i) / 60:.1f} min left", flush=True)
    np.save(args.out / "pixels.npy", pixels[:count])
    # All its vectors lie in a narrow cone; around their mean the geometry is the same and cosines tell people apart.
    middle = np.concatenate(taught)
    middle -= middle.mean(0)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    kept = {key: data[key] if key in ("axes", "pairs") else data[key][:count] for key in data.files}
    np.savez(args.out / "chips.npz", **{**kept, "teacher": middle})


if __name__ == "__main__":
    main()
