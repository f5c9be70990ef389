"""Prints the card's tables (../liveness.md) from what `judge.py` found.

    python card.py --results results.json
"""

import argparse
import json
from pathlib import Path

NAMES = {
    "tight look": "tight look",
    "wide look": "wide look",
    "supervised": "supervised alone",
    "imitator": "imitator alone",
    "both": "**both**",
    "supervised + fr_liveness / 3": "supervised + `fr_liveness` / 3",
    "imitator + fr_liveness / 3": "imitator + `fr_liveness` / 3",
    "both + fr_liveness / 3": "**both + `fr_liveness` / 3**",
    "both with MiniFASNetV2 for the imitator, same crops": "both, MiniFASNetV2 in place of its imitator",
    "MiniFASNetV2, same crops": "MiniFASNetV2, the imitator's crops",
    "minifasnet_v2": "MiniFASNetV2, its own crops",
    "minifasnet_v1se": "MiniFASNetV1SE",
    "fr_liveness": "`fr_liveness`",
}
KINDS = ("print", "replay")
# Fewer frames than this say nothing about an area.
FRAMES_LEAST = 6


def percent(value):
    return "–" if value is None else f"{100 * value:.1f} %"


def table(head, rows):
    print("\n".join(f"| {' | '.join(map(str, row))} |" for row in (head, ["-"] * len(head), *rows)), end="\n\n")


def beside(scores):
    rows = []
    for name, kinds in scores.items():
        row = [NAMES[name]]
        for kind in KINDS:
            if kind not in kinds:
                row += ["–", "–"]
                continue
            auc, apcer = kinds[kind]["auc_interval"], kinds[kind]["apcer_interval"]
            row.append(f"{kinds[kind]['auc']:.3f} ({auc[0]:.2f}–{auc[1]:.2f})")
            row.append(f"{percent(kinds[kind]['apcer'])} ({100 * apcer[0]:.0f}–{100 * apcer[1]:.0f})")
        rows.append(row)
    table(["", "AUC print", "APCER print", "AUC screen", "APCER screen"], rows)


def known(result):
    print(f"BPCER 5 % lies at llr {result['limit_at_bpcer_5']:.2f}")
    for limit, at in result["at_limits"].items():
        print(f"at {limit}: BPCER {percent(at['bpcer'])}, print {percent(at['apcer_print'])}, screen {percent(at['apcer_replay'])}")
    print(f"imitator against MiniFASNetV2: {result['imitation']}\n")
    beside(result["looks"])
    beside(result["beside"])
    rows = []
    for family, at in sorted(result["sources"].items(), key=lambda item: -item[1]["live_frames"]):
        cells = [f"{at['live_frames']}, {percent(at['bpcer'])}"]
        for kind in KINDS:
            area = at.get(f"auc_{kind}")
            cells.append(f"{at[f'{kind}_frames']}, {percent(at[f'apcer_{kind}'])}{'' if area is None else f', {area:.3f}'}" if f"{kind}_frames" in at else "–")
        rows.append([family, at["people"], *cells])
    table(["source", "people", "living frames, BPCER", "prints, APCER, AUC", "screens, APCER, AUC"], rows)
    rows = []
    for name, at in result["conditions"].items():
        alone = at["imitator"]
        figures = [percent(at[k]) for k in ("bpcer", "apcer_print", "apcer_replay")] + [f"{at[f'auc_{k}']:.3f}" for k in KINDS]
        rows.append([name, *figures, f"{alone['auc_print']:.3f}, {alone['auc_replay']:.3f}"])
    table(["condition", "BPCER", "APCER print", "APCER screen", "AUC print", "AUC screen", "imitator alone: AUC print, screen"], rows)
    clean, spoilt = result["calibration"]["as is"], result["calibration"]["spoilt"]
    for name, one in (("as is", clean), ("spoilt", spoilt)):
        print(f"{name}: cost {one['cllr_bits']:.2f} bits, best monotone recalibration {one['cllr_after_best_recalibration']:.2f}")
    span = lambda row: f"below {row['to']}" if row["from"] is None else f"above {row['from']}" if row["to"] is None else f"{row['from']} to {row['to']}"
    others = {span(row): row for row in spoilt["table"]}
    rows = [
        [span(row), f"{row['live']}, {row['attack']}", row["stated"], row["found"], *(others[span(row)][k] if span(row) in others else "–" for k in ("stated", "found"))]
        for row in clean["table"]
    ]
    table(["stated llr", "living, attack frames as is", "mean stated", "found", "spoilt: mean stated", "found"], rows)


def unknown(result):
    means = {}
    for family, one in result.items():
        some = next(iter(one["beside"].values()))
        counts = ", ".join(f"{some[k]['frames']} {word}" for k, word in (("live", "living"), ("print", "prints"), ("replay", "screens")) if k in some)
        at, cost = one["at_limit_of_known_people"], one["cllr_bits"]
        print(f"**{family}** ({counts}; cap {one['cap']:g} and weight {one['weight']:g}; {one['imitation']})")
        print(f"at the limit of known people: BPCER {percent(at['bpcer'])}, " + ", ".join(f"{k} {percent(at.get(f'apcer_{k}'))}" for k in KINDS) + f"; cost {cost}")
        beside(one["beside"])
        for name, kinds in one["beside"].items():
            for kind in KINDS:
                if kind in kinds and kinds[kind]["frames"] >= FRAMES_LEAST:
                    means.setdefault(name, []).append(kinds[kind]["auc"])
    print("mean area of the figures with enough frames:")
    for name, values in means.items():
        print(f"  {NAMES[name]}: {sum(values) / len(values):.3f} of {len(values)}")
    families = list(result)
    weights = list(result[families[0]]["every weight"])
    heads = [(f, k) for f in families for k in KINDS if k in result[f]["every weight"][weights[0]]]
    rows = [[w, *(f"{result[f]['every weight'][w][k]:.3f}" for f, k in heads)] for w in weights]
    table(["weight", *(f"{f} {'screen' if k == 'replay' else k}" for f, k in heads)], rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True)
    results = json.loads(parser.parse_args().results.read_text())
    known(results["other people of known sources"])
    unknown(results["sources left out"])
