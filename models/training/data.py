"""What a run is fed: the chips of a work folder without the people held out, and which of them make each batch."""

from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from augment import augmented


class Chips(Dataset):
    """Rows of prepare.py, and behind them those of mix.py where it was run. `labels`: number of the person, -1 where not known."""

    def __init__(self, work, seed, strength=lambda step: 1.0, mixes=True):
        work = Path(work)
        data = np.load(work / "chips.npz")
        self.rows = np.flatnonzero(~data["held"])
        self.pixels = np.load(work / "pixels.npy", mmap_mode="r")
        self.matrices, self.teacher = data["matrices"], data["teacher"]
        names = data["labels"]
        known, counts = np.unique(names[self.rows], return_counts=True)
        # One photo alone is no class.
        self.people = [name for name, count in zip(known, counts) if name and count > 1]
        number = {name: i for i, name in enumerate(self.people)}
        self.labels = np.array([number.get(name, -1) for name in names])
        self.confusable = np.zeros((len(self.people), len(self.people)), bool)
        for one, other in data["pairs"]:
            if one in number and other in number:
                self.confusable[number[one], number[other]] = self.confusable[number[other], number[one]] = True
        self.mixed = None
        if mixes and (work / "mixed.npz").exists():
            self.mixed = np.load(work / "mixed-pixels.npy", mmap_mode="r")
            taught = np.load(work / "mixed.npz")["teacher"]
            self.rows = np.concatenate([self.rows, len(names) + np.arange(len(taught))])
            self.teacher = np.concatenate([self.teacher, taught])
            self.labels = np.concatenate([self.labels, np.full(len(taught), -1)])
        self.seed, self.strength = seed, strength

    def __len__(self):
        return len(self.labels)

    def picture(self, row):
        """Pixels of the chip and the matrix to its aligned crop of 112."""
        own = len(self.pixels)
        return (np.asarray(self.pixels[row]), self.matrices[row]) if row < own else (np.asarray(self.mixed[row - own]), np.eye(2, 3))

    def __getitem__(self, key):
        step, row = key
        random = np.random.default_rng((self.seed, step, row))
        crop = augmented(*self.picture(row), random, self.strength(step))
        return torch.from_numpy(crop.transpose(2, 0, 1).copy()), torch.from_numpy(self.teacher[row]), int(self.labels[row])

    def prototypes(self):
        """Where the teacher sees each person: people x 128, the start of the soft-max over people."""
        sums = np.zeros((len(self.people), self.teacher.shape[1]), np.float32)
        known = self.rows[self.labels[self.rows] >= 0]
        np.add.at(sums, self.labels[known], self.teacher[known])
        return torch.from_numpy(sums / np.linalg.norm(sums, axis=1, keepdims=True))


class Batches:
    """The rows of each step, a function of seed and step: a resumed run sees what an uninterrupted one would have seen.

    Chips without a person come once a pass. Of a person at most `cap` chips a pass are taken, and `pairs` people of each
    batch bring two chips, so that there are positives.
    """

    def __init__(self, chips, batch, seed, first, last, cap=40, pairs=8):
        self.batch, self.seed, self.first, self.last, self.cap, self.pairs = batch, seed, first, last, cap, pairs
        labels = chips.labels[chips.rows]
        self.alone = chips.rows[labels < 0]
        order = np.argsort(labels, kind="stable")
        cuts = np.flatnonzero(np.diff(labels[order])) + 1
        self.people = [chips.rows[part] for part in np.split(order, cuts) if labels[part[0]] >= 0]
        self.pass_length = len(self.rows_of_pass(0)) // (batch - 2 * pairs)

    def rows_of_pass(self, number):
        random = np.random.default_rng((self.seed, 1, number))
        rows = [self.alone, *(random.permutation(own)[: self.cap] for own in self.people)]
        return random.permutation(np.concatenate(rows))

    def __iter__(self):
        number, rows = -1, None
        for step in range(self.first, self.last):
            if step // self.pass_length != number:
                number = step // self.pass_length
                rows = self.rows_of_pass(number)
            random = np.random.default_rng((self.seed, 2, step))
            room = self.batch - 2 * self.pairs
            own = rows[(step % self.pass_length) * room :][:room]
            chosen = random.choice(len(self.people), self.pairs, replace=False)
            twos = np.concatenate([random.choice(self.people[i], 2, replace=False) for i in chosen])
            yield [(step, int(row)) for row in np.concatenate([own, twos])]

    def __len__(self):
        return self.last - self.first


def worker(_):
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
