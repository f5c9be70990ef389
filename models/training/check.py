"""The exported file against the checkpoint in PyTorch: python check.py --checkpoint openface.pt --model ../openface.onnx --work W

Prints the least cosine over chips, augmented as in training. Exit 1 below 0.9999.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from data import Chips
from network import OpenFace
from teacher import session


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--part", choices=["average", "model"], default="average")
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--work", required=True)
    parser.add_argument("--single", action="store_true")
    parser.add_argument("--count", type=int, default=1000)
    args = parser.parse_args()
    model = OpenFace()
    model.load_state_dict(torch.load(args.checkpoint, weights_only=True)[args.part])
    model.eval()
    net, chips, cosines = session(args.model), Chips(args.work, 7, mixes=False), []
    for row in np.random.default_rng(7).choice(chips.rows, min(args.count, len(chips.rows)), replace=False):
        x = chips[(0, int(row))][0][None].float() / 255
        with torch.no_grad():
            both = model(torch.cat([x, x.flip(3)]))
            ours = (both[0] if args.single else both.sum(0)).numpy()
        theirs = net.run(None, {net.get_inputs()[0].name: x.numpy()})[0][0]
        cosines.append(float(ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs)))
    print(f"{len(cosines)} chips: least cosine {min(cosines):.7f}, mean {np.mean(cosines):.7f}")
    sys.exit(min(cosines) < 0.9999)


if __name__ == "__main__":
    main()
