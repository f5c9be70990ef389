"""Once before training: alignment and teacher of every chip into one file.

python prepare.py --chips ../../../shared/data/faces-train --models ../build --out /tmp/kaimon-training

The teacher is MobileFaceNet (mean of picture and mirror), reduced to its first 128 principal axes.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import cv2  # noqa: E402
import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402

import align  # noqa: E402
import chips  # noqa: E402

# The face of a chip stands where the template puts it: the first look needs no detector.
FIRST_BOX = (3.0, 20.0, 106.0)


def session(file):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def teach(net, crop):
    tensor = ((crop.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None]
    name = net.get_inputs()[0].name
    both = [net.run(None, {name: np.ascontiguousarray(t)})[0][0] for t in (tensor, tensor[..., ::-1])]
    total = sum(v / np.linalg.norm(v) for v in both)
    return total / np.linalg.norm(total)


def work(job):
    models, pixels = job
    cv2.setNumThreads(1)
    points_net, teacher = session(Path(models) / "face_landmark_68.onnx"), session(Path(models) / "fr_feature.onnx")
    matrices, taught = [], []
    for rgb in pixels:
        points = align.landmarks(points_net, rgb, FIRST_BOX)
        matrix = align.similarity(align.five(points), align.TEMPLATE_112)
        matrices.append(matrix)
        taught.append(teach(teacher, cv2.warpAffine(rgb, matrix, (112, 112))))
    return np.float32(matrices), np.float32(taught)


def main():
    parser = argparse.ArgumentParser()
    for name in ("chips", "models", "out"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    index = chips.read_index(args.chips)
    lines = chips.usable(args.chips, index)
    pixels = chips.decode(args.chips, index, lines)
    start, done, parts = time.time(), 0, []
    jobs = [(args.models, pixels[i : i + 500]) for i in range(0, len(pixels), 500)]
    with ProcessPoolExecutor(args.workers) as pool:
        for part in pool.map(work, jobs):
            parts.append(part)
            done += len(part[0])
            left = (time.time() - start) / done * (len(pixels) - done)
            print(f"{done} of {len(pixels)}, {left:.0f} s left", flush=True)
    taught = np.concatenate([part[1] for part in parts])
    _, energy, axes = np.linalg.svd(taught.T @ taught)
    reduced = taught @ axes[:128].T
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True)
    labels = [index[line].get("id") or "" for line in lines]
    np.save(args.out / "pixels.npy", pixels)
    np.savez(
        args.out / "chips.npz",
        matrices=np.concatenate([part[0] for part in parts]),
        teacher=reduced,
        axes=axes[:128],
        labels=np.array(labels),
        sources=np.array([index[line]["s"] for line in lines]),
        lines=np.array(lines),
    )
    print(f"first 128 axes keep {energy[:128].sum() / energy.sum():.4f} of the energy")


if __name__ == "__main__":
    main()
