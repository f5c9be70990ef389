"""Fits the few numbers between the network and a log-likelihood ratio on people that training did not see.

    python calibrate.py --data DATA --work WORK --checkpoint all.pt

`mix`: how a look's score is made of the class log odds and of what the three teachers would say; `tight`, `wide`: offset and
slope of one look alone; `both`: offset and a slope for each look. Live and attack weigh the same, so log odds are
log-likelihood ratios; sources and people are balanced (`figures.balanced`). Every second picture is spoilt (noise, dark,
JPEG, low resolution), so that the ratio is honest there, too, and not only on good pictures.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from figures import balanced, logistic
from frames import Frames
from looking import CONDITIONS, Student, crops

# The class log odds alone: the teachers' part did not help on people of known sources (../liveness.md).
CLASSES_ONLY = (1.0, 0.0, 0.0, 0.0)


def fit(outputs, living, weights, mix=CLASSES_ONLY):
    """outputs: N x 2 looks x 4. Without a mix one is fitted."""
    if mix is None:
        # Teachers only add: a negative weight would be an accident of the few people.
        chosen, mean = [0, 1, 2, 3], outputs.mean(1)
        while True:
            w = logistic(mean[:, chosen], living, weights, 0.01)[1:]
            if (w >= 0).all() or len(chosen) == 1:
                break
            chosen = [c for c, v in zip(chosen, w) if v >= 0]
        mix = np.zeros(4)
        mix[chosen] = w / w.max()
    scores = outputs @ np.asarray(mix)
    return {
        "mix": [round(float(v), 5) for v in mix],
        "tight": [round(float(v), 5) for v in logistic(scores[:, :1], living, weights)],
        "wide": [round(float(v), 5) for v in logistic(scores[:, 1:], living, weights)],
        "both": [round(float(v), 5) for v in logistic(scores, living, weights)],
    }


def applied(outputs, calibration):
    """N x 3: tight, wide, both."""
    scores = outputs @ np.asarray(calibration["mix"])
    tight, wide, both = calibration["tight"], calibration["wide"], calibration["both"]
    return np.stack(
        [tight[0] + tight[1] * scores[:, 0], wide[0] + wide[1] * scores[:, 1], both[0] + both[1] * scores[:, 0] + both[2] * scores[:, 1]], 1
    )


def held(frames):
    return [r for r in frames.rows if r["held"]]


def spoilt_looks(data, rows):
    """Each frame as it is and once in another state, turn by turn."""
    names = [name for name in CONDITIONS if name != "as is"]
    return np.stack([crops(data, r, c) for k, r in enumerate(rows) for c in ("as is", names[k % len(names)])])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--mix", type=float, nargs=4, default=CLASSES_ONLY)
    parser.add_argument("--fit-mix", action="store_true")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    rows = [r for r in held(Frames(options.work)) for _ in (0, 1)]
    outputs = Student(options.checkpoint)(spoilt_looks(options.data, rows[::2]))
    calibration = fit(outputs, np.array([r["label"] == "live" for r in rows]), balanced(rows), None if options.fit_mix else options.mix)
    out = options.out or options.work / "calibration.json"
    out.write_text(json.dumps(calibration))
    print(out, calibration)
