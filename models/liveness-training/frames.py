"""The pictures that `prepare.py` laid down, read through the page cache."""

import json
from pathlib import Path

import numpy as np

KINDS = {"live": 0, "print": 1, "replay": 2, "mask": 2}


class Frames:
    def __init__(self, work):
        work = Path(work)
        self.rows = json.loads((work / "frames.json").read_text())
        self.store = np.memmap(work / "frames.bin", np.uint8, "r")

    def pixels(self, i):
        row = self.rows[i]
        size = row["height"] * row["width"] * 3
        return np.asarray(self.store[row["offset"] : row["offset"] + size]).reshape(row["height"], row["width"], 3)


class Chips:
    """Aligned living faces; the face fills about nine tenths of the width."""

    def __init__(self, work):
        work = Path(work)
        index = json.loads((work / "chips.json").read_text())
        self.store = np.memmap(work / "chips.bin", np.uint8, "r").reshape(-1, index["height"], index["width"], 3)
        self.sources = index["sources"]

    def __len__(self):
        return len(self.store)

    def pixels(self, i):
        return np.asarray(self.store[i])

    face = (56.0, 64.0, 88.0)
