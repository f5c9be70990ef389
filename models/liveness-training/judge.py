"""Judges the networks on people, and on sources, that training did not see.

    python judge.py --data DATA --work WORK --model liveness.onnx --checkpoint WORK/all.pt --imitator WORK/like-v2.pt \\
        --left-out-imitator WORK/like-v2-without.pt --calibration WORK/calibration-2.json --out results.json

People: the exported file on the kept-back fifth of the people of known sources; its calibration is fitted anew on one half of these people and
tried on the other. Sources: the runs that left them out, all people; cap, weight, offset and slope are those of known people and of the OTHER
sources left out.
"""

import json
from pathlib import Path

import numpy as np

import calibrate
from calibrate import LEFT_OUT, added, applied, best_weight, fit, fitted_sum, held, left_out, spoilt_looks, supervised
from figures import apcer, area, balanced, cllr, half_of, interval, limit_at, reliability
from frames import Frames
from looking import CONDITIONS, Exported, Imitation, Original, Student, crops

KINDS = ("print", "replay")
OTHERS = ("minifasnet_v2", "minifasnet_v1se", "fr_liveness")


def rounded(value):
    return None if value is None else round(float(value), 4)


def against(scores, rows):
    """AUC and APCER at BPCER 5 % of each kind, with intervals by person."""
    labels = np.array([r["label"] for r in rows])
    people = np.array([f"{r['family']}/{r['person']}" for r in rows])
    live, result = labels == "live", {}
    for kind in KINDS:
        mine = labels == kind
        if mine.any() and live.any():
            result[kind] = {
                "frames": int(mine.sum()),
                "people": len(set(people[mine])),
                "auc": rounded(area(scores[live], scores[mine])),
                "auc_interval": interval(area, scores, live, mine, people),
                "apcer": rounded(apcer(scores[live], scores[mine])),
                "apcer_interval": interval(apcer, scores, live, mine, people),
            }
    result["live"] = {"frames": int(live.sum()), "people": len(set(people[live])), "limit": rounded(limit_at(scores[live]))}
    return result


def at_limit(scores, rows, limit):
    labels = np.array([r["label"] for r in rows])
    shares = {
        "bpcer": rounded((scores[labels == "live"] < limit).mean()) if (labels == "live").any() else None,
        "live_frames": int((labels == "live").sum()),
    }
    for kind in KINDS:
        mine = labels == kind
        if mine.any():
            shares[f"apcer_{kind}"] = rounded((scores[mine] >= limit).mean())
            shares[f"{kind}_frames"] = int(mine.sum())
            shares[f"auc_{kind}"] = rounded(area(scores[labels == "live"], scores[mine]))
    return shares


def beside(own, imitated, original, cap, weight, rows):
    """The parts, their sums and the public networks, all on the frames that the public ones have scores for."""
    some = [k for k, r in enumerate(rows) if r["teachers"] is not None]
    rows, (own, imitated, original) = [rows[k] for k in some], (v[some] for v in (own, imitated, original))
    together = added(own, imitated, weight, cap)
    said = np.array([r["teachers"] for r in rows])
    scores = {
        "supervised": own,
        "imitator": imitated,
        "both": together,
        "supervised + fr_liveness / 3": own + said[:, 2] / 3,
        "imitator + fr_liveness / 3": weight * imitated + said[:, 2] / 3,
        "both + fr_liveness / 3": together + said[:, 2] / 3,
        "both with MiniFASNetV2 for the imitator, same crops": added(own, original, weight, cap),
        "MiniFASNetV2, same crops": original,
        **{name: said[:, column] for column, name in enumerate(OTHERS)},
    }
    return {name: against(s, rows) for name, s in scores.items()}


def agreement(imitated, original):
    """Correlation of imitator and original, and the share of the original's spread that the imitator misses."""
    return {
        "correlation": rounded(np.corrcoef(imitated, original)[0, 1]),
        "unexplained": rounded(((imitated - original) ** 2).mean() / original.var()),
    }


def known(options, frames, calibration, sources, original):
    rows = held(frames)
    exported = Exported(options.model)
    looks = np.stack([crops(options.data, r, "as is") for r in rows])
    said = exported(looks)
    llr, parts = said[:, :3], said[:, 3:]
    living = np.array([r["label"] == "live" for r in rows])
    limit = limit_at(llr[living, 2])
    theirs = original(looks)
    result = {"limit_at_bpcer_5": rounded(limit), "at_limits": {str(v): at_limit(llr[:, 2], rows, v) for v in (0, 1, 2, 3)}}
    scores = {"tight look": llr[:, 0], "wide look": llr[:, 1], "supervised": parts[:, 0], "imitator": parts[:, 1], "both": llr[:, 2]}
    result["looks"] = {name: against(s, rows) for name, s in scores.items()}
    result["imitation"] = agreement(parts[:, 1], theirs)
    result["sources"] = {}
    for family in sorted({r["family"] for r in rows}):
        mine = [k for k, r in enumerate(rows) if r["family"] == family]
        result["sources"][family] = {"people": len({rows[k]["person"] for k in mine}), **at_limit(llr[mine, 2], [rows[k] for k in mine], limit)}
    result["beside"] = beside(parts[:, 0], parts[:, 1], theirs, calibration["cap"], calibration["weight"], rows)
    spoilt = {name: np.stack([crops(options.data, r, name) for r in rows]) for name in CONDITIONS}
    result["conditions"] = {}
    for name, some in spoilt.items():
        said = exported(some)
        result["conditions"][name] = {**at_limit(said[:, 2], rows, limit), "imitator": at_limit(said[:, 4], rows, limit_at(parts[living, 1]))}
    # Calibration of people who had no part in it: fitted on one half, tried on the other.
    twice = [r for r in rows for _ in (0, 1)]
    looks = spoilt_looks(options.data, rows)
    outputs, imitated = Student(options.checkpoint)(looks), Imitation(options.imitator)(looks)
    half, living2, weights = np.array([half_of(r) for r in twice]), np.array([r["label"] == "live" for r in twice]), balanced(twice)
    crossed = np.empty(len(twice))
    for side in (0, 1):
        mine = half == side
        some = [r for r, m in zip(twice, mine) if m]
        fitted = {**fit(outputs[mine], living2[mine], balanced(some)), "cap": calibration["cap"], "weight": calibration["weight"]}
        fitted["sum"] = fitted_sum((some, outputs[mine], imitated[mine]), sources, fitted)
        crossed[~mine] = applied(outputs[~mine], imitated[~mine], fitted)
    clean = np.arange(len(twice)) % 2 == 0
    result["calibration"] = {}
    for name, mine in (("as is", clean), ("spoilt", ~clean)):
        w = np.where(living2[mine], weights[mine] / weights[mine & living2].sum() / 2, weights[mine] / weights[mine & ~living2].sum() / 2)
        cost, best = cllr(crossed[mine], living2[mine], w)
        result["calibration"][name] = {
            "cllr_bits": cost,
            "cllr_after_best_recalibration": best,
            "table": reliability(crossed[mine], living2[mine], w),
        }
    return result, (twice, outputs, imitated)


def areas(scores, rows):
    labels = np.array([r["label"] for r in rows])
    return {k: rounded(area(scores[labels == "live"], scores[labels == k])) for k in KINDS if (labels == k).any()}


def unknown(options, calibration, sources, original, people):
    """Each source left out; weight, offset and slope are those of the others."""
    result = {}
    for family, (rows, outputs, imitated) in sources.items():
        rest = {k: v for k, v in sources.items() if k != family}
        (cap, weight), _ = best_weight(people, rest, calibration)
        theirs = original(np.stack([crops(options.data, r, "as is") for r in rows]))
        own = supervised(outputs, calibration)
        total = added(own[:, 2], imitated, weight, cap)
        offset, slope = fitted_sum(people, rest, {**calibration, "cap": cap, "weight": weight})
        living, weights = np.array([r["label"] == "live" for r in rows]), balanced(rows)
        cost, best = cllr(offset + slope * total, living, weights)
        alone, alone_best = cllr(own[:, 2], living, weights)
        result[family] = {
            "cap": cap,
            "weight": weight,
            "imitation": agreement(imitated, theirs),
            "beside": beside(own[:, 2], imitated, theirs, cap, weight, rows),
            "every weight": {str(w): areas(added(own[:, 2], imitated, w, calibration["cap"]), rows) for w in calibrate.CANDIDATES},
            "cllr_bits": {"both": cost, "both, best": best, "supervised": alone, "supervised, best": alone_best},
            "at_limit_of_known_people": at_limit(offset + slope * total, rows, options.limit),
        }
    return result


if __name__ == "__main__":
    parser = calibrate.arguments(__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, required=True)
    options = parser.parse_args()
    frames, calibration = Frames(options.work), json.loads(options.calibration.read_text())
    imitator, original = Imitation(options.left_out_imitator), Original(options.data, options.work)
    sources = {f: left_out(options, frames, f, imitator) for f in LEFT_OUT}
    inside, people = known(options, frames, calibration, sources, original)
    options.limit = inside["limit_at_bpcer_5"]
    results = {
        "steps": {"imitator": Imitation(options.imitator).step, "imitator without the sources": imitator.step},
        "other people of known sources": inside,
        "sources left out": unknown(options, calibration, sources, original, people),
    }
    options.out.write_text(json.dumps(results, indent=1))
