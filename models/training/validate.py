"""TAR at FMR over all pairs of a set of aligned crops (made by the product, so that training is judged as it will be used)."""

import json
from pathlib import Path

import numpy as np
import torch

RATES = (1e-2, 1e-3, 1e-4, 1e-5)


class Evaluation:
    """`crops`: a file of n x 96 x 96 x 3 bytes (BGR) and beside it .json with [person, image, found] a photo."""

    def __init__(self, crops):
        rows = json.loads(Path(crops).with_suffix(".json").read_text())
        self.people = np.array([row[0] for row in rows])
        self.found = np.array([bool(row[2]) for row in rows])
        pixels = np.fromfile(crops, np.uint8).reshape(-1, 96, 96, 3)[..., ::-1]
        self.pixels = np.ascontiguousarray(pixels)

    def __call__(self, model, batch=256):
        model.eval()
        parts = []
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            for i in range(0, len(self.pixels), batch):
                x = torch.from_numpy(self.pixels[i : i + batch]).permute(0, 3, 1, 2).float() / 255
                parts.append(model(x.contiguous(memory_format=torch.channels_last)).float())
        return self.rates(torch.cat(parts).numpy())

    def rates(self, embeddings):
        people = self.people[self.found]
        distances = 2 - 2 * embeddings @ embeddings.T
        upper = np.triu_indices(len(people), 1)
        same = (people[:, None] == people[None, :])[upper]
        d = distances[upper]
        # A photo without a face is a refusal: it counts in the totals.
        _, counts = np.unique(self.people, return_counts=True)
        genuine = (counts * (counts - 1) // 2).sum()
        total = len(self.people) * (len(self.people) - 1) // 2
        impostor = np.sort(d[~same])
        result = {}
        for rate in RATES:
            threshold = impostor[int(rate * (total - genuine))]
            result[f"{rate:.0e}"] = float((d[same] < threshold).sum() / genuine)
        return result
