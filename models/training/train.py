"""Trains nn4.small2: distillation from the teacher, relations, ranking, the people's soft-max, triplets. Resumable; prints progress.

python train.py --work /tmp/kaimon-training --name openface --start start.pt --steps 6000 [--minutes 60]
"""

import argparse
import copy
import json
import math
import time
from pathlib import Path

import cv2
import torch
from torch import nn
from torch.utils.data import DataLoader

import losses
from data import Batches, Chips, worker
from network import OpenFace, load_cmu
from validate import HeldOut


class Run:
    def __init__(self, args, chips):
        self.args = args
        torch.manual_seed(args.seed)
        self.model = OpenFace()
        if args.cmu:
            load_cmu(self.model, args.cmu)
        if args.start:
            self.model.load_state_dict(torch.load(args.start, weights_only=True))
        self.model = self.model.to(memory_format=torch.channels_last)
        # Norms, ReLUs and pools in one go with what is around them: half as much time again without it.
        self.network = torch.compile(self.model) if args.compile else self.model
        self.average = copy.deepcopy(self.model)
        self.people = nn.Parameter(chips.prototypes())
        self.bank = torch.from_numpy(chips.teacher[chips.rows])
        self.confusable = torch.from_numpy(chips.confusable)
        groups = [{"params": self.model.parameters()}, {"params": [self.people], "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=args.rate, weight_decay=args.decay)
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
        self.people.data.copy_(saved["people"])
        self.step, self.curve = saved["step"], saved["curve"]

    def save(self):
        part = self.checkpoint.with_suffix(".part")
        state = {"model": self.model.state_dict(), "average": self.average.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save({**state, "people": self.people.data, "step": self.step, "curve": self.curve}, part)
        part.replace(self.checkpoint)

    def rate(self):
        warm = min(1.0, (self.step + 1) / self.args.warm)
        return self.args.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1, self.step / self.args.steps))))

    def bank_of_step(self):
        """Some of all chips, others in each step: all of them would cost half as much as the network."""
        random = torch.Generator().manual_seed(self.args.seed + self.step)
        return self.bank[torch.randint(len(self.bank), (self.args.banked,), generator=random)]

    def losses(self, images, teacher, labels):
        """What each loss asks, times its weight; one of no weight is not computed."""
        args = self.args
        with torch.autocast("cpu", torch.bfloat16):
            student = self.network((images.float() / 255).contiguous(memory_format=torch.channels_last))
        student = student.float()
        asked = {
            "distil": (args.distil, lambda: losses.distillation(student, teacher)),
            "relate": (args.relate, lambda: losses.relational(student, teacher)),
            "bank": (args.bank, lambda: losses.banked(student, teacher, self.bank_of_step(), args.temperature)),
            "people": (
                args.people,
                lambda: losses.margin_softmax(student, labels, self.people, self.confusable, args.head, args.scale, args.head_margin),
            ),
            "triplet": (args.triplet, lambda: losses.triplet(student, losses.mine(student, teacher, labels, args.margin), args.margin)),
        }
        return {name: weight * loss() for name, (weight, loss) in asked.items() if weight}

    def train_step(self, images, teacher, labels):
        args = self.args
        self.model.train()
        # The stem stays as it was started until the last part of the run.
        self.model.freeze_stem(self.step < args.frozen * args.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        parts = self.losses(images, teacher, labels)
        self.optimizer.zero_grad(set_to_none=True)
        sum(parts.values()).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.follow()
        return {name: value.item() for name, value in parts.items()}

    def gradients(self, images, teacher, labels):
        """How hard each loss pulls at the weights: what the weights of the losses are chosen by."""
        self.model.train()
        self.model.freeze_stem(True)
        norms = {}
        parts = self.losses(images, teacher, labels)
        for name, value in parts.items():
            self.optimizer.zero_grad(set_to_none=True)
            value.backward(retain_graph=True)
            norms[name] = math.sqrt(sum(p.grad.square().sum().item() for p in self.model.parameters() if p.grad is not None))
        return {name: (round(parts[name].item(), 4), round(norm, 4)) for name, norm in norms.items()}

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
    parser.add_argument("--cmu", default="", help="folder of CMU's arrays to start from")
    parser.add_argument("--start", default="", help="weights to start from (start.py)")
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--warm", type=int, default=50, help="steps until the full rate")
    parser.add_argument("--decay", type=float, default=0.02)
    parser.add_argument("--ema", type=float, default=0.998)
    parser.add_argument("--distil", type=float, default=1.0)
    parser.add_argument("--relate", type=float, default=4.0)
    parser.add_argument("--bank", type=float, default=0.2, help="weight of the ranking of all chips")
    parser.add_argument("--banked", type=int, default=16_384, help="chips that are ranked in a step")
    parser.add_argument("--temperature", type=float, default=0.06)
    parser.add_argument("--people", type=float, default=0.05, help="weight of the soft-max over people")
    parser.add_argument("--head", choices=["arcface", "cosface"], default="cosface")
    parser.add_argument("--scale", type=float, default=24.0)
    parser.add_argument("--head-margin", type=float, default=0.25)
    parser.add_argument("--triplet", type=float, default=0.02)
    parser.add_argument("--margin", type=float, default=0.3)
    parser.add_argument("--pairs", type=int, default=8, help="people of a batch that bring two chips")
    parser.add_argument("--no-mixes", action="store_true")
    parser.add_argument("--frozen", type=float, default=0.65, help="share of the steps with a frozen stem")
    parser.add_argument("--hard", type=float, default=0.4, help="share of the steps after which pictures are spoilt in full")
    parser.add_argument("--compile", action="store_true", help="1.6 times as fast; takes a minute at the start, and a C++ compiler")
    parser.add_argument("--gradients", action="store_true", help="print how hard each loss pulls, and end")
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--every", type=int, default=500)
    return parser.parse_args()


def main():
    args = arguments()
    # A process forked from one whose OpenCV has threads waits for ever.
    cv2.setNumThreads(1)
    torch.set_num_threads(args.threads)
    chips = Chips(args.work, args.seed, lambda step: min(1.0, 0.3 + 0.7 * step / max(1, args.hard * args.steps)), not args.no_mixes)
    run = Run(args, chips)
    batches = Batches(chips, args.batch, args.seed, run.step, args.steps, pairs=args.pairs)
    loader = DataLoader(chips, batch_sampler=batches, num_workers=1, prefetch_factor=8, worker_init_fn=worker)
    held = HeldOut(args.work)
    print(f"{len(chips.rows)} chips, {len(chips.people)} people, {batches.pass_length} steps a pass, from step {run.step} to {args.steps}", flush=True)
    start, first = time.time(), run.step
    mean = {}
    for images, teacher, labels in loader:
        if args.gradients:
            print(run.gradients(images, teacher, labels), flush=True)
            return
        for name, value in run.train_step(images, teacher, labels).items():
            mean[name] = 0.98 * mean.get(name, value) + 0.02 * value
        spent = time.time() - start
        if run.step % 50 == 0:
            left = spent / (run.step - first) * (args.steps - run.step)
            shown = " ".join(f"{name} {value:.4f}" for name, value in mean.items())
            print(f"step {run.step} {shown} {args.batch * (run.step - first) / spent:.0f} images/s, {left / 60:.0f} min left", flush=True)
        over = spent > args.minutes * 60
        if run.step % args.every == 0 or over or run.step == args.steps:
            run.curve.append({"step": run.step, "minutes": round(spent / 60, 1), **mean, **held(run.average)})
            run.save()
            (Path(args.work) / f"{args.name}.curve.json").write_text(json.dumps(run.curve, indent=1))
            print(json.dumps(run.curve[-1]), flush=True)
        if over:
            break


if __name__ == "__main__":
    main()
