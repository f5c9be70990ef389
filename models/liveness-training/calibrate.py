"""Fits the few numbers between the networks and a log-likelihood ratio on people, and on sources, that training did not see.

    python calibrate.py --data DATA --work WORK --checkpoint WORK/all.pt --imitator WORK/like-v2.pt --left-out-imitator WORK/like-v2-without.pt

`tight`, `wide`, `both`: offset and slopes of the class log odds of one look and of both, fitted on kept-back people of known sources. A new
door is no known source: there these log odds may mean nothing. So they are capped (`cap`) and the imitator's are added (`weight`); cap, weight and
`sum`, offset and slope of the whole, are those of least cost half on people of known sources and half on sources left out (`judge.py` finds them
anew without the source that it judges). Live and attack weigh the same, so log odds are
log-likelihood ratios; sources and people are balanced (`figures.balanced`). Of the kept-back people every second picture is
spoilt (noise, dark, JPEG, low resolution), so that the ratio is honest there, too, and not only on good pictures.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from figures import balanced, cllr, logistic
from frames import Frames
from looking import CONDITIONS, Imitation, Student, crops

CAPS = (2.0, 3.0, 4.0)
CANDIDATES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2)
# Sources for which a short run of `train.py` without them exists, WORK/without-FAMILY.pt.
LEFT_OUT = ("replay-attack", "msu-mfsd", "cv")


def fit(outputs, living, weights):
    """outputs: N x 2 looks x 4, of which only the class log odds count: what it thinks the teachers say did not help (../liveness.md)."""
    scores = outputs[:, :, 0]
    return {
        "tight": [round(float(v), 5) for v in logistic(scores[:, :1], living, weights)],
        "wide": [round(float(v), 5) for v in logistic(scores[:, 1:], living, weights)],
        "both": [round(float(v), 5) for v in logistic(scores, living, weights)],
    }


def supervised(outputs, calibration):
    """N x 3: tight, wide, both, of the class log odds alone."""
    scores = outputs[:, :, 0]
    tight, wide, both = calibration["tight"], calibration["wide"], calibration["both"]
    return np.stack(
        [tight[0] + tight[1] * scores[:, 0], wide[0] + wide[1] * scores[:, 1], both[0] + both[1] * scores[:, 0] + both[2] * scores[:, 1]], 1
    )


def added(own, imitated, weight, cap):
    return own.clip(-cap, cap) + weight * imitated


def applied(outputs, imitated, calibration):
    """The ratio of both networks, N."""
    own = supervised(outputs, calibration)[:, 2]
    offset, slope = calibration["sum"]
    return offset + slope * added(own, imitated, calibration["weight"], calibration["cap"])


def held(frames):
    return [r for r in frames.rows if r["held"]]


def spoilt_looks(data, rows):
    """Each frame as it is and once in another state, turn by turn."""
    names = [name for name in CONDITIONS if name != "as is"]
    return np.stack([crops(data, r, c) for k, r in enumerate(rows) for c in ("as is", names[k % len(names)])])


def left_out(options, frames, family, imitator):
    """Rows, outputs of the run without the source, the imitator's log odds (also without it)."""
    if family not in imitator.without.split(","):
        raise SystemExit(f"the imitator has seen {family}")
    rows = [r for r in frames.rows if r["family"] == family]
    looks = np.stack([crops(options.data, r, "as is") for r in rows])
    return rows, Student(options.work / f"without-{family}.pt")(looks), imitator(looks)


def mixture(known, sources, calibration, cap, weight):
    """Sum, living, weight of each frame: half on people of known sources, half on sources left out, each of these alike."""
    parts = [(*known, 0.5)] + [(*s, 0.5 / len(sources)) for s in sources.values()]
    scores = np.concatenate([added(supervised(o, calibration)[:, 2], d, weight, cap) for _, o, d, _ in parts])
    living = np.array([r["label"] == "live" for rows, *_ in parts for r in rows])
    return scores, living, np.concatenate([balanced(rows) * share for rows, _, _, share in parts])


def cost(known, sources, calibration, cap, weight):
    """In bits, of the best offset and slope."""
    scores, living, weights = mixture(known, sources, calibration, cap, weight)
    offset, slope = logistic(scores[:, None], living, weights)
    return cllr(offset + slope * scores, living, weights)[0]


def best_weight(known, sources, calibration):
    """Cap of the supervised ratio and weight of the imitator. The area under the curve of the sources left out alone would ask for twice the
    weight, and let three times as many prints through at known places."""
    costs = {(cap, w): cost(known, sources, calibration, cap, w) for cap in CAPS for w in CANDIDATES}
    return min(costs, key=costs.get), costs


def fitted_sum(known, sources, calibration):
    """Offset and slope on that mixture."""
    scores, living, weights = mixture(known, sources, calibration, calibration["cap"], calibration["weight"])
    return [round(float(v), 5) for v in logistic(scores[:, None], living, weights)]


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--imitator", type=Path, required=True)
    parser.add_argument("--left-out-imitator", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=None)
    return parser


def main():
    options = arguments(__doc__).parse_args()
    frames = Frames(options.work)
    rows = [r for r in held(frames) for _ in (0, 1)]
    looks = spoilt_looks(options.data, rows[::2])
    outputs, imitated = Student(options.checkpoint)(looks), Imitation(options.imitator)(looks)
    calibration = fit(outputs, np.array([r["label"] == "live" for r in rows]), balanced(rows))
    imitator = Imitation(options.left_out_imitator)
    sources = {f: left_out(options, frames, f, imitator) for f in LEFT_OUT}
    known = (rows, outputs, imitated)
    (calibration["cap"], calibration["weight"]), costs = best_weight(known, sources, calibration)
    for (cap, w), bits in costs.items():
        print(f"cap {cap}, weight {w}: {bits:.4f} bits")
    calibration["sum"] = fitted_sum(known, sources, calibration)
    out = options.out or options.work / "calibration-2.json"
    out.write_text(json.dumps(calibration, indent=1))
    print(out, calibration)


if __name__ == "__main__":
    main()
