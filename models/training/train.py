"""Trains nn4.small2: distillation from the teacher, relations, triplets. Resumable; prints progress and the time left.

python train.py --work /tmp/kaimon-training --minutes 60 [--cmu ../../../shared/data/openface-csv] [--validation lfw96.bin]
"""

import argparse
import copy
import json
import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

import losses
from augment import augmented
from network import OpenFace, load_cmu
from validate import Evaluation


class Chips(Dataset):
    def __init__(self, work, seed):
        self.pixels = np.load(Path(work) / "pixels.npy", mmap_mode="r")
        data = np.load(Path(work) / "chips.npz")
        self.matrices, self.teacher = data["matrices"], data["teacher"]
        names = data["labels"]
        known = {name: i for i, name in enumerate(sorted(set(names) - {""}))}
        self.labels = np.array([known.get(name, -1) for name in names])
        self.seed = seed

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, key):
        step, row = key
        random = np.random.default_rng((self.seed, step, row))
        crop = augmented(np.asarray(self.pixels[row]), self.matrices[row], random)
        return torch.from_numpy(crop.transpose(2, 0, 1).copy()), torch.from_numpy(self.teacher[row]), int(self.labels[row])


class Batches:
    """The rows of each step, a function of seed and step: a resumed run sees what an uninterrupted one would have seen.

    Unlabelled chips come once a pass. Of a labelled person at most `cap` chips a pass are taken, and `pairs` people of each
    batch bring two chips, so that there are positives.
    """

    def __init__(self, labels, batch, seed, first, last, cap=40, pairs=4):
        self.labels, self.batch, self.seed, self.first, self.last, self.cap, self.pairs = labels, batch, seed, first, last, cap, pairs
        self.people = [rows for rows in (np.flatnonzero(labels == label) for label in np.unique(labels[labels >= 0])) if len(rows) > 1]
        self.pass_length = len(self.rows_of_pass(0)) // (batch - 2 * pairs)

    def rows_of_pass(self, number):
        random = np.random.default_rng((self.seed, 1, number))
        rows = [np.flatnonzero(self.labels < 0)]
        rows += [random.permutation(np.flatnonzero(self.labels == label))[: self.cap] for label in np.unique(self.labels[self.labels >= 0])]
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


class Run:
    def __init__(self, args):
        self.args = args
        torch.manual_seed(args.seed)
        self.model = OpenFace()
        if args.cmu:
            load_cmu(self.model, args.cmu)
        self.model = self.model.to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=args.rate, weight_decay=args.decay)
        self.step = 0
        self.curve = []
        self.checkpoint = Path(args.work) / f"{args.name}.pt"
        if self.checkpoint.exists():
            self.load()

    def load(self):
        saved = torch.load(self.checkpoint, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.average.load_state_dict(saved["average"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.step, self.curve = saved["step"], saved["curve"]

    def save(self):
        part = self.checkpoint.with_suffix(".part")
        state = {"model": self.model.state_dict(), "average": self.average.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save({**state, "step": self.step, "curve": self.curve}, part)
        part.replace(self.checkpoint)

    def rate(self):
        warm = min(1.0, (self.step + 1) / self.args.warm)
        return self.args.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1, self.step / self.args.steps))))

    def train_step(self, images, teacher, labels):
        args = self.args
        self.model.train()
        # The stem stays as CMU trained it until the last part of the run.
        self.model.freeze_stem(self.step < args.frozen * args.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        with torch.autocast("cpu", torch.bfloat16):
            student = self.model((images.float() / 255).contiguous(memory_format=torch.channels_last))
        student = student.float()
        parts = {
            "distil": losses.distillation(student, teacher),
            "relate": args.relate * losses.relational(student, teacher),
            "triplet": args.triplet * losses.triplet(student, losses.mine(student, teacher, labels, args.margin), args.margin),
        }
        if args.bank:
            parts["bank"] = args.bank * losses.banked(student, teacher, self.bank, args.temperature)
        total = sum(parts.values())
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.follow()
        return {name: value.item() for name, value in parts.items()}

    def follow(self):
        """Exponential average of weights and statistics, shorter at the beginning."""
        keep = min(self.args.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            mine, theirs = self.average.state_dict(), self.model.state_dict()
            for name, value in mine.items():
                if value.dtype.is_floating_point:
                    value.lerp_(theirs[name], 1 - keep)


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True)
    parser.add_argument("--name", default="openface")
    parser.add_argument("--cmu", default="")
    parser.add_argument("--validation", default="")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--warm", type=int, default=50, help="steps until the full rate")
    parser.add_argument("--decay", type=float, default=0.02)
    parser.add_argument("--ema", type=float, default=0.998)
    parser.add_argument("--relate", type=float, default=4.0)
    parser.add_argument("--triplet", type=float, default=0.01)
    parser.add_argument("--bank", type=float, default=0.2, help="weight of the ranking of all chips")
    parser.add_argument("--temperature", type=float, default=0.06)
    parser.add_argument("--margin", type=float, default=0.3)
    parser.add_argument("--pairs", type=int, default=4, help="labelled people of a batch that bring two chips")
    parser.add_argument("--frozen", type=float, default=0.65, help="share of the steps with a frozen stem")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=500)
    return parser.parse_args()


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    run = Run(args)
    chips = Chips(args.work, args.seed)
    run.bank = torch.from_numpy(chips.teacher)
    batches = Batches(chips.labels, args.batch, args.seed, run.step, args.steps, pairs=args.pairs)
    loader = DataLoader(chips, batch_sampler=batches, num_workers=1, prefetch_factor=8, worker_init_fn=worker)
    evaluate = Evaluation(args.validation) if args.validation else None
    print(f"{len(chips)} chips, {batches.pass_length} steps a pass, from step {run.step} to {args.steps}", flush=True)
    start, first = time.time(), run.step
    mean = {}
    for images, teacher, labels in loader:
        for name, value in run.train_step(images, teacher, labels).items():
            mean[name] = 0.98 * mean.get(name, value) + 0.02 * value
        spent = time.time() - start
        if run.step % 50 == 0:
            left = spent / (run.step - first) * (args.steps - run.step)
            shown = " ".join(f"{name} {value:.4f}" for name, value in mean.items())
            print(f"step {run.step} {shown} {args.batch * (run.step - first) / spent:.0f} images/s, {left / 60:.0f} min left", flush=True)
        over = spent > args.minutes * 60
        if run.step % args.every == 0 or over or run.step == args.steps:
            row = {"step": run.step, "minutes": round(spent / 60, 1), **mean}
            if evaluate:
                row |= evaluate(run.average)
            run.curve.append(row)
            run.save()
            (Path(args.work) / f"{args.name}.curve.json").write_text(json.dumps(run.curve, indent=1))
            print(json.dumps(row), flush=True)
        if over:
            break


if __name__ == "__main__":
    main()
