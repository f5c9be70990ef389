"""Judges a network on people, or on sources, that training did not see.

    python judge.py --data DATA --work WORK --model liveness.onnx --checkpoint WORK/all.pt --out results.json
    python judge.py --data DATA --work WORK --checkpoint WORK/without-nuaa.pt --out results.json

With --model: the exported file on the kept-back fifth of the people of known sources (calibration is fitted anew on one half of
these people and tried on the other). With a checkpoint of a run that left families out: those families, all people.
Results are merged into the file given with --out.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from calibrate import CLASSES_ONLY, applied, fit, held, spoilt_looks
from figures import apcer, area, balanced, cllr, half_of, interval, limit_at, reliability
from frames import Frames
from looking import CONDITIONS, Exported, Student, crops

KINDS = ("print", "replay")
LOOKS = ("tight", "wide", "both")
OTHERS = ("minifasnet_v2", "minifasnet_v1se", "fr_liveness")


def rounded(value):
    return None if value is None else round(float(value), 4)


def against(scores, rows, limit=None):
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


def teachers_beside(own, rows):
    """The public networks and ours on the frames that they have scores for."""
    some = [k for k, r in enumerate(rows) if r["teachers"] is not None]
    if not some:
        return {}
    rows, own = [rows[k] for k in some], own[some]
    said = np.array([r["teachers"] for r in rows])
    result = {"ours": against(own, rows)}
    for column, name in enumerate(OTHERS):
        result[name] = against(said[:, column], rows)
    result["ours + fr_liveness / 3"] = against(own + said[:, 2] / 3, rows)
    result["ours + 0.4 x mean of MiniFASNets"] = against(own + 0.4 * said[:, :2].mean(1), rows)
    return result


def known(options, frames):
    rows = held(frames)
    student, exported = Student(options.checkpoint), Exported(options.model)
    looks = np.stack([crops(options.data, r, "as is") for r in rows])
    llr = exported(looks)
    living = np.array([r["label"] == "live" for r in rows])
    limit = limit_at(llr[living, 2])
    result = {"checkpoint": {"step": student.step, "steps": student.steps}, "limit_at_bpcer_5": rounded(limit)}
    result["looks"] = {name: against(llr[:, k], rows) for k, name in enumerate(LOOKS)}
    outputs = student(looks)
    result["class head alone, both looks"] = against(outputs[:, :, 0].mean(1), rows)
    result["teacher heads alone, wide look"] = against(outputs[:, 1, 1:3].mean(1), rows)
    result["class head alone, wide look"] = against(outputs[:, 1, 0], rows)
    result["sources"] = {}
    for family in sorted({r["family"] for r in rows}):
        mine = [k for k, r in enumerate(rows) if r["family"] == family]
        result["sources"][family] = {"people": len({rows[k]["person"] for k in mine}), **at_limit(llr[mine, 2], [rows[k] for k in mine], limit)}
    result["beside"] = teachers_beside(llr[:, 2], rows)
    result["conditions"] = {
        name: at_limit(exported(np.stack([crops(options.data, r, name) for r in rows]))[:, 2], rows, limit) for name in CONDITIONS
    }
    # Calibration of people who had no part in it: fitted on one half, tried on the other.
    twice = [r for r in rows for _ in (0, 1)]
    outputs = student(spoilt_looks(options.data, rows))
    half, living2, weights = np.array([half_of(r) for r in twice]), np.array([r["label"] == "live" for r in twice]), balanced(twice)
    crossed = np.empty(len(twice))
    for side in (0, 1):
        fitted = fit(
            outputs[half == side], living2[half == side], balanced([r for r, h in zip(twice, half) if h == side]), options.mix or CLASSES_ONLY
        )
        crossed[half != side] = applied(outputs[half != side], fitted)[:, 2]
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
    return result


def left_out(options, frames, mix):
    student = Student(options.checkpoint)
    families = set(student.without.split(","))
    rows = [r for r in frames.rows if r["family"] in families]
    outputs = student(np.stack([crops(options.data, r, "as is") for r in rows]))
    scores = outputs @ np.array(mix)
    both = scores.mean(1)
    return {
        "checkpoint": {"step": student.step, "steps": student.steps},
        "mix": list(mix),
        "looks": {name: against(s, rows) for name, s in zip(LOOKS, (scores[:, 0], scores[:, 1], both))},
        "class head alone, both looks": against(outputs[:, :, 0].mean(1), rows),
        "class head alone, wide look": against(outputs[:, 1, 0], rows),
        "teacher heads alone, wide look": against(outputs[:, 1, 1:3].mean(1), rows),
        "classes 0.2 tight + 0.8 wide": against(outputs[:, 0, 0] * 0.2 + outputs[:, 1, 0] * 0.8, rows),
        "the same + 0.5 x teacher heads": against(outputs[:, 0, 0] * 0.2 + outputs[:, 1, 0] * 0.8 + 0.5 * outputs[:, 1, 1:3].mean(1), rows),
        "beside": teachers_beside(both, rows),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument(
        "--mix", type=float, nargs=4, default=None, help="classes and three teachers; without it, for a left-out run, the one of calibration.json"
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    frames = Frames(options.work)
    results = json.loads(options.out.read_text()) if options.out.exists() else {}
    if options.model:
        results["other people of known sources"] = known(options, frames)
    else:
        mix = options.mix or json.loads((options.work / "calibration.json").read_text())["mix"]
        name = Student(options.checkpoint).without
        results.setdefault("sources left out", {})[name] = left_out(options, frames, mix)
    options.out.write_text(json.dumps(results, indent=1))
