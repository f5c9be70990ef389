"""False match rates within groups, at the thresholds of the manifest: python groups.py --work W --chips DIR --model openface.onnx

Pairs are chips of one group (sex and race as UTKFace's makers guessed them). Hardly any chip has an identity, so a pair that
the teacher takes for one person (squared distance < 0.9) is left out, and false non-matches cannot be told. The chips were
trained on: the figures compare groups and are no promise. Prints JSON.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import chips
from augment import plain
from teacher import session

SAME_PERSON = 0.9
RACES = ("White", "Black", "Asian", "Indian", "other")
AGES = ((8, 20), (20, 40), (40, 60), (60, 120))


def embed(model, pixels, matrices):
    net = session(model)
    name = net.get_inputs()[0].name
    rows = []
    for rgb, matrix in zip(pixels, matrices):
        crop = plain(np.asarray(rgb), matrix)
        rows.append(net.run(None, {name: np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32) / 255})[0][0])
    rows = np.stack(rows)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def false_matches(embeddings, teacher, limits):
    """Share of pairs of different people at or below each limit."""
    upper = np.triu_indices(len(embeddings), 1)
    other = (2 - 2 * teacher @ teacher.T)[upper] >= SAME_PERSON
    distances = (2 - 2 * embeddings @ embeddings.T)[upper][other]
    return {"pairs": int(other.sum()), **{rate: float((distances <= limit).mean()) for rate, limit in limits.items()}}


def main():
    parser = argparse.ArgumentParser()
    for name in ("work", "chips", "model"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--limits", required=True, help='{"1e-3": 1.2, …}: thresholds of the manifest')
    parser.add_argument("--most", type=int, default=900, help="chips a group")
    args = parser.parse_args()
    limits = json.loads(args.limits)
    index, data = chips.read_index(args.chips), np.load(args.work / "chips.npz")
    pixels = np.load(args.work / "pixels.npy", mmap_mode="r")
    # --chips is the first of the folders that prepare.py was given.
    entries = {row: index[data["lines"][row]] for row in np.flatnonzero(data["sets"] == 0)}
    groups = {}
    for row, entry in entries.items():
        if entry["s"] != "utkface" or entry.get("race") is None:
            continue
        sex = {"m": "men", "f": "women"}.get(entry.get("sex"))
        groups.setdefault(f"{RACES[entry['race']]} {sex}", []).append(row)
        for low, high in AGES:
            if low <= entry.get("age", 0) < high:
                groups.setdefault(f"age {low} to {high - 1}", []).append(row)
    groups["all"] = [row for row, entry in entries.items() if entry["s"] == "utkface"]
    table = {}
    for name, rows in sorted(groups.items()):
        rows = np.array(rows)[: args.most]
        embeddings = embed(args.model, pixels[rows], data["matrices"][rows])
        table[name] = {"chips": len(rows), **false_matches(embeddings, data["teacher"][rows], limits)}
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
