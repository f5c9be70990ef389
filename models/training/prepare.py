"""Once before training: pixels, alignment and teacher of every chip into one folder.

python prepare.py --chips ../../../shared/data/faces-train --chips ../../../shared/data/faces-more --models ../build --out /tmp/kaimon-training

The teacher is MobileFaceNet (mean of picture and mirror), reduced to its first 128 principal axes. Stopped in the middle it goes
on where it was: every 500 chips are a file of their own until all are there.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

import align
import chips
from teacher import Teacher, session

# The face of a chip stands where the template puts it: the first look needs no detector.
FIRST_BOX = (3.0, 20.0, 106.0)
PART = 500


def work(job):
    models, pixels_file, first, last, part = job
    if part.exists():
        return last - first
    cv2.setNumThreads(1)
    points_net, teacher = session(models / "face_landmark_68.onnx"), Teacher(models)
    matrices, taught = [], []
    for rgb in np.load(pixels_file, mmap_mode="r")[first:last]:
        points = align.landmarks(points_net, np.asarray(rgb), FIRST_BOX)
        matrix = align.similarity(align.five(points), align.TEMPLATE_112)
        matrices.append(matrix)
        taught.append(teacher(cv2.warpAffine(np.asarray(rgb), matrix, (112, 112))))
    finished = part.with_suffix(".unfinished.npz")
    np.savez(finished, matrices=np.float32(matrices), taught=np.float32(taught))
    finished.replace(part)
    return last - first


def decoded(folders, kept, file):
    """All pixels into one file that is read by mapping it."""
    unfinished = file.with_suffix(".unfinished.npy")
    count = sum(len(entries) for entries in kept)
    pixels = np.lib.format.open_memmap(unfinished, "w+", np.uint8, (count, chips.HEIGHT, chips.WIDTH, 3))
    row = 0
    for folder, entries in zip(folders, kept):
        decode = chips.Decoder(folder)
        for entry in entries:
            pixels[row] = decode(entry)
            row += 1
    pixels.flush()
    unfinished.replace(file)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--chips", required=True, type=Path, action="append")
    for name in ("models", "out"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    args = parser.parse_args()
    parts = args.out / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    indices = [chips.read_index(folder) for folder in args.chips]
    lines = [chips.usable(folder, index) for folder, index in zip(args.chips, indices)]
    kept = [[index[line] for line in own] for index, own in zip(indices, lines)]
    file = args.out / "pixels.npy"
    if not file.exists():
        decoded(args.chips, kept, file)
    count = sum(len(entries) for entries in kept)
    jobs = [(args.models, file, i, min(i + PART, count), parts / f"{i:06d}.npz") for i in range(0, count, PART)]
    start, done = time.time(), 0
    with ProcessPoolExecutor(args.workers) as pool:
        for size in pool.map(work, jobs):
            done += size
            print(f"{done} of {count}, {(time.time() - start) / done * (count - done):.0f} s left", flush=True)
    loaded = [np.load(job[-1]) for job in jobs]
    taught = np.concatenate([part["taught"] for part in loaded])
    _, energy, axes = np.linalg.svd(taught.T @ taught)
    reduced = taught @ axes[:128].T
    reduced /= np.linalg.norm(reduced, axis=1, keepdims=True)
    pairs = [pair for folder in args.chips for pair in chips.look_alikes(folder)]
    held = chips.held_out(kept, pairs)
    entries = [entry for own in kept for entry in own]
    np.savez(
        args.out / "chips.npz",
        matrices=np.concatenate([part["matrices"] for part in loaded]),
        teacher=reduced.astype(np.float32),
        taught=taught.astype(np.float16),
        axes=axes[:128],
        labels=np.array([entry.get("id") or "" for entry in entries]),
        sources=np.array([entry["s"] for entry in entries]),
        sets=np.concatenate([np.full(len(own), i) for i, own in enumerate(lines)]),
        lines=np.concatenate(lines),
        held=np.array([entry.get("id") in held for entry in entries]),
        pairs=np.array(pairs),
    )
    print(f"first 128 axes keep {energy[:128].sum() / energy.sum():.4f} of the energy; {len(held)} people held out")


if __name__ == "__main__":
    main()
