"""Trains the student. Run the same line again to go on after a stop; another number of steps then moves the end, unless it was reached.

    python train.py --data DATA --work WORK --name all --steps 16000
    python train.py --data DATA --work WORK --name without-nuaa --steps 2500 --without nuaa
    python train.py ... --until 16:05     # a shared machine: the schedule follows the clock and ends then, whatever the step

Classes by cross-entropy with smoothed labels, the mean of two looks at one face by their log odds, teachers by a Huber loss of
their log odds. AdamW, cosine, exponential mean of the weights; one thread.
"""

import argparse
import os
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from augment import plain
from batches import Batches
from figures import area
from frames import Chips, Frames
from network import Liveness, log_odds
from teacher import Session

SMOOTHING = 0.05
DECAY = 0.1


def losses(outputs, shares, weights, said, said_weights, sharing):
    classes = F.cross_entropy(outputs[:, :3], shares, reduction="none", label_smoothing=SMOOTHING)
    classes = (classes * weights).sum() / weights.sum()
    living = shares[:, 0].reshape(-1, 2).mean(1) * (1 - SMOOTHING) + SMOOTHING / 2
    both = F.binary_cross_entropy_with_logits(log_odds(outputs).reshape(-1, 2).mean(1), living, reduction="none")
    pair_weights = weights.reshape(-1, 2).mean(1)
    both = (both * pair_weights).sum() / pair_weights.sum()
    known = (~torch.isnan(said)).float() * said_weights[:, None]
    distance = F.smooth_l1_loss(outputs[:, 3:], torch.nan_to_num(said), reduction="none", beta=0.5)
    teachers = (distance * known).sum() / known.sum().clamp(min=1)
    return classes + 0.5 * both + sharing * teachers, classes.detach(), both.detach(), teachers.detach()


@torch.no_grad()
def follow(mean, model, decay):
    for ours, theirs in zip(mean.state_dict().values(), model.state_dict().values()):
        if ours.dtype.is_floating_point:
            ours.lerp_(theirs, 1 - decay)
        else:
            ours.copy_(theirs)


class Watch:
    """A quick look at the people (or sources) that training does not see."""

    def __init__(self, frames, chosen):
        rows = frames.rows
        self.kinds = np.array([rows[i]["label"] for i in chosen])
        looks = [plain(frames.pixels(i), rows[i]["face"], scale) for i in chosen for scale in (1.2, 2.7)]
        self.x = np.stack(looks).transpose(0, 3, 1, 2)

    @torch.no_grad()
    def __call__(self, model):
        model.eval()
        outputs = torch.cat([model(torch.from_numpy(self.x[i : i + 64]).float() / 255) for i in range(0, len(self.x), 64)])
        odds, told = log_odds(outputs).numpy().reshape(-1, 2), outputs[:, 3].numpy().reshape(-1, 2)
        live = self.kinds == "live"
        text = []
        for kind in ("print", "replay"):
            mine = self.kinds == kind
            if mine.any() and live.any():
                text.append(
                    f"{kind} "
                    + " ".join(
                        f"{name} {area(s[live], s[mine]):.3f}"
                        for name, s in (("tight", odds[:, 0]), ("wide", odds[:, 1]), ("both", odds.mean(1)), ("teacher-head", told[:, 1]))
                    )
                )
        return "; ".join(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--without", default="", help="families left out, joined by commas")
    parser.add_argument("--everybody", action="store_true", help="also the fifth of the people that is kept for judging")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--sharing", type=float, default=1.0, help="weight of the teachers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--watch", type=int, default=1000)
    parser.add_argument("--until", default=None, help="HH:MM; what is left of the schedule is spread over the time until then")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    frames, chips = Frames(options.work), Chips(options.work)
    left_out = set(filter(None, options.without.split(",")))
    rows = frames.rows
    chosen = [i for i, r in enumerate(rows) if r["family"] not in left_out and (options.everybody or not r["held"]) and r["family"] != "saikan"]
    judged = [i for i, r in enumerate(rows) if (r["family"] in left_out if left_out else r["held"])][:: 1 if not left_out else 2]
    teacher = Session(options.data / "spoof-teachers" / "minifasnet_v2_2.7_80.npz", options.work)
    batches, watch = Batches(frames, chips, chosen, options.seed, teacher), Watch(frames, judged)
    model, mean = (Liveness().to(memory_format=torch.channels_last) for _ in range(2))
    mean.load_state_dict(model.state_dict())
    # Scales and shifts keep no decay: it would only move what batch norm undoes.
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain_ones = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": DECAY}, {"params": plain_ones, "weight_decay": 0.0}], lr=options.rate)
    checkpoint, first, progress = options.work / f"{options.name}.pt", 0, 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=False)
        if saved["without"] != options.without or saved["everybody"] != options.everybody:
            raise SystemExit(f"{checkpoint} is of a run with other people")
        model.load_state_dict(saved["model"])
        mean.load_state_dict(saved["mean"])
        optimizer.load_state_dict(saved["optimizer"])
        for group, decay in zip(optimizer.param_groups, (DECAY, 0.0)):
            group["weight_decay"] = decay
        torch.set_rng_state(saved["random"])
        first, progress = saved["step"], saved.get("progress", saved["step"] / saved["steps"])
        print(f"going on at step {first}", flush=True)

    def save(step):
        state = {
            "model": model.state_dict(),
            "mean": mean.state_dict(),
            "optimizer": optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "step": step,
            "progress": progress,
            "steps": options.steps,
            "without": options.without,
            "everybody": options.everybody,
            "seed": options.seed,
        }
        part = checkpoint.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, checkpoint)

    begin, gone, making = time.perf_counter(), np.zeros(4), 0.0
    start, base, step = time.time(), progress, first
    end = time.mktime((*time.localtime()[:3], *map(int, options.until.split(":")), 0, 0, 0, -1)) if options.until else None
    while progress < 1:
        warm = min(1, (step + 1) / 300)
        for group in optimizer.param_groups:
            group["lr"] = options.rate * warm * (0.5 + 0.5 * np.cos(np.pi * progress))
        before = time.perf_counter()
        x, *targets = batches(step)
        making += time.perf_counter() - before
        model.train()
        loss, *parts = losses(model(x.contiguous(memory_format=torch.channels_last)), *targets, options.sharing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimizer.step()
        follow(mean, model, min(0.999, (step + 1) / (step + 10)))
        gone += (loss.item(), *(part.item() for part in parts))
        step = done = step + 1
        progress = (
            min(1, base + (1 - base) * (time.time() - start) / (end - start)) if end else base + (1 - base) * (done - first) / (options.steps - first)
        )
        if progress > 1 - 1e-9:
            progress = 1
        if done % 100 == 0:
            spent = time.perf_counter() - begin
            rest = spent * (1 - progress) / (progress - base)
            loss_, classes, both, told = gone / 100
            print(
                f"{time.strftime('%H:%M:%S')} step {done} ({progress:.1%}) loss {loss_:.3f} classes {classes:.3f} both {both:.3f} teachers {told:.3f} "
                f"{(done - first) / spent:.2f} steps/s, batches {making / spent:.0%} of it, {rest / 60:.0f} min left",
                flush=True,
            )
            gone[:] = 0
        if done % options.watch == 0 or progress == 1:
            print(f"  unseen: {watch(mean)}", flush=True)
        if done % 200 == 0 or progress == 1:
            save(done)


if __name__ == "__main__":
    main()
