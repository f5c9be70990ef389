"""Would two encoders at once tell people apart better than one? What docs/encoders.md says about it comes from here.

python fusion.py --work W --models ../build --openface ../openface.onnx --weights DIR --photos LFW --crops W/lfw96.bin --out W/fusion

Two embeddings of unit length a and b, written one after the other as (√w a, √(1−w) b), are one embedding of unit length again, whose squared
distance is w·d(a) + (1−w)·d(b). So every mean of two distances is an encoder like any other, and w is all there is to choose. It is
chosen on the people held out (chips.py), then lfw-dev is looked at once (judge.py: what `kaimon evaluate` would say). --weights: the folder
of dlib's network (dlib_teacher.py); --crops: what crops.mjs made of LFW, for its points. Prints Markdown; --times only the times.
At the end the same for one encoder with a constant mean taken away. Embeddings are kept in --out: run again, it goes on from whole sets.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import repeat
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
from validate import HeldOut, rates_of

PAIRS = ("mobilefacenet+openface", "mobilefacenet+openface-1", "mobilefacenet+dlib", "openface+dlib")
NETWORKS = ("mobilefacenet", "openface-1", "dlib")
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


@cache
def networks_of(args):
    return networks(argparse.Namespace(**dict(args)))


def part(args, kind, rows):
    """Looks of each network at some faces; runs in a process of its own, which loads the networks once."""
    given, nets = dict(args), networks_of(args)
    # The chips that were trained on are asked for the mean of openface's embeddings only.
    taken = {"openface-1": nets["openface-1"]} if kind == "taught" else nets
    faces = photos_of(given["photos"], rows) if kind == "photos" else chips_of(given["work"], given["models"], rows, kind != "taught")
    looks = {name: [] for name in taken}
    for face in faces:
        for name, net in taken.items():
            looks[name].append(net.looks(*face))
    return {name: np.float32(own) for name, own in looks.items()}


def embedded(args, kind, rows, size=100):
    """Name -> embeddings of the pictures and of their mirror images, kept in a file. kind: photos of lfw-dev, chips held out, chips taught."""
    file = args.out / f"{kind}.npz"
    if not file.exists():
        frozen, parts = tuple(sorted(vars(args).items())), []
        with ProcessPoolExecutor(args.workers) as pool:
            for done in pool.map(part, repeat(frozen), repeat(kind), [rows[i : i + size] for i in range(0, len(rows), size)]):
                parts.append(done)
                print(f"{kind}: {min(len(parts) * size, len(rows))} of {len(rows)}", file=sys.stderr, flush=True)
        unfinished = file.with_suffix(".part.npz")
        np.savez(unfinished, **{name: np.concatenate([own[name] for own in parts]) for name in parts[0]})
        unfinished.replace(file)
    kept = np.load(file)
    looks = {name: unit(kept[name]) for name in NETWORKS if name in kept}
    # What the file of openface gives: the mean of both, whichever way round the picture is.
    return {**looks, "openface": unit(looks["openface-1"].sum(1))[:, None].repeat(2, 1)}


def chips_of(work, models, rows, points):
    points_net, matrices = session(models / "face_landmark_68.onnx"), np.load(work / "chips.npz")["matrices"]
    pixels = np.load(work / "pixels.npy", mmap_mode="r")
    for row in rows:
        rgb = np.asarray(pixels[row])
        yield rgb, matrices[row], align.landmarks(points_net, rgb, FIRST_BOX) if points else None


def photos_of(folder, rows):
    for person, image, _, points in rows:
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
    """FNIR of a pair by that of one half at one FPIR, people drawn again for the interval; the galleries are the same."""
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
    tar = [of(value) for value in figures["tar"].values()]
    fnir = []
    for size in (50, 420):
        own = figures["identify"][size]
        missed = np.sum(list(own["missed"].values()), 0)
        fnir += [f"{own['fpir']['rate']:.4f}", of(own["fnir"]), f"{missed[0] / missed[1]:.3f}"]
        fnir += [f"{own['visits']['fpir']['rate']:.4f}", of(own["visits"]["fnir"])]
    return f"| {name} | " + " | ".join(tar + fnir) + " |"


def centred(held, people, photos, shown, args):
    """Each encoder as it is and around a constant mean: TAR on the people held out, at lfw-dev's thresholds on them, and lfw-dev."""
    data = np.load(args.work / "chips.npz")
    # Of chips of nobody who is held out: all for the teacher, every 50th for openface.
    mobilefacenet = unit(data["taught"][~data["held"]].astype(np.float32)).mean(0)
    openface = embedded(args, "taught", np.flatnonzero(~data["held"])[::50])["openface"][:, 0].mean(0)
    for name, mean in {"mobilefacenet": mobilefacenet, "openface": openface}.items():
        spreads, results = {}, {}
        for kind, moved in (("as it is", lambda looks: looks), ("around the mean", lambda looks: unit(looks - mean))):  # noqa: B023
            own, seen = moved(held[name])[:, 0], moved(photos[name])
            genuine, impostor = distances(own, people)
            spreads[kind] = np.median(impostor)
            spread = 1 if kind == "as it is" else spreads[kind] / spreads["as it is"]
            results[kind] = judged(seen[:, 0], unit(seen.sum(1)), shown, spread)
            tar = " ".join(f"{value:.3f}" for value in rates_of(own, people).values())
            limit = results[kind]["tar"][1e-3]["threshold"]
            print(f"{name} {kind} (norm of the mean {np.linalg.norm(mean):.3f}): held out, TAR {tar}; at lfw-dev's FMR 1e-3: ", end="")
            print(f"FMR {(impostor <= limit).mean():.5f}, FNMR {(genuine > limit).mean():.4f}")
            print(line(f"{name} {kind}", results[kind]), flush=True)
        for size in (50, 420):
            share = ratio(*(results[kind]["identify"][size]["missed"] for kind in ("around the mean", "as it is")), np.random.default_rng(SEED))
            print(f"{name} around the mean, {size} people: FNIR {share[0]:.2f} ({share[1]:.2f}–{share[2]:.2f}) of that as it is, at FPIR 0.003")


def crowd(photos, shown, args, count=2000):
    """FMR of a mixed crowd (FairFace) at lfw-dev's FMR 1e-3, picture and mirror image, around means of different chips; nobody held out is in one."""
    data, seen = np.load(args.work / "chips.npz"), np.array([person for person, row in shown if row is not None])
    taught, sources, templates = unit(data["taught"].astype(np.float32)), data["sources"], unit(photos["mobilefacenet"].sum(1))
    fairface, grouped = ((sources == "fairface") & ~data["held"]), np.isin(sources, ["utkface", "all-age-faces"]) & ~data["held"]
    faces = taught[np.random.default_rng(1).permutation(np.flatnonzero(fairface))[:count]]
    upper = np.triu_indices(len(faces), 1)
    # FairFace has no names; nearer than this it is the same person.
    other = (2 - 2 * faces @ faces.T)[upper] > 0.6
    rest = ~data["held"] & ~fairface
    sets = {"all chips": ~data["held"], "all but FairFace": rest, "all but FairFace and those two": rest & ~grouped, "UTKFace and All-Age-Faces": grouped}
    for name, mean in {"none": 0, **{name: taught[rows].mean(0) for name, rows in sets.items()}}.items():
        (genuine, impostor), moved = distances(unit(templates - mean), seen), unit(faces - mean)
        limit = np.sort(impostor)[int(1e-3 * len(impostor))] - 1e-6
        rate = ((2 - 2 * moved @ moved.T)[upper][other] <= limit).mean()
        print(f"mean of {name}: FairFace FMR {rate:.4f}, lfw-dev FNMR {(genuine > limit).mean():.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("work", "models", "openface", "weights", "photos", "crops", "out"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--workers", type=int, default=1, help="processes, one core each")
    parser.add_argument("--times", action="store_true")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    if args.times:
        print(json.dumps(times(args), indent=1))
        return
    kept_back, rows = HeldOut(args.work), json.loads(args.crops.with_suffix(".json").read_text())
    found = [row for row in rows if row[2]]
    if any(len(row) < 4 for row in found):
        raise ValueError(f"{args.crops.with_suffix('.json')} has no landmark points: make it anew with crops.mjs")
    held, people = embedded(args, "held", kept_back.rows), kept_back.people
    photos = embedded(args, "photos", found)
    weights = chosen(held, people)
    print(json.dumps(weights, indent=1))

    templates = {name: unit(looks.sum(1)) for name, looks in photos.items()}
    places = iter(range(len(found)))
    shown = [(row[0], next(places) if row[2] else None) for row in rows]
    probes = {name: looks[:, 0] for name, looks in photos.items()}
    # Of the people held out, so that nothing is fitted to lfw-dev.
    median = lambda looks: float(np.median(distances(looks, people)[1]))  # noqa: E731
    usual, results = median(held["mobilefacenet"][:, 0]), {}

    def judge(name, own, enrolled, spread):
        results[name] = judged(own, enrolled, shown, spread)
        print(line(name, results[name]), f"spread {spread:.3f}", flush=True)

    for name, looks in probes.items():
        judge(name, looks, templates[name], median(held[name][:, 0]) / usual)
    judge("mobilefacenet, probes mirrored", templates["mobilefacenet"], templates["mobilefacenet"], 1)
    for pair in PAIRS:
        (one, other), w = pair.split("+"), weights[pair]["w"]
        spread = median(together(held[one][:, 0], held[other][:, 0], w)) / usual
        judge(pair, *(together(side[one], side[other], w) for side in (probes, templates)), spread)
    halves = [(pair, half) for pair in PAIRS for half in pair.split("+")]
    for pair, half in [*halves, ("mobilefacenet, probes mirrored", "mobilefacenet")]:
        for size in (50, 420):
            own, before = (results[name]["identify"][size]["missed"] for name in (pair, half))
            share = ratio(own, before, np.random.default_rng(SEED))
            print(f"{pair}, {size} people: FNIR {share[0]:.2f} ({share[1]:.2f}–{share[2]:.2f}) of that of {half}, at FPIR 0.003")
    centred(held, people, photos, shown, args)
    crowd(photos, shown, args)


if __name__ == "__main__":
    main()
