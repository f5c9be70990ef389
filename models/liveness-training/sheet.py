"""A contact sheet of what training sees, to look at before hours are spent: `python sheet.py --work WORK --out sheet.png`.

Green = live, red = print, blue = screen. Tight and wide look side by side."""

import argparse
from pathlib import Path

import cv2
import numpy as np

from batches import Batches
from frames import Chips, Frames

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=4)
    options = parser.parse_args()
    frames = Frames(options.work)
    batches = Batches(frames, Chips(options.work), [i for i, r in enumerate(frames.rows) if not r["held"]], 7)
    tiles = []
    for step in range(options.steps):
        x, kinds, *_ = batches(step)
        for crop, shares in zip((x.permute(0, 2, 3, 1).numpy() * 255).astype(np.uint8), kinds):
            tiles.append(
                cv2.copyMakeBorder(
                    crop,
                    3,
                    3,
                    3,
                    3,
                    cv2.BORDER_CONSTANT,
                    value=[float(v) for v in shares.numpy() @ np.array([(0, 200, 0), (220, 0, 0), (0, 0, 255)])],
                )
            )
    rows = [np.hstack(tiles[i : i + 16]) for i in range(0, len(tiles) - 15, 16)]
    cv2.imwrite(options.out, cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
