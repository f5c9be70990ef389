"""TAR at FMR over all pairs: of the people held out of training (what choices are made by), or of a set of crops made by the product
(what is reported, once).

python validate.py --work W                                 # the teachers on the people held out
python validate.py --work W --checkpoint openface.pt        # a network on them
python validate.py --checkpoint openface.pt --crops lfw96.bin
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from augment import plain
from network import OpenFace

RATES = (1e-2, 1e-3, 1e-4, 1e-5)


def rates_of(embeddings, people, refused_genuine=0, refused_impostor=0, doubtful=None):
    """TAR at each rate. Photos without a face are refusals: they count in the totals. doubtful: pairs that do not count."""
    distances = 2 - 2 * embeddings @ embeddings.T
    upper = np.triu_indices(len(people), 1)
    same, d = (people[:, None] == people[None, :])[upper], distances[upper]
    counted = ~doubtful[upper] if doubtful is not None else np.ones_like(same)
    impostor = np.sort(d[~same & counted])
    genuine = d[same & counted]
    result = {}
    for rate in RATES:
        threshold = impostor[int(rate * (len(impostor) + refused_impostor))]
        result[f"{rate:.0e}"] = float((genuine < threshold).sum() / (len(genuine) + refused_genuine))
    return result


def embeddings_of(model, pixels, batch=256):
    """pixels: n x 96 x 96 x 3 bytes, RGB."""
    model.eval()
    parts = []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for i in range(0, len(pixels), batch):
            x = torch.from_numpy(pixels[i : i + batch]).permute(0, 3, 1, 2).float() / 255
            parts.append(model(x.contiguous(memory_format=torch.channels_last)).float())
    return torch.cat(parts).numpy()


class HeldOut:
    """The people that prepare.py holds out; at most 12 chips of each."""

    def __init__(self, work):
        data, pixels = np.load(Path(work) / "chips.npz"), np.load(Path(work) / "pixels.npy", mmap_mode="r")
        rows = np.flatnonzero(data["held"])
        _, place = np.unique(data["labels"][rows], return_inverse=True)
        self.rows = np.sort(np.concatenate([rows[place == i][:12] for i in range(place.max() + 1)]))
        self.people, self.sources = data["labels"][self.rows], data["sources"][self.rows]
        self.pixels = np.stack([plain(np.asarray(pixels[row]), data["matrices"][row]) for row in self.rows])
        self.teacher, self.taught = data["teacher"][self.rows], data["taught"][self.rows].astype(np.float32)

    def __call__(self, model):
        return rates_of(embeddings_of(model, self.pixels), self.people)


class Crops:
    """`crops`: a file of n x 96 x 96 x 3 bytes (BGR) and beside it .json with [person, image, found] a photo."""

    def __init__(self, crops):
        rows = json.loads(Path(crops).with_suffix(".json").read_text())
        self.all, found = np.array([row[0] for row in rows]), np.array([bool(row[2]) for row in rows])
        self.people = self.all[found]
        self.pixels = np.ascontiguousarray(np.fromfile(crops, np.uint8).reshape(-1, 96, 96, 3)[..., ::-1])

    def __call__(self, model, mirror=False):
        embeddings = embeddings_of(model, self.pixels)
        if mirror:
            embeddings = embeddings + embeddings_of(model, np.ascontiguousarray(self.pixels[:, :, ::-1]))
            embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        pairs = lambda people: (lambda n: n * (n - 1) // 2)(np.unique(people, return_counts=True)[1]).sum()  # noqa: E731
        total = lambda people: len(people) * (len(people) - 1) // 2  # noqa: E731
        genuine = pairs(self.all) - pairs(self.people)
        return rates_of(embeddings, self.people, genuine, total(self.all) - total(self.people) - genuine)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", default="")
    parser.add_argument("--checkpoint", default="")
    parser.add_argument("--part", choices=["average", "model"], default="average")
    parser.add_argument("--crops", default="")
    args = parser.parse_args()
    model = OpenFace()
    if args.checkpoint:
        model.load_state_dict(torch.load(args.checkpoint, weights_only=True)[args.part])
    if args.crops:
        crops = Crops(args.crops)
        print(json.dumps({"one look": crops(model), "with the mirror image": crops(model, mirror=True)}, indent=1))
    if args.work:
        held = HeldOut(args.work)
        table = {"chips": len(held.rows), "people": len(set(held.people))}
        table |= {"teacher, 512 numbers": rates_of(held.taught, held.people), "teacher, 128 numbers": rates_of(held.teacher, held.people)}
        if args.checkpoint:
            embeddings = embeddings_of(model, held.pixels)
            table["network"] = rates_of(embeddings, held.people)
            for source in sorted(set(held.sources)):
                own = held.sources == source
                # Rates of a handful of people say nothing.
                if len(set(held.people[own])) < 10:
                    continue
                table[f"network, {source} ({own.sum()} chips)"] = rates_of(embeddings[own], held.people[own])
        print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
