"""The chips of faces-train and faces-more: JPEGs end to end in shards, one line of index each (their READMEs tell the keys)."""

import gzip
import hashlib
import json
from collections import Counter
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


class Decoder:
    """Pixels of one line at a time, 128 x 112 x 3 bytes, RGB."""

    def __init__(self, folder):
        self.folder, self.shards = Path(folder), {}

    def __call__(self, entry):
        if entry["b"] not in self.shards:
            self.shards[entry["b"]] = np.fromfile(self.folder / f"shard-{entry['b']:02d}.bin", np.uint8)
        jpeg = self.shards[entry["b"]][entry["o"] : entry["o"] + entry["n"]]
        return cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def look_alikes(folder):
    """Pairs of labels that may be one person: no negatives of each other."""
    file = Path(folder) / "maybe-same.txt"
    return [tuple(line.split("\t")[:2]) for line in file.read_text().splitlines()] if file.exists() else []


def held_out(sets, pairs, share=12, least=4):
    """The people whose chips are never trained on, to choose by: every twelfth (by a digest of the label) of those with four
    chips or more, all of them in the last set, and of no pair that may be one person.

    sets: lists of entries, one a folder. The choice depends on nothing but the labels, so it is the same in every run.
    """
    doubtful = {label for pair in pairs for label in pair}
    earlier = {entry["id"] for entries in sets[:-1] for entry in entries if entry.get("id")}
    counts = Counter(entry["id"] for entry in sets[-1] if entry.get("id"))
    chosen = lambda label: int(hashlib.sha256(label.encode()).hexdigest()[:8], 16) % share == 0  # noqa: E731
    return {label for label, n in counts.items() if n >= least and label not in earlier | doubtful and chosen(label)}
