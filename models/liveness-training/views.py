"""Asks MiniFASNetV2 about as many different crops as there is time for, and lays question and answer down for `imitate.py`.

    python views.py --data DATA --work WORK --part 0 --shards 50      # one process a core, each another --part; run again to go on

A student imitates a function only where it was asked. So a crop here is anything that a camera at a door could give and more:
squares around faces and beside them, faces of other people set into the scene, rims, recaptures, blends, light, lens and noise.
Nobody's label is used. The teacher is asked about EXACTLY the bytes that the student will see. Laid down, because the teacher
and the making of a crop cost as much as a training step, and several runs (sources left out) share them.

A shard is 4,096 crops: `x` 80 x 80 x 3 bytes RGB; `four`, `five` the teacher's maps at the end of its stages 4 and 5 (10 x 10
and 5 x 5 x 128, in 32nds of each channel's spread + 128); `emb` its 128 numbers before the last layer, `logits` its three;
`tags` a bit for each family of sources in the crop, so that a run without a source sees nothing of it.
"""

import argparse
import os
import time
from pathlib import Path

import cv2
import numpy as np
import torch

import augment
from augment import chance
from frames import Chips, Frames
from teacher import Arrays

SHARD, BATCH, SIZE = 4096, 64, 80
FIELDS = ("x", "four", "five", "emb", "logits", "tags")
CHIP = 31
SETTINGS = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}


def families(rows):
    return sorted({r["family"] for r in rows})


class Open(Arrays):
    """The teacher with its insides: logits, embedding, end of stage 5, end of stage 4."""

    def forward(self, x):
        x = self.unit(x, "conv1", 2, 1)
        x = self.unit(x, "conv2_dw", 1, 1)
        ends = {}
        for stage, count in (("3", 4), ("4", 6), ("5", 2)):
            x = self.depthwise(x, {"3": "conv_23", "4": "conv_34", "5": "conv_45"}[stage], 2)
            for i in range(count):
                x = self.depthwise(x, f"conv_{stage}.model.{i}", residual=True)
            ends[stage] = x
        x = self.unit(x, "conv_6_sep")
        x = self.unit(x, "conv_6_dw", prelu=False)
        x = self.norm(torch.nn.functional.linear(x.flatten(1), self.arrays["linear.weight"]), "bn")
        return torch.nn.functional.linear(x, self.arrays["prob.weight"]), x, ends["5"], ends["4"]


class Teacher:
    """OpenVINO folds norm and PReLU into the convolutions: 1.4 ms a crop on a core, ONNX Runtime 4.5."""

    def __init__(self, data, work):
        import openvino

        graph = Path(work) / "minifasnet_v2_open.onnx"
        if not graph.exists():
            part = graph.with_suffix(f".{os.getpid()}")
            names = ["y", "emb", "five", "four"]
            torch.onnx.export(
                Open(Path(data) / "spoof-teachers" / "minifasnet_v2_2.7_80.npz"),
                torch.zeros(2, 3, SIZE, SIZE),
                str(part),
                input_names=["x"],
                output_names=names,
                dynamic_axes={name: {0: "n"} for name in ["x", *names]},
                opset_version=17,
                dynamo=False,
            )
            os.replace(part, graph)
        self.model = openvino.Core().compile_model(str(graph), "CPU", SETTINGS)

    def __call__(self, crops):
        """N x 80 x 80 x 3 bytes, RGB. Logits, embedding, stage 5, stage 4."""
        answer = self.model([np.ascontiguousarray(crops[..., ::-1].transpose(0, 3, 1, 2), np.float32)])
        return [answer[i] for i in range(4)]


class Early:
    """The teacher up to the end of its stage 3, and mean and spread of that map's channels."""

    def __init__(self, data, work):
        import openvino

        class Start(Arrays):
            def forward(self, x):
                x = self.unit(self.unit(x, "conv1", 2, 1), "conv2_dw", 1, 1)
                x = self.depthwise(x, "conv_23", 2)
                for i in range(4):
                    x = self.depthwise(x, f"conv_3.model.{i}", residual=True)
                return x

        graph = Path(work) / "minifasnet_v2_early.onnx"
        if not graph.exists():
            part = graph.with_suffix(f".{os.getpid()}")
            start = Start(Path(data) / "spoof-teachers" / "minifasnet_v2_2.7_80.npz")
            axes = {"x": {0: "n"}, "y": {0: "n"}}
            zeros = torch.zeros(2, 3, SIZE, SIZE)
            torch.onnx.export(start, zeros, str(part), input_names=["x"], output_names=["y"], dynamic_axes=axes, opset_version=17, dynamo=False)
            os.replace(part, graph)
        self.model = openvino.Core().compile_model(str(graph), "CPU", SETTINGS)
        crops = np.load(sorted((Path(work) / "views").glob("*-x.npy"))[0], mmap_mode="r")[:1024]
        self.spread = [torch.from_numpy(v)[:, None, None] for v in spread(np.concatenate([self(crops[i : i + 64]) for i in range(0, 1024, 64)]))]

    def __call__(self, crops):
        return self.model([np.ascontiguousarray(crops[..., ::-1].transpose(0, 3, 1, 2), np.float32)])[0].copy()


def oval(height, width, x, y, across, down, soft):
    """A mask that fades: 1 inside an oval, 0 outside."""
    v, u = np.ogrid[0:height, 0:width]
    distance = np.sqrt(((u - x) / across) ** 2 + ((v - y) / down) ** 2).astype(np.float32)
    return ((1 + soft - distance) / (2 * soft)).clip(0, 1)[..., None]


def near(pixels, face, most=72):
    """What a square can show of the surroundings, a face no larger than a crop needs: pasting into whole frames costs ten times as much."""
    height, width = pixels.shape[:2]
    x, y, side = face
    left, right = max(0, int(x - 2.2 * side)), min(width, int(x + 2.2 * side) + 1)
    top, bottom = max(0, int(y - 2.2 * side)), min(height, int(y + 2.2 * side) + 1)
    pixels, x, y = pixels[top:bottom, left:right], x - left, y - top
    if side > most:
        ratio = most / side
        pixels = cv2.resize(pixels, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
        x, y, side = x * ratio, y * ratio, most
    return pixels, (x, y, side)


def swapped(pixels, face, head, head_face, random):
    """Another person's face (or the whole head) in this scene, feathered: new people in front of known walls, and known people in new light."""
    height, width = pixels.shape[:2]
    x, y, side = face
    hx, hy, hside = head_face
    zoom = side / hside * random.uniform(0.85, 1.2)
    matrix = np.float64([[zoom, 0, x - zoom * hx], [0, zoom, y - zoom * hy]])
    other = cv2.warpAffine(head, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # No wider than what the other picture shows of it.
    room = min(hx, hy, head.shape[1] - hx, head.shape[0] - hy) / hside
    across = side * min(random.uniform(0.36, 1.0), max(0.36, 0.9 * room))
    mask = oval(height, width, x, y, across, across * random.uniform(1.1, 1.35), random.uniform(0.05, 0.3))
    values = other.astype(np.float32)
    if chance(random, 0.6):
        # In the light of the place: mean and spread of what it covers.
        weight, old, new = mask[::4, ::4], pixels[::4, ::4].astype(np.float32), values[::4, ::4]
        weight = weight / max(1.0, float(weight.sum()))
        here, there = (weight * old).sum((0, 1)), (weight * new).sum((0, 1))
        spread = np.sqrt((weight * (old - here) ** 2).sum((0, 1)) + 1) / np.sqrt((weight * (new - there) ** 2).sum((0, 1)) + 1)
        values = (values - there) * spread.clip(0.5, 2) + here
    return (pixels + (values - pixels) * mask).clip(0, 255).astype(np.uint8)


def place(pixels, face, random):
    """The square: mostly as the gate takes it, then shifted, then anywhere."""
    height, width = pixels.shape[:2]
    x, y, side = face
    kind, scale = random.random(), random.uniform(1.8, 3.4)
    if kind < 0.06:
        x, y, scale = random.uniform(0, width), random.uniform(0, height), random.uniform(0.8, 3.4)
    elif kind < 0.25:
        x, y = x + side * random.uniform(-0.5, 0.5), y + side * random.uniform(-0.5, 0.5)
    elif kind < 0.7:
        x, y = x + side * random.uniform(-0.1, 0.1), y + side * random.uniform(-0.1, 0.1)
    else:
        scale = random.uniform(2.2, 3.0)
    return (x, y, side), scale


def finest(crop, random):
    """96 to 80: what the gate may do (the middle as it is, or shrunk) and other samplings, for sharpness is what the teacher looks at."""
    kind = random.random()
    if kind < 0.4:
        left, top = (8, 8) if chance(random, 0.6) else random.integers(0, 17, 2)
        return crop[top : top + SIZE, left : left + SIZE]
    return cv2.resize(crop, (SIZE, SIZE), interpolation=(cv2.INTER_AREA, cv2.INTER_CUBIC, cv2.INTER_LINEAR)[int(random.integers(3))])


class Views:
    def __init__(self, frames, chips, chosen, seed):
        self.frames, self.chips, self.seed = frames, chips, seed
        rows = frames.rows
        self.bit = {name: k for k, name in enumerate(families(rows))}
        # Flatter than training's: a frame by the square root of its person's, a source by the square root of its weight.
        people = {}
        for i in chosen:
            people[rows[i]["family"], rows[i]["person"]] = people.get((rows[i]["family"], rows[i]["person"]), 0) + 1
        weights = np.array([people[rows[i]["family"], rows[i]["person"]] ** -0.5 for i in chosen])
        for name in self.bit:
            mine = np.array([rows[i]["family"] == name for i in chosen])
            if mine.any():
                weights[mine] /= weights[mine].sum() ** 0.5
        self.chosen, self.cumulated = chosen, np.cumsum(weights / weights.sum())

    def drawn(self, random):
        i = self.chosen[min(int(np.searchsorted(self.cumulated, random.random())), len(self.chosen) - 1)]
        row = self.frames.rows[i]
        return self.frames.pixels(i), tuple(row["face"]), 1 << self.bit[row["family"]]

    def crop(self, random):
        """96 x 96 before light and camera, and the tags."""
        what = random.random()
        if what < 0.04:
            pixels, face, tag = self.chips.pixels(int(random.integers(len(self.chips)))), self.chips.face, 1 << CHIP
            crop = augment.halved(augment.cut(pixels, face, random.uniform(0.75, 1.27), random))
            return crop, tag
        pixels, face, tag = self.drawn(random)
        if what < 0.40:
            pixels, face = near(pixels, face)
        if what < 0.16:
            pixels, tag = swapped(pixels, face, self.chips.pixels(int(random.integers(len(self.chips)))), self.chips.face, random), tag | 1 << CHIP
        elif what < 0.26:
            head, head_face, other = self.drawn(random)
            head, head_face = near(head, head_face)
            pixels, tag = swapped(pixels, face, head, head_face, random), tag | other
        elif what < 0.36 and min(pixels.shape[:2]) >= 1.9 * face[2]:
            back, back_face, other = self.drawn(random)
            back, back_face = near(back, back_face)
            pixels, face, _ = augment.rim(pixels, face, random, (back, back_face))
            tag |= other
        elif what < 0.40:
            pixels = augment.rectangles(pixels, face, random)
        moved, scale = place(pixels, face, random)
        if chance(random, 0.45):
            crop = augment.plain(pixels, moved, scale)
            if chance(random, 0.4):
                crop = crop[:, ::-1]
        else:
            crop = augment.halved(augment.cut(pixels, moved, scale, random))
        if 0.40 <= what < 0.50:
            crop, _ = augment.recapture(np.ascontiguousarray(crop), random)
        return crop, tag

    def one(self, random):
        crop, tag = self.crop(random)
        mixing = random.random()
        if mixing < 0.14:
            other, more = self.crop(random)
            tag |= more
            if mixing < 0.07:
                share = float(random.beta(0.7, 0.7))
                crop = (share * crop.astype(np.float32) + (1 - share) * other + 0.5).astype(np.uint8)
            else:
                crop = crop.copy()
                w, h = (int(v) for v in random.integers(24, 84, 2))
                left, top = int(random.integers(0, 97 - w)), int(random.integers(0, 97 - h))
                crop[top : top + h, left : left + w] = other[top : top + h, left : left + w]
        # Three in ten stay as the camera gave them.
        if chance(random, 0.7):
            crop = augment.finished(np.ascontiguousarray(crop), random)
        return finest(crop, random), tag

    def __call__(self, number):
        random = np.random.default_rng([self.seed, number])
        crops, tags = zip(*(self.one(random) for _ in range(BATCH)))
        return np.stack(crops), np.array(tags, np.uint32)


def spread(values):
    values = values.astype(np.float64)
    axes = tuple(a for a in range(values.ndim) if a != 1)
    return values.mean(axes).astype(np.float32), (values.std(axes) + 1e-3).astype(np.float32)


def packed(values, mean, deviation):
    return ((values - mean[:, None, None]) / deviation[:, None, None] * 32 + 128).round().clip(0, 255).astype(np.uint8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--shards", type=int, default=50)
    parser.add_argument("--without", default="", help="families not asked about here, joined by commas: more crops for the runs without them")
    parser.add_argument("--held", action="store_true", help="of the people kept back, for judging how well the imitation carries")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    frames, chips = Frames(options.work), Chips(options.work)
    chosen = [i for i, r in enumerate(frames.rows) if r["held"] == options.held and r["family"] not in {"saikan", *options.without.split(",")}]
    views, teacher = Views(frames, chips, chosen, 1000 + options.part), Teacher(options.data, options.work)
    folder = options.work / ("views-held" if options.held else "views")
    folder.mkdir(exist_ok=True)
    known = options.work / "views-spread.npz"
    if not known.exists():
        views_of_all = Views(frames, chips, [i for i, r in enumerate(frames.rows) if not r["held"]], 7)
        some = [teacher(views_of_all(k)[0]) for k in range(24)]
        part, found = known.with_suffix(f".{os.getpid()}.npz"), {}
        for name, place in (("emb", 1), ("five", 2), ("four", 3)):
            found[f"{name}_m"], found[f"{name}_s"] = spread(np.concatenate([s[place] for s in some]))
        np.savez(part, **found)
        os.replace(part, known)
    known = np.load(known)
    for shard in range(options.shards):
        name = f"{options.part}-{shard:03d}"
        if (folder / f"{name}.done").exists():
            continue
        begin, parts = time.perf_counter(), []
        for k in range(SHARD // BATCH):
            x, tags = views(shard * (SHARD // BATCH) + k)
            logits, emb, five, four = teacher(x)
            parts.append((x, packed(four, known["four_m"], known["four_s"]), packed(five, known["five_m"], known["five_s"]), emb, logits, tags))
        for field, values in zip(FIELDS, zip(*parts)):
            np.save(folder / f"{name}-{field}.npy", np.concatenate(values))
        (folder / f"{name}.done").touch()
        print(f"{time.strftime('%H:%M:%S')} shard {name}, {SHARD / (time.perf_counter() - begin):.0f} crops/s", flush=True)


if __name__ == "__main__":
    main()
