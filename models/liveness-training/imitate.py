"""Trains the imitator on what `views.py` laid down. Run the same line again to go on after a stop.

    python imitate.py --data DATA --work WORK --name three --teach three --until 18:58      # two processes, or one after the other
    python imitate.py --data DATA --work WORK --name rest --teach rest --until 18:58
    python imitate.py --data DATA --work WORK --name like-v2 --start WORK/three.pt WORK/rest.pt --steps 1000

No label is used, only the teacher's answers to the same bytes: Huber loss of its logits, squared error of its 128 numbers before them
and of its maps at the end of stages 3, 4 and 5, each channel by its own spread. Each part of the student learns alone, from the teacher's own map
before it (`three`, `rest`), then behind the student's other parts (`joined`), but never THROUGH them: trained as a whole it learns what a
source looks like, and on a source left out nothing is left of it (card). AdamW, cosine, mean of the weights; one thread.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from augment import plain
from figures import area
from frames import Frames
from imitator import BOTH_CROPS, Imitator, judged, shown
from train import follow
from views import FIELDS, Early, Teacher, families

BATCH, DECAY, LOGIT_SCALE = 32, 0.02, 3.0
PARTS = ("logits", "emb", "five", "four")


class Asked:
    """All crops laid down so far that show nothing of the sources left out, each once before any comes again."""

    def __init__(self, folder, forbidden, seed, early):
        # The map at the end of stage 3 is asked for anew: cheap, and large on a disk. Its spread is that of the first crops.
        self.early = early
        self.folder, self.forbidden, self.random = folder, forbidden, np.random.default_rng(seed)
        self.shards, self.order = {}, np.empty((0, 2), np.int64)
        self.mean, self.spread = early.spread

    def look(self):
        for done in sorted(self.folder.glob("*.done")):
            if done.stem not in self.shards:
                self.shards[done.stem] = {f: np.load(self.folder / f"{done.stem}-{f}.npy", mmap_mode="r") for f in FIELDS}
        rows = []
        for k, shard in enumerate(self.shards.values()):
            mine = np.flatnonzero((np.asarray(shard["tags"]) & self.forbidden) == 0)
            rows.append(np.stack([np.full(len(mine), k), mine], 1))
        return np.concatenate(rows)

    def __call__(self):
        if len(self.order) < BATCH:
            self.order = self.random.permutation(self.look())
        chosen, self.order = self.order[:BATCH], self.order[BATCH:]
        shards, names = list(self.shards.values()), ("x", *PARTS)
        x, logits, emb, five, four = (torch.from_numpy(np.stack([shards[k][f][i] for k, i in chosen])) for f in names)
        three = (torch.from_numpy(self.early(x.numpy())) - self.mean) / self.spread
        x = x.permute(0, 3, 1, 2).float()
        return x, logits, emb, (five.float() - 128) / 32, (four.float() - 128) / 32, three


class Watch:
    """How well it follows the teacher on the frames themselves: people kept back of seen sources, and sources left out."""

    def __init__(self, work, left_out, every=3):
        self.frames, self.left_out = Frames(work), left_out
        rows = self.frames.rows
        self.chosen = [i for i, r in enumerate(rows) if r["held"] or r["family"] in left_out]
        self.chosen = self.chosen[:: every if len(self.chosen) > 900 else 1]
        self.x = np.stack([plain(self.frames.pixels(i), rows[i]["face"], 2.7) for i in self.chosen]).transpose(0, 3, 1, 2)
        self.said = None

    def teach(self, teacher):
        looks = [torch.from_numpy(self.x[i : i + 32]).float() for i in range(0, len(self.x), 32)]
        x = torch.cat([shown(look, BOTH_CROPS).reshape(2, -1, 3, 80, 80) for look in looks], 1)
        x = x.round().byte().permute(0, 1, 3, 4, 2).numpy()
        y = [np.concatenate([teacher(part[i : i + 32])[0] for i in range(0, len(part), 32)]) for part in x]
        self.said = np.stack([v[:, 1] - np.logaddexp(v[:, 0], v[:, 2]) for v in y], 1).clip(-10, 10)

    @torch.no_grad()
    def __call__(self, model):
        model.eval()
        said = torch.cat([judged(model, torch.from_numpy(self.x[i : i + 32]).float(), BOTH_CROPS) for i in range(0, len(self.x), 32)]).numpy()
        rows = [self.frames.rows[i] for i in self.chosen]
        label = np.array([r["label"] for r in rows])
        outside = np.array([r["family"] in self.left_out for r in rows])
        text = []
        for name, mine in (("seen", ~outside), ("unseen", outside)):
            if not mine.any():
                continue
            corr = [f"{np.corrcoef(said[mine, k], self.said[mine, k])[0, 1]:.3f}" for k in (0, 1)]
            text.append(f"{name} {mine.sum()} frames: correlation middle, shrunk {' '.join(corr)}")
            for kind in ("print", "replay"):
                a, b = mine & (label == "live"), mine & (label == kind)
                for who, s in (("D", said[:, 0]), ("V2", self.said[:, 0])):
                    if b.any():
                        text[-1] += f", {kind} {who} {area(s[a], s[b]):.3f}"
        return "; ".join(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--without", default="", help="families left out, joined by commas")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--teach", choices=("three", "rest", "joined"), default="joined")
    parser.add_argument("--start", type=Path, nargs="*", default=[], help="checkpoints to start from; of the second only what is not part three")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--watch", type=int, default=1000)
    parser.add_argument("--until", default=None, help="HH:MM; what is left of the schedule is spread over the time until then")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    left_out = set(filter(None, options.without.split(",")))
    bit = {name: k for k, name in enumerate(families(Frames(options.work).rows))}
    asked = Asked(options.work / "views", np.uint32(sum(1 << bit[name] for name in left_out)), options.seed, Early(options.data, options.work))
    watch = Watch(options.work, left_out)
    watch.teach(Teacher(options.data, options.work))
    known = np.load(options.work / "views-spread.npz")
    emb_mean, emb_spread = torch.from_numpy(known["emb_m"]), torch.from_numpy(known["emb_s"])
    model, mean = (Imitator().to(memory_format=torch.channels_last) for _ in range(2))
    mean.load_state_dict(model.state_dict())
    decayed = [p for p in model.parameters() if p.ndim > 1]
    plain_ones = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": DECAY}, {"params": plain_ones, "weight_decay": 0.0}], lr=options.rate)
    for k, path in enumerate(options.start):
        for one in (model, mean):
            some = torch.load(path, weights_only=False)["mean"]
            one.load_state_dict({**one.state_dict(), **{n: v for n, v in some.items() if k == 0 or not n.startswith("three.")}})
    checkpoint, first, progress = options.work / f"{options.name}.pt", 0, 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=False)
        if saved["without"] != options.without:
            raise SystemExit(f"{checkpoint} is of a run with other sources")
        model.load_state_dict(saved["model"])
        mean.load_state_dict(saved["mean"])
        optimizer.load_state_dict(saved["optimizer"])
        asked.random = np.random.default_rng([options.seed, saved["step"]])
        first, progress = saved["step"], saved["progress"]
        print(f"going on at step {first}", flush=True)

    def save(step):
        state = {"model": model.state_dict(), "mean": mean.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "progress": progress}
        part = checkpoint.with_suffix(".part")
        torch.save({**state, "steps": options.steps, "without": options.without, "seed": options.seed}, part)
        os.replace(part, checkpoint)

    start, base, step, gone, fetching = time.time(), progress, first, np.zeros(6), 0.0
    end = time.mktime((*time.localtime()[:3], *map(int, options.until.split(":")), 0, 0, 0, -1)) if options.until else None
    while progress < 1:
        for group in optimizer.param_groups:
            group["lr"] = options.rate * min(1, (step + 1) / 300) * (0.5 + 0.5 * np.cos(np.pi * progress))
        before = time.time()
        x, logits, emb, five, four, three = (v.contiguous(memory_format=torch.channels_last) if v.ndim == 4 else v for v in asked())
        fetching += time.time() - before
        model.train()
        given = (emb - emb_mean) / emb_spread
        if options.teach == "three":
            said = (logits, given, five, four, model.three((x - 127.5) * (1 / 64)))
        elif options.teach == "rest":
            said = (*model.behind(three, four), three)
        else:
            said = model.joined(x)
        # The teacher's logits matter up to a common shift.
        centred = [(v - v.mean(1, keepdim=True)) / LOGIT_SCALE for v in (said[0], logits)]
        parts = (
            F.smooth_l1_loss(*centred, beta=0.5) * 2,
            F.mse_loss(said[1], given),
            F.mse_loss(said[2], five),
            F.mse_loss(said[3], four),
            F.mse_loss(said[4], three),
        )
        loss = sum(parts)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        follow(mean, model, min(0.999, (step + 1) / (step + 10)))
        with torch.no_grad():
            difference = torch.stack([v[:, 1] - torch.logsumexp(v[:, ::2], 1) for v in (said[0], logits)]).clamp(-10, 10)
            share = ((difference[0] - difference[1]) ** 2).mean() / difference[1].var()
        gone += (*(p.item() for p in parts), share.item())
        step += 1
        progress = base + (1 - base) * ((time.time() - start) / (end - start) if end else (step - first) / (options.steps - first))
        progress = 1 if progress > 1 - 1e-9 else progress
        if step % 200 == 0:
            spent = time.time() - start
            text = " ".join(f"{n} {v:.3f}" for n, v in zip((*PARTS, "three", "unexplained"), gone / 200))
            print(
                f"{time.strftime('%H:%M:%S')} step {step} ({progress:.1%}) {text}; {(step - first) / spent:.2f} steps/s, "
                f"fetching {fetching / spent:.0%}, {len(asked.shards)} shards, {spent * (1 - progress) / (progress - base) / 60:.0f} min left",
                flush=True,
            )
            gone[:] = 0
        if options.teach == "joined" and (step % options.watch == 0 or progress == 1):
            print(f"  {watch(mean)}", flush=True)
        if step % 500 == 0 or progress == 1:
            save(step)


if __name__ == "__main__":
    main()
