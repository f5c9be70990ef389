"""False match and false non-match rates within groups of people, of any encoder: Markdown.

python groups.py --work W --chips DIR --chips DIR --model ../openface.onnx --crops W/lfw96.bin

The threshold is that of FMR 1e-3 of lfw-dev, found from --crops (crops.mjs, in the network's size), else the manifest's, else --limit.
--chips: the folders that prepare.py was given, in that order.

False matches: pairs of chips of one group (sex, race and age as the makers of UTKFace, FairFace and All-Age-Faces guessed them). Hardly any of
these has an identity, so a pair that the teacher takes for one person (squared distance < 0.9) is left out; those it misses stay in, so
the rates are upper bounds. False non-matches: people with a label (Families in the Wild by sex, and whole sources). Intervals (95 %) draw people
again. The chips were trained on unless "held out" is said: the figures compare groups and are no promise.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import chips
from encoders import Aligned, entry_for, unit

SAME_PERSON = 0.9
RATE = 1e-3
SEED = 20261124
RESAMPLES = 500
RACES = {
    "utkface": ("White", "Black", "Asian", "Indian", "other"),
    "fairface": ("White", "Black", "East and Southeast Asian", "Indian", "Latino and Middle Eastern"),
    "all-age-faces": ("Asian",),
}
AGES = ((8, 20), (20, 40), (40, 60), (60, 120))
SEXES = {"m": "men", "f": "women"}
SOURCES = ("vggface-mini", "celeba-wild", "bollywood100", "no-mask", "kpop", "webcam")
LEAST = 60  # chips of a group, below which nothing is said


class Set:
    """The chips of a work folder with what their makers say of them."""

    def __init__(self, work, folders):
        data = np.load(work / "chips.npz")
        self.pixels = np.load(work / "pixels.npy", mmap_mode="r")
        self.matrices, self.teacher, self.held, self.pairs = (data[key] for key in ("matrices", "teacher", "held", "pairs"))
        indices = [chips.read_index(folder) for folder in folders]
        self.entries = [indices[number][line] for number, line in zip(data["sets"], data["lines"]) if number < len(indices)]

    def groups(self, most):
        """(source, kind, group) -> rows: at most `most` of each sex and race, the first in the seeded order of the index, and of these the ages."""
        groups = {}
        for row, entry in enumerate(self.entries):
            source, sex = entry["s"], SEXES.get(entry.get("sex"))
            if not sex or source not in RACES:
                continue
            race = RACES[source][entry["race"]] if source != "all-age-faces" else "Asian"
            groups.setdefault((source, "sex and race", f"{race} {sex}"), []).append(row)
        table = {key: rows[:most] for key, rows in sorted(groups.items())}
        for source in RACES:
            some = sorted(row for key, rows in table.items() if key[0] == source for row in rows)
            for low, high in AGES:
                table[source, "age", f"{low} to {high - 1}"] = [row for row in some if low <= self.entries[row]["age"] < high][:most]
            # A fair part of every group.
            table[source, "all", "everybody"] = some[:: max(1, len(some) // most)]
        return {key: rows for key, rows in table.items() if len(rows) >= LEAST}

    def people(self, wanted, most):
        """Label -> at most `most` chips, of people with two or more."""
        found = {}
        for row, entry in enumerate(self.entries):
            if entry.get("id") and wanted(row, entry):
                found.setdefault(entry["id"], []).append(row)
        return {label: rows[:most] for label, rows in found.items() if len(rows) > 1}


class Embeddings:
    """Each chip once, when it is asked for."""

    def __init__(self, net, own):
        self.net, self.own, self.known = net, own, {}

    def __call__(self, rows):
        for row in rows:
            if row not in self.known:
                self.known[row] = self.net.of_crop(self.net.crop(np.asarray(self.own.pixels[row]), self.own.matrices[row]))
        return np.stack([self.known[row] for row in rows])


def drawn_again(hits, totals, random):
    """Rate of pairs, and its interval when the people are drawn again. hits, totals: people x people, both halves alike, no diagonal."""
    counts = random.multinomial(len(hits), np.full(len(hits), 1 / len(hits)), RESAMPLES).astype(np.float32)
    rates = np.einsum("ri,ri->r", counts @ hits, counts) / np.maximum(np.einsum("ri,ri->r", counts @ totals, counts), 1)
    return hits.sum() / max(totals.sum(), 1), *np.quantile(rates, (0.025, 0.975))


def strangers(embeddings, teacher):
    """Squared distances within a group, and which pairs count as two people."""
    other = 2 - 2 * teacher @ teacher.T >= SAME_PERSON
    np.fill_diagonal(other, False)
    return 2 - 2 * embeddings @ embeddings.T, other


def of_people(people, embeddings, limit, family, doubtful, random):
    """FNMR and FMR with their intervals over people; relatives are nobody's impostors."""
    labels = list(people)
    owner = np.repeat(np.arange(len(labels)), [len(people[label]) for label in labels])
    rows = embeddings([row for label in labels for row in people[label]])
    near = (2 - 2 * rows @ rows.T <= limit).astype(np.float32)
    member = (owner[:, None] == np.arange(len(labels))).astype(np.float32)
    hits, sizes = member.T @ near @ member, member.sum(0)
    own = np.stack([sizes * (sizes - 1) / 2 - (np.diag(hits) - sizes) / 2, sizes * (sizes - 1) / 2], 1)
    share = lambda chosen: chosen[..., 0].sum(-1) / chosen[..., 1].sum(-1)  # noqa: E731
    spread = np.quantile(share(own[random.integers(0, len(own), (RESAMPLES, len(own)))]), (0.025, 0.975))
    kin = np.array([family(label) for label in labels])
    apart = (kin[:, None] != kin[None, :]).astype(np.float32)
    place = {label: i for i, label in enumerate(labels)}
    for one, other in doubtful:
        if one in place and other in place:
            apart[place[one], place[other]] = apart[place[other], place[one]] = 0
    return (share(own), *spread), drawn_again(hits * apart, np.outer(sizes, sizes) * apart, random)


class Photos:
    """All pairs of a set of crops; a face not found is a refusal."""

    def __init__(self, net, crops):
        rows = json.loads(crops.with_suffix(".json").read_text())
        names, found = np.array([row[0] for row in rows]), np.array([bool(row[2]) for row in rows])
        self.embeddings = np.stack([net.of_crop(crop) for crop in np.fromfile(crops, np.uint8).reshape(-1, net.size, net.size, 3)[..., ::-1]])
        seen, counts = names[found], np.unique(names, return_counts=True)[1]
        self.upper = np.triu_indices(len(seen), 1)
        self.same = (seen[:, None] == seen[None, :])[self.upper]
        self.own = (counts * (counts - 1) // 2).sum()
        self.others = len(names) * (len(names) - 1) // 2 - self.own

    def pairs(self, shift):
        """Distances of genuine and of impostor pairs, ascending."""
        rows = shift(self.embeddings)
        d = (2 - 2 * rows @ rows.T)[self.upper]
        return np.sort(d[self.same]), np.sort(d[~self.same])

    def threshold(self, impostor):
        return float(impostor[int(RATE * self.others)]) - 1e-6


def settings(photos, embeddings, own, groups):
    """Three ways to set the threshold, for the embeddings as they are and without the mean of everybody but FairFace's people, who are judged by."""
    middle = np.mean([embeddings(rows).mean(0) for key, rows in groups.items() if key[0] != "fairface" and key[1] == "sex and race"], 0)
    judged = {key: rows for key, rows in groups.items() if key[0] == "fairface" and key[1] in ("sex and race", "all")}
    print("\n| embeddings | threshold | at | FMR of lfw-dev | FNMR of lfw-dev | everybody of FairFace | worst group | best group | worst ÷ best |")
    print("| --- | --- | ---: | ---: | ---: | ---: | --- | --- | ---: |")
    for name, shift in {"as they are": lambda rows: rows, "without the mean": lambda rows: unit(rows - middle)}.items():
        genuine, impostor = photos.pairs(shift)
        apart = {}
        for key, rows in judged.items():
            d, other = strangers(shift(embeddings(rows)), own.teacher[rows])
            apart[key[2]] = d[other]
        strict = {group: float(np.quantile(d, RATE, method="lower")) for group, d in apart.items()}
        ways = {"FMR 1e-3 of lfw-dev": photos.threshold(impostor), "… of everybody": strict.pop("everybody"), "… of the worst group": min(strict.values())}
        for way, limit in ways.items():
            rate = {group: (d <= limit).mean() for group, d in apart.items()}
            everybody = rate.pop("everybody")
            worst, best = max(rate, key=rate.get), min(rate, key=rate.get)
            fmr, tar = (np.searchsorted(part, limit, "right") / total for part, total in ((impostor, photos.others), (genuine, photos.own)))
            ratio = f"{rate[worst] / rate[best]:.1f}" if rate[best] > 0 else "–"
            cells = [name, way, f"{limit:.3f}", f"{fmr:.1e}", f"{1 - tar:.3f}", f"{everybody:.4f}", f"{worst} {rate[worst]:.4f}", f"{best} {rate[best]:.4f}", ratio]
            print("| " + " | ".join(cells) + " |")


def written(rate, low, high):
    return f"{rate:.4f} ({low:.4f}–{high:.4f})"


def main():
    parser = argparse.ArgumentParser()
    for name in ("work", "model"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--chips", required=True, type=Path, action="append")
    parser.add_argument("--encoder", help="entry of the manifest that says how the model is fed; default: the one with an input as large")
    parser.add_argument("--crops", type=Path)
    parser.add_argument("--limit", type=float, help="threshold, a squared distance")
    parser.add_argument("--most", type=int, default=250, help="chips a group")
    parser.add_argument("--people", type=int, default=150, help="people of a sex or source, at most four chips each")
    args = parser.parse_args()
    own, random = Set(args.work, args.chips), np.random.default_rng(SEED)
    entry = entry_for(args.model, args.encoder)
    net = Aligned(args.model, entry)
    photos = Photos(net, args.crops) if args.crops else None
    limit = args.limit or (photos.threshold(photos.pairs(lambda rows: rows)[1]) if photos else entry["thresholds"]["1e-3"]["threshold"])
    embeddings = Embeddings(net, own)
    print(f"`{args.model.name}`, threshold {limit:.4f}\n")
    print("| set | group | chips | pairs | FMR at the threshold | strangers' mean distance | eyes apart, px |")
    print("| --- | --- | ---: | ---: | --- | ---: | ---: |")
    table = {}
    groups = own.groups(args.most)
    for key, some in groups.items():
        d, other = strangers(embeddings(some), own.teacher[some])
        rate = drawn_again(((d <= limit) & other).astype(np.float32), other.astype(np.float32), random)
        # No false match at all is one at most.
        table[key] = max(rate[0], 2 / other.sum())
        eyes = np.median([own.entries[row]["eye"] for row in some])
        cells = [key[0], key[2], len(some), int(other.sum() / 2), written(*rate), f"{d[other].mean():.3f}", f"{eyes:.0f}"]
        print("| " + " | ".join(map(str, cells)) + " |")
    print()
    for source, kind in sorted({key[:2] for key in table}):
        group = {key[2]: value for key, value in table.items() if key[:2] == (source, kind)}
        worst, best = max(group, key=group.get), min(group, key=group.get)
        if worst != best:
            print(f"- {source}, {kind}: {worst} {group[worst] / group[best]:.1f} times {best}")

    print("\n| people with a label | people | FNMR at the threshold | FMR at the threshold |\n| --- | ---: | --- | --- |")
    kinds = {f"fiw, {name}": (lambda row, entry, s=sex: entry["s"] == "fiw" and entry.get("sex") == s) for sex, name in SEXES.items()}
    kinds |= {f"fiw, {name}, held out": (lambda row, entry, s=sex: own.held[row] and entry["s"] == "fiw" and entry.get("sex") == s) for sex, name in SEXES.items()}
    kinds |= {source: (lambda row, entry, s=source: entry["s"] == s) for source in SOURCES}
    for name, wanted in kinds.items():
        people = dict(list(own.people(wanted, 4).items())[: args.people])
        fnmr, fmr = of_people(people, embeddings, limit, lambda label: label.split(".")[0], own.pairs, random)
        print(f"| {name} | {len(people)} | {written(*fnmr)} | {written(*fmr)} |")
    if photos:
        settings(photos, embeddings, own, groups)


if __name__ == "__main__":
    main()
