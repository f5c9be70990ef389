"""Faces between two faces, for distillation only: python mix.py --work W --models ../build --count 40000

The teacher says of any picture where it lies, so a picture needs no person. Two aligned chips are blended, or the upper half of one is
set on the lower half of the other with a soft seam, in the colours of the first. That fills the space between the people that
there are (mixup for a teacher that sees what the student sees: Beyer 2022). Goes on where it was stopped.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from chips import HEIGHT, WIDTH
from teacher import Teacher

PART = 500


def aligned(pixels, matrix):
    return cv2.warpAffine(np.asarray(pixels), matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE).astype(np.float32)


def mixed(one, other, random):
    """one, other: aligned chips, 128 x 112 x 3."""
    other = (other - other.mean((0, 1))) * (one.std((0, 1)) / (other.std((0, 1)) + 1)) + one.mean((0, 1))
    if random.random() < 0.5:
        share = random.uniform(0.35, 0.65)
    else:
        seam, softness = random.uniform(58, 84), random.uniform(4, 12)
        share = (1 / (1 + np.exp((np.arange(HEIGHT) - seam) / softness)))[:, None, None]
    return (share * one + (1 - share) * other).clip(0, 255).astype(np.uint8)


def work(job):
    work_folder, models, axes, first, last, seed, part = job
    if part.exists():
        return last - first
    cv2.setNumThreads(1)
    data, pixels = np.load(work_folder / "chips.npz"), np.load(work_folder / "pixels.npy", mmap_mode="r")
    matrices, rows = data["matrices"], np.flatnonzero(~data["held"])
    teacher, made, taught = Teacher(models), [], []
    for number in range(first, last):
        random = np.random.default_rng((seed, number))
        one, other = random.choice(rows, 2, replace=False)
        made.append(mixed(aligned(pixels[one], matrices[one]), aligned(pixels[other], matrices[other]), random))
        taught.append(axes @ teacher(made[-1][:112]))
    finished = part.with_suffix(".unfinished.npz")
    np.savez(finished, pixels=np.stack(made), taught=np.float32(taught))
    finished.replace(part)
    return last - first


def main():
    parser = argparse.ArgumentParser()
    for name in ("work", "models"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--count", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    args = parser.parse_args()
    parts = args.work / "mixed-parts"
    parts.mkdir(exist_ok=True)
    axes = np.load(args.work / "chips.npz")["axes"]
    jobs = [(args.work, args.models, axes, i, min(i + PART, args.count), args.seed, parts / f"{i:06d}.npz") for i in range(0, args.count, PART)]
    start, done = time.time(), 0
    with ProcessPoolExecutor(args.workers) as pool:
        for size in pool.map(work, jobs):
            done += size
            print(f"{done} of {args.count}, {(time.time() - start) / done * (args.count - done):.0f} s left", flush=True)
    pixels = np.lib.format.open_memmap(args.work / "mixed-pixels.npy", "w+", np.uint8, (args.count, HEIGHT, WIDTH, 3))
    taught = []
    for job in jobs:
        part = np.load(job[-1])
        pixels[job[3] : job[4]] = part["pixels"]
        taught.append(part["taught"])
    pixels.flush()
    teacher = np.concatenate(taught)
    np.savez(args.work / "mixed.npz", teacher=teacher / np.linalg.norm(teacher, axis=1, keepdims=True))


if __name__ == "__main__":
    main()
