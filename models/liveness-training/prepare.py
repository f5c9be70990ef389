"""Decodes every picture once, so that a training step costs one warp per look and no JPEG.

    python prepare.py --data DATA --out WORK

DATA holds `spoof-train`, `liveness-dev`, `spoof-teachers` and, if wanted, `faces-train` and `faces-more`. WORK gets
`frames.bin` (pixels, RGB, end to end), `frames.json` (one row a frame: where, label, person, source, face, teachers),
`chips.bin` and `chips.json` (living faces without a source of attacks, 112 x 128).
"""

import argparse
import csv
import gzip
import json
import random
import zlib
from pathlib import Path

import cv2
import numpy as np

# A tight look is 96 pixels of 1.2 faces: a face of 160 pixels gives it twice what it needs, more is memory.
LARGEST_FACE = 160
# Faces below this are not judged by the gate either.
SMALLEST_FACE = 30
TEACHERS = ("minifasnet_v2", "minifasnet_v1se", "fr_liveness")
# Families are what is left out together: one rig, one office, one maker.
FAMILIES = {"nuaa-run": "nuaa", "oulu-npu-crop": "oulu", "td-selfie": "td", "ZubairCracksCode": "zub"}
# `webcam` people are also in what is kept back; generated faces are nobody's and have textures of their own.
NOT_CHIPS = {"webcam", "generated"}


def family(source, file):
    if source == "frame":
        return "zub" if "zub" in file else "td"
    source = FAMILIES.get(source, source)
    for start in ("cv-", "td-"):
        if source.startswith(start):
            return start[:2]
    return source


def held_out(rows, share=0.2):
    """Marks a fifth of the people of each source; a source of fewer than four people is for training only.

    Within a source people who appear as an attack are drawn apart from those who do not, so that both sides see both kinds.
    """
    groups = {}
    for row in rows:
        groups.setdefault(row["family"], {}).setdefault(row["person"], set()).add(row["label"])
    chosen = set()
    for name, people in groups.items():
        for kind in (True, False):
            some = sorted((p for p, labels in people.items() if bool(labels - {"live"}) == kind), key=lambda p: zlib.crc32(f"{name}/{p}".encode()))
            if len(some) >= 4:
                chosen |= {(name, p) for p in some[: max(1, round(share * len(some)))]}
    for row in rows:
        row["held"] = (row["family"], row["person"]) in chosen


def spoof_train(folder):
    with open(folder / "manifest.csv") as lines:
        for r in csv.DictReader(lines):
            if float(r["face_side"]) >= SMALLEST_FACE:
                yield {
                    **{k: r[k] for k in ("file", "label", "person", "source")},
                    "take": r["seq"],
                    "light": r["light"],
                    "face": [float(r["face_x"]), float(r["face_y"]), float(r["face_side"])],
                }


def tight(folder):
    """OULU crops of 1.3 faces: the face is the middle of the picture."""
    with open(folder / "manifest.csv") as lines:
        for r in csv.DictReader(lines):
            yield {**{k: r[k] for k in ("file", "label", "person", "source")}, "take": r["seq"], "light": "", "face": None}


def liveness_dev(folder):
    with open(folder / "manifest.csv") as lines:
        for r in csv.DictReader(lines):
            if r["frames"] not in ("", "1") or not (r["cnn"] or r["haar"]):
                continue
            x, y, w, h = map(float, (r["cnn"] or r["haar"]).split())
            side = (w * h) ** 0.5
            if side >= SMALLEST_FACE:
                # The vendor's selfies and clips of one person carry ids of different lengths.
                person = r["person"][:11] if r["person"].startswith("td-") else r["person"]
                yield {
                    **{k: r[k] for k in ("file", "label", "source")},
                    "person": person,
                    "take": r["seq"],
                    "light": "",
                    "face": [x + w / 2, y + h / 2, side],
                }


def read_teachers(path):
    with open(path) as lines:
        return {(r["set"], r["file"]): [float(r[t]) for t in TEACHERS] for r in csv.DictReader(lines, delimiter="\t")}


def prepare_frames(data, out):
    teachers = read_teachers(data / "spoof-teachers" / "scores.tsv")
    sets = {
        "spoof-train": (data / "spoof-train", spoof_train),
        "tight": (data / "spoof-train" / "tight", tight),
        "liveness-dev": (data / "liveness-dev", liveness_dev),
    }
    rows, offset = [], 0
    with open(out / "frames.bin", "wb") as store:
        for name, (folder, reader) in sets.items():
            for row in reader(folder):
                pixels = cv2.imread(str(folder / row["file"]), cv2.IMREAD_COLOR)
                if pixels is None:
                    continue
                height, width = pixels.shape[:2]
                x, y, side = row["face"] or (width / 2, height / 2, width / 1.3)
                row["original"] = [round(x, 1), round(y, 1), round(side, 1)]
                ratio = min(1, LARGEST_FACE / side)
                if ratio < 1:
                    pixels = cv2.resize(pixels, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
                pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
                height, width = pixels.shape[:2]
                row.update(
                    set=name,
                    family=family(row["source"], row["file"]),
                    offset=offset,
                    height=height,
                    width=width,
                    face=[x * ratio, y * ratio, side * ratio],
                    teachers=teachers.get((name, row["file"])),
                )
                store.write(pixels.tobytes())
                offset += pixels.size
                rows.append(row)
    held_out(rows)
    (out / "frames.json").write_text(json.dumps(rows))
    print(
        f"{len(rows)} frames, {offset / 2**20:.0f} MiB, {sum(r['held'] for r in rows)} held out, {sum(r['teachers'] is not None for r in rows)} with teachers"
    )


def prepare_chips(data, out, count):
    entries = []
    for name in ("faces-train", "faces-more"):
        folder = data / name
        if not folder.exists():
            continue
        excluded = {int(line) for line in (folder / "exclude.txt").read_text().split()}
        with gzip.open(folder / "index.jsonl.gz", "rt") as lines:
            for i, line in enumerate(lines):
                entry = json.loads(line)
                if (
                    i not in excluded
                    and entry["s"] not in NOT_CHIPS
                    and not entry.get("grey")
                    and not entry.get("gen")
                    and entry["eye"] >= 34
                    and entry.get("age", 20) >= 10
                ):
                    entries.append((folder, entry))
    # Sources by the square root of their size: one set's photographer is a shortcut, too.
    by_source = {}
    for item in entries:
        by_source.setdefault(item[1]["s"], []).append(item)
    total = sum(len(v) ** 0.5 for v in by_source.values())
    rng, chosen = random.Random(1), []
    for items in by_source.values():
        chosen += rng.sample(items, min(len(items), round(count * len(items) ** 0.5 / total)))
    rng.shuffle(chosen)
    shards = {}
    with open(out / "chips.bin", "wb") as store:
        for folder, entry in chosen:
            path = folder / f"shard-{entry['b']:02d}.bin"
            if path not in shards:
                shards[path] = np.fromfile(path, np.uint8)
            pixels = cv2.imdecode(shards[path][entry["o"] : entry["o"] + entry["n"]], cv2.IMREAD_COLOR)
            store.write(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).tobytes())
    (out / "chips.json").write_text(json.dumps({"height": 128, "width": 112, "sources": [e["s"] for _, e in chosen]}))
    print(f"{len(chosen)} chips of {len(by_source)} sources")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--chips", type=int, default=6000)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    prepare_frames(options.data, options.out)
    prepare_chips(options.data, options.out, options.chips)
