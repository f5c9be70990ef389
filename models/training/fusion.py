"""Would two encoders at once tell people apart better than one? What docs/encoders.md says about it comes from here.

python fusion.py --work W --models ../build --openface ../openface.onnx --weights DIR --photos LFW --crops W/lfw96.bin --out W/fusion

Two embeddings of unit length a and b, written one after the other as (√w a, √(1−w) b), are one embedding of unit length again, whose squared
distance is w·d(a) + (1−w)·d(b). So every mean of two distances is an encoder like any other, and w is all there is to choose. It is
chosen on the people held out (chips.py), then lfw-dev is looked at once (judge.py: what `kaimon evaluate` would say). --weights: the folder
of dlib's network (dlib_teacher.py); --crops: what crops.mjs made of LFW, for its points. Prints Markdown; --times only the times.
"""

import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch

import align
from dlib_teacher import Dlib
from encoders import Aligned, DlibNetwork, entry_for, unit
from judge import SEED, judged
from prepare import FIRST_BOX
from teacher import session, without_prelu
from validate import HeldOut

PAIRS = ("mobilefacenet+openface", "mobilefacenet+openface-1", "mobilefacenet+dlib", "openface+dlib")
BETTER = {pair: pair.split("+")[0] for pair in PAIRS}
WEIGHTS = np.round(np.arange(0.05, 1, 0.05), 2)


def one_look(path):
    """The file of openface without its mirror image: half the time."""
    model = onnx.load(str(path))
    kept = [node for node in model.graph.node if not {"mirrored", "two", "mean_of_both", "embedding"} & set(node.output)]
    for node in kept:
        for i, name in enumerate(node.input):
            node.input[i] = "input" if name == "two" else name
    del model.graph.node[:]
    model.graph.node.extend(kept)
    model.graph.output[0].name = "both"
    return model.SerializeToString()


def dlib_file(weights, out):
    if not out.exists():
        net = Dlib(weights)
        module = torch.nn.Module()
        module.forward = net
        torch.onnx.export(module, (torch.zeros(1, 3, 150, 150),), str(out), dynamo=False, opset_version=17)
    return out


def networks(args):
    mobilefacenet = args.models / "fr_feature.onnx"
    return {
        "mobilefacenet": Aligned(mobilefacenet, entry_for(mobilefacenet)),
        "openface-1": Aligned(one_look(args.openface), entry_for(args.openface)),
        "dlib": DlibNetwork(dlib_file(args.weights, args.out / "dlib.onnx")),
    }


def embedded(file, faces, nets):
    """faces: pixels, matrix to the aligned crop, 68 points. Name -> embeddings of the pictures and of their mirror images, kept in a file."""
    if not file.exists():
        rows = {name: [] for name in nets}
        for face in faces():
            for name, net in nets.items():
                rows[name].append(net.looks(*face))
        np.savez(file, **{name: np.float32(looks) for name, looks in rows.items()})
    kept = np.load(file)
    looks = {name: unit(kept[name]) for name in nets}
    # What the file of openface gives: the mean of both, whichever way round the picture is.
    return {**looks, "openface": unit(looks["openface-1"].sum(1))[:, None].repeat(2, 1)}


def chips_of(work, models, rows):
    points_net, matrices = session(models / "face_landmark_68.onnx"), np.load(work / "chips.npz")["matrices"]
    pixels = np.load(work / "pixels.npy", mmap_mode="r")
    for row in rows:
        rgb = np.asarray(pixels[row])
        yield rgb, matrices[row], align.landmarks(points_net, rgb, FIRST_BOX)


def photos_of(folder, rows):
    for person, image, _, points in (row for row in rows if row[2]):
        rgb = cv2.cvtColor(cv2.imread(str(folder / person / f"{image}.jpg")), cv2.COLOR_BGR2RGB)
        points = np.array(points)
        yield rgb, align.similarity(align.five(points), align.TEMPLATE_112), points


def together(one, other, w):
    return np.concatenate([np.sqrt(w) * one, np.sqrt(1 - w) * other], axis=-1)


def distances(embeddings, people):
    """Squared distances of genuine and of impostor pairs."""
    upper = np.triu_indices(len(people), 1)
    d, same = (2 - 2 * embeddings @ embeddings.T)[upper], (people[:, None] == people[None, :])[upper]
    return d[same], d[~same]


def misses(genuine, impostor):
    """Mean of the logarithms of FNMR at FMR 1e-3, 1e-4 and 1e-5: what a door needs, from a handful of people to hundreds."""
    limits = np.sort(impostor)[[int(rate * len(impostor)) for rate in (1e-3, 1e-4, 1e-5)]]
    return np.mean(np.log([max((genuine >= limit).mean(), 1e-4) for limit in limits]))


def logistic(one, other):
    """Weights of a logistic regression on two distances, both kinds of pairs counting alike."""
    x = np.concatenate([np.stack([a, b], 1) for a, b in zip(one, other)])
    y = np.concatenate([np.ones(len(one[0])), np.zeros(len(one[1]))])
    weight = np.where(y == 1, 0.5 / y.sum(), 0.5 / (1 - y).sum())
    design, beta = np.column_stack([x, np.ones(len(x))]), np.zeros(3)
    for _ in range(25):
        p = 1 / (1 + np.exp(-(design @ beta).clip(-30, 30)))
        hessian = design.T @ (design * (weight * p * (1 - p))[:, None]) + 1e-9 * np.eye(3)
        beta += np.linalg.solve(hessian, design.T @ (weight * (y - p)))
    return float(beta[0] / (beta[0] + beta[1]))


def chosen(held, people):
    """For each pair w by three ways, and log FNMR of each; the best of the grid is taken."""
    apart = {name: distances(looks[:, 0], people) for name, looks in held.items()}
    table = {}
    for pair in PAIRS:
        one, other = (apart[name] for name in pair.split("+"))
        mixed = lambda w: misses(*(w * a + (1 - w) * b for a, b in zip(one, other)))  # noqa: B023, E731
        spread = 1 / one[1].std(), 1 / other[1].std()
        ways = {"grid": float(min(WEIGHTS, key=mixed)), "scaled": float(spread[0] / sum(spread)), "logistic": logistic(one, other)}
        table[pair] = {"w": ways["grid"], "alone": [float(np.exp(misses(*each))) for each in (one, other)]}
        table[pair]["ways"] = {way: [round(w, 3), round(float(np.exp(mixed(w))), 4)] for way, w in ways.items()}
    return table


def ratio(missed, before, random, resamples=1000):
    """FNIR of a pair by that of its better half at one FPIR, people drawn again for the interval; the galleries are the same."""
    people = sorted(before)
    counts = np.array([[*missed[person], *before[person]] for person in people], float)
    share = lambda c: (c[..., 0] / c[..., 1]) / (c[..., 2] / c[..., 3])  # noqa: E731
    draws = share(np.stack([counts[random.integers(0, len(people), len(people))].sum(0) for _ in range(resamples)]))
    return share(counts.sum(0)), *np.quantile(draws, (0.025, 0.975))


def times(args, rounds=60):
    """Milliseconds of CPU of each network on one thread, medians of runs in turn, since other work comes and goes."""
    files = {
        "mobilefacenet": args.models / "fr_feature.onnx",
        "mobilefacenet without PRelu": without_prelu(args.models / "fr_feature.onnx"),
        "openface": args.openface,
        "openface-1": one_look(args.openface),
        "dlib": dlib_file(args.weights, args.out / "dlib.onnx"),
    }
    nets = {name: session(file) for name, file in files.items()}
    random, spent = np.random.default_rng(SEED), {name: [] for name in nets}
    faces = {name: random.random(net.get_inputs()[0].shape, np.float32) - 0.5 for name, net in nets.items()}
    for number in range(rounds + 10):
        for name, net in nets.items():
            start = time.process_time()
            net.run(None, {net.get_inputs()[0].name: faces[name]})
            if number >= 10:
                spent[name].append((time.process_time() - start) * 1e3)
    return {name: float(np.median(ms)) for name, ms in spent.items()}


def line(name, figures):
    of = lambda value: f"{value['rate']:.3f} ({value['low']:.3f}–{value['high']:.3f})"  # noqa: E731
    tar = [of(value) for rate, value in figures["tar"].items() if rate > 1e-5]
    fnir = []
    for size in (50, 420):
        own = figures["identify"][size]
        missed = np.sum(list(own["missed"].values()), 0)
        fnir += [f"{own['fpir']['rate']:.4f}", of(own["fnir"]), f"{missed[0] / missed[1]:.3f}"]
        fnir += [f"{own['visits']['fpir']['rate']:.4f}", of(own["visits"]["fnir"])]
    return f"| {name} | " + " | ".join(tar + fnir) + " |"


def main():
    parser = argparse.ArgumentParser()
    for name in ("work", "models", "openface", "weights", "photos", "crops", "out"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--times", action="store_true")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.times:
        print(json.dumps(times(args), indent=1))
        return
    nets, kept_back, rows = networks(args), HeldOut(args.work), json.loads(args.crops.with_suffix(".json").read_text())
    held = embedded(args.out / "held.npz", lambda: chips_of(args.work, args.models, kept_back.rows), nets)
    photos = embedded(args.out / "photos.npz", lambda: photos_of(args.photos, rows), nets)
    weights = chosen(held, kept_back.people)
    print(json.dumps(weights, indent=1))

    templates = {name: unit(looks.sum(1)) for name, looks in photos.items()}
    places = iter(range(len(rows)))
    shown = [(row[0], next(places) if row[2] else None) for row in rows]
    results = {name: judged(looks[:, 0], templates[name], shown) for name, looks in photos.items()}
    results["mobilefacenet, probes mirrored"] = judged(templates["mobilefacenet"], templates["mobilefacenet"], shown)
    for pair in PAIRS:
        one, other = pair.split("+")
        w = weights[pair]["w"]
        both = [together(side[one], side[other], w) for side in ({name: looks[:, 0] for name, looks in photos.items()}, templates)]
        results[pair] = judged(*both, shown)
    for name, figures in results.items():
        print(line(name, figures))
    for pair, better in {**BETTER, "mobilefacenet, probes mirrored": "mobilefacenet"}.items():
        for size in (50, 420):
            own, before = (results[name]["identify"][size]["missed"] for name in (pair, better))
            share = ratio(own, before, np.random.default_rng(SEED))
            print(f"{pair}, {size} people: FNIR {share[0]:.2f} ({share[1]:.2f}–{share[2]:.2f}) of that of {better}, at FPIR 0.003")


if __name__ == "__main__":
    main()
