"""The chips of faces-train: JPEGs end to end in shards, one line of index each (its README tells the keys)."""

import gzip
import json
from pathlib import Path

import cv2
import numpy as np

HEIGHT, WIDTH = 128, 112


def read_index(folder):
    with gzip.open(Path(folder) / "index.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


def usable(folder, index):
    """Line numbers without those that the teacher matches to a photo of the evaluation sets."""
    excluded = {int(line) for line in (Path(folder) / "exclude.txt").read_text().split()}
    return [i for i in range(len(index)) if i not in excluded]


def decode(folder, index, lines):
    """Pixels as n x 128 x 112 x 3 bytes, RGB."""
    shards = {}
    pixels = np.empty((len(lines), HEIGHT, WIDTH, 3), np.uint8)
    for row, line in enumerate(lines):
        entry = index[line]
        if entry["b"] not in shards:
            shards[entry["b"]] = np.fromfile(Path(folder) / f"shard-{entry['b']:02d}.bin", np.uint8)
        jpeg = shards[entry["b"]][entry["o"] : entry["o"] + entry["n"]]
        pixels[row] = cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    return pixels
