"""What `kaimon evaluate pairs` and `identify` say, of embeddings that were made elsewhere: the same galleries, thresholds and rules as in
src/evaluation/faces and src/person/thresholds.ts, on whole matrices. One photo enrolled a person; defaults of section `decision`."""

import numpy as np

SEED = 20261124
DRAWS, MARGIN, TARGET, AGREE, SLACK, AIM = 10, 0.1, 0.003, 2, 0.1, 1 / 4
VISIT = {1: 3.6, 2: 3, 3: 2.6}
RATES = (1e-2, 1e-3, 1e-4, 1e-5)
RESAMPLES = 1000


def mulberry32(state):
    """src/kit/seeded-random.ts: the same seed draws the same galleries."""
    mask = 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & mask
        mixed = ((state ^ (state >> 15)) * (1 | state)) & mask
        mixed = ((mixed + (((mixed ^ (mixed >> 7)) * (61 | mixed)) & mask)) & mask) ^ mixed
        yield (mixed ^ (mixed >> 14)) / 4294967296


def shuffled(items, random):
    order = list(items)
    for i in range(len(order) - 1, 0, -1):
        j = int(next(random) * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def interval(counts):
    """Rate of [happened, total] a person, and its 95 % interval when the people are drawn again."""
    counts, random = np.array(counts, float), np.random.default_rng(SEED)
    sums = np.stack([counts[random.integers(0, len(counts), len(counts))].sum(0) for _ in range(RESAMPLES)])
    low, high = np.quantile(sums[:, 0] / sums[:, 1], (0.025, 0.975))
    return {"rate": counts[:, 0].sum() / counts[:, 1].sum(), "low": low, "high": high}


def tallied(people, happened):
    counts = {}
    for person, yes in zip(people, happened):
        own = counts.setdefault(person, [0, 0])
        own[0] += int(yes)
        own[1] += 1
    return counts


def pairs(embeddings, photos):
    """photos: [person, row of the embeddings or None]. TAR and threshold at each rate, a photo without a face refused."""
    seen = np.array([person for person, row in photos if row is not None])
    upper = np.triu_indices(len(seen), 1)
    d, same = (2 - 2 * embeddings @ embeddings.T)[upper], (seen[:, None] == seen[None, :])[upper]
    owner = seen[upper[0]][same]
    impostor, genuine = np.sort(d[~same]), d[same]
    sizes = dict(zip(*np.unique([person for person, _ in photos], return_counts=True)))
    own = {person: n * (n - 1) // 2 for person, n in sizes.items() if n > 1}
    others = len(photos) * (len(photos) - 1) // 2 - sum(own.values())
    result = {}
    for rate in RATES:
        threshold = float(impostor[int(rate * others)]) - 1e-6
        accepted = dict(zip(*np.unique(owner[genuine <= threshold], return_counts=True)))
        result[rate] = {"threshold": threshold, **interval([[accepted.get(person, 0), n] for person, n in own.items()])}
    return result


def threshold_for(curve, size, photos=1):
    """chooseThreshold of src/person/thresholds.ts."""
    at = np.log10(min(1e-3, max(1e-6, 1 - (1 - TARGET) ** (1 / (size * photos)))))
    (x1, y1), (x2, y2) = [(np.log10(rate), curve[rate]["threshold"]) for rate in ((1e-3, 1e-4) if at >= -4 else (1e-4, 1e-5))]
    return max(0, y1 + (y2 - y1) * (at - x1) / (x2 - x1))


def drawn(photos, size, random):
    """Enrolled rows, their people, and of everybody the photos that are shown, as in open-set.ts."""
    people = {}
    for person, row in photos:
        people.setdefault(person, []).append(row)
    chosen = shuffled([person for person, own in people.items() if len(own) > 1], random)[:size]
    enrolled, own = {}, {}
    for person in chosen:
        order = shuffled(people[person], random)
        taken = next((i for i, row in enumerate(order) if row is not None), 0)
        if order[taken] is not None:
            enrolled[person] = order[taken]
        own[person] = order[:taken] + order[taken + 1 :]
    return enrolled, own, {person: rows for person, rows in people.items() if person not in own}


def nearest(d):
    """Column, distance and distance of the second of each row."""
    best = d.argmin(1)
    two = np.partition(d, 1, axis=1)[:, :2]
    return best, two[:, 0], two[:, 1]


def open_set(embeddings, templates, photos, size, curve, spread):
    limit, random = threshold_for(curve, size), mulberry32(SEED)
    own, strangers = [], []
    for _ in range(DRAWS):
        enrolled, probes, others = drawn(photos, size, random)
        names, gallery = np.array(list(enrolled)), templates[list(enrolled.values())]
        for shown, kept in ((probes, own), (others, strangers)):
            rows = [(person, row) for person, photo in shown.items() for row in photo]
            seen = np.array([row is not None for _, row in rows])
            near, who = np.full(len(rows), np.inf), np.full(len(rows), "", names.dtype)
            best, first, second = nearest(2 - 2 * embeddings[[row for _, row in rows if row is not None]] @ gallery.T)
            # Two people too close to each other: nobody, at any threshold.
            near[seen], who[seen] = np.where(second - first >= MARGIN * spread, first, np.inf), names[best]
            kept.append((np.array([person for person, _ in rows]), who, near))
    people, who, near = (np.concatenate(part) for part in zip(*own))
    right = np.where(who == people, near, np.inf)
    foreign = np.concatenate([part[2] for part in strangers])
    exact = float(np.sort(foreign)[int(TARGET * len(foreign))]) - 1e-6
    names = np.concatenate([part[0] for part in strangers])
    return {
        "threshold": limit,
        "fpir": interval(list(tallied(names, foreign <= limit).values())),
        "fnir": interval(list(tallied(people, right > limit).values())),
        "missed": tallied(people, right > exact),
        "visits": visits(embeddings, templates, photos, size, curve, random, spread),
    }


def visits(embeddings, templates, photos, size, curve, random, spread, frames=3):
    """The first `frames` photos of a person as one approach, with a decision after the second and the third (photo-approaches.ts, identify.ts)."""
    limit = threshold_for(curve, size, VISIT[AGREE] / AIM)
    missed, taken = [], []
    for _ in range(DRAWS):
        enrolled, probes, others = drawn(photos, size, random)
        names, gallery = np.array(list(enrolled)), templates[list(enrolled.values())]
        for shown, kept in ((probes, missed), (others, taken)):
            looks = {person: [row for row in rows if row is not None][:frames] for person, rows in shown.items()}
            looks = {person: rows for person, rows in looks.items() if len(rows) == frames}
            people, rows = np.array(list(looks)), np.array(list(looks.values()))
            meant = np.full(len(people), "", names.dtype)
            for number in range(AGREE, frames + 1):
                mean = embeddings[rows[:, :number]].sum(1)
                best, first, second = nearest(2 - 2 * mean / np.linalg.norm(mean, axis=1, keepdims=True) @ gallery.T)
                newest = 2 - 2 * (embeddings[rows[:, number - 1]] * gallery[best]).sum(1)
                good = (first <= limit) & (second - first >= MARGIN * spread) & (newest <= limit + SLACK * spread) & (meant == "")
                meant[good] = names[best[good]]
            kept.append((people, meant != people if kept is missed else meant != ""))
    rate = lambda kept: interval(list(tallied(*(np.concatenate(part) for part in zip(*kept))).values()))  # noqa: E731
    return {"threshold": limit, "fpir": rate(taken), "fnir": rate(missed)}


def judged(embeddings, templates, photos, spread=1, sizes=(50, 420)):
    """spread: how far apart strangers are, in parts of the default encoder's; margin and slack are made for that one."""
    curve = pairs(embeddings, photos)
    return {"tar": curve, "identify": {size: open_set(embeddings, templates, photos, size, curve, spread) for size in sizes}}
