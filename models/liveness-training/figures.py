"""Figures of merit: area under the curve, APCER at a BPCER, intervals by person, calibration."""

import zlib

import numpy as np


def area(live, attack):
    if not len(live) or not len(attack):
        return None
    order = np.concatenate([live, attack])
    # Equal scores count half.
    sorted_ = np.sort(order)
    rank = (np.searchsorted(sorted_, live, "left") + np.searchsorted(sorted_, live, "right") + 1) / 2
    return float((rank.sum() - len(live) * (len(live) + 1) / 2) / (len(live) * len(attack)))


def limit_at(live, bpcer=0.05):
    """The score below which this share of living frames lies."""
    return float(np.quantile(live, bpcer)) if len(live) else None


def apcer(live, attack, bpcer=0.05):
    return float((attack >= limit_at(live, bpcer)).mean()) if len(live) and len(attack) else None


def interval(figure, scores, live, attack, people, draws=400):
    """95 % interval of figure(live scores, attack scores) when people are drawn anew with replacement."""
    random = np.random.default_rng(1)
    names = np.unique(people)
    members = {name: (np.flatnonzero(live & (people == name)), np.flatnonzero(attack & (people == name))) for name in names}
    results = []
    for _ in range(draws):
        some = [members[name] for name in random.choice(names, len(names))]
        a, b = np.concatenate([m[0] for m in some]), np.concatenate([m[1] for m in some])
        if len(a) and len(b):
            results.append(figure(scores[a], scores[b]))
    return [round(float(v), 4) for v in np.quantile(results, [0.025, 0.975])] if results else None


def balanced(rows):
    """Weights: live and attack half each; in them a source by the fourth root of frames times people, a person by the square root."""
    weights = np.zeros(len(rows))
    for living in (True, False):
        mine = [i for i, r in enumerate(rows) if (r["label"] == "live") == living]
        for family in {rows[i]["family"] for i in mine}:
            some = [i for i in mine if rows[i]["family"] == family]
            count = {}
            for i in some:
                count[rows[i]["person"]] = count.get(rows[i]["person"], 0) + 1
            part = np.array([count[rows[i]["person"]] ** -0.5 for i in some])
            weights[some] = part / part.sum() * (len(some) * len(count)) ** 0.25
        weights[mine] *= 0.5 / weights[mine].sum()
    return weights


def logistic(features, living, weights, penalty=5e-3):
    """Weighted logistic regression by Newton: with half the weight on either side its log odds are log-likelihood ratios. The penalty
    is the one with the least cost on people who had no part in the fit: without it the few people make the slopes too steep."""
    x = np.concatenate([np.ones((len(features), 1)), features], 1)
    spread = np.concatenate([[1.0], features.std(0) + 1e-9])
    x = x / spread
    w = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-(x @ w).clip(-40, 40)))
        gradient = x.T @ (weights * (p - living)) + penalty * np.r_[0, w[1:]]
        hessian = (x * (weights * p * (1 - p))[:, None]).T @ x + penalty * np.diag(np.r_[1e-9, np.ones(len(w) - 1)])
        move = np.linalg.solve(hessian, gradient)
        w -= move * min(1, 5 / (np.abs(move).max() + 1e-12))
    return w / spread


def cllr(llr, living, weights):
    """Cost of log-likelihood ratios in bits: 0 perfect, 1 says nothing. And what the best monotone recalibration would leave."""
    cost = lambda v: float((weights * np.where(living, np.log2(1 + np.exp(-v)), np.log2(1 + np.exp(v)))).sum())
    order = np.argsort(llr, kind="stable")
    # Pool adjacent violators.
    blocks = []
    for i in order:
        blocks.append([weights[i] * living[i], weights[i], 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last)]
    best = np.empty(len(llr))
    at = 0
    for hit, mass, count in blocks:
        p = min(max(hit / mass, 1e-4), 1 - 1e-4)
        best[order[at : at + count]] = np.log(p / (1 - p))
        at += count
    return round(cost(llr), 4), round(cost(best), 4)


def reliability(llr, living, weights, edges=(-np.inf, -5, -3, -2, -1, 0, 1, 2, 3, 5, np.inf)):
    """In each range of stated log-likelihood ratio the one that was found."""
    table = []
    for low, high in zip(edges, edges[1:]):
        mine = (llr >= low) & (llr < high)
        if mine.any():
            a, b = weights[mine & living].sum(), weights[mine & ~living].sum()
            table.append(
                {
                    "from": None if low == -np.inf else low,
                    "to": None if high == np.inf else high,
                    "live": int((mine & living).sum()),
                    "attack": int((mine & ~living).sum()),
                    "stated": round(float(np.average(llr[mine], weights=weights[mine])), 2),
                    "found": round(float(np.log((a + 1e-3) / (b + 1e-3))), 2),
                }
            )
    return table


def half_of(row):
    return zlib.crc32(f"{row['family']}/{row['person']}".encode()) & 1
