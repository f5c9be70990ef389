"""Compares the network with the reference embeddings of the CMU arrays: python parity.py ../../../shared/data/openface-csv"""

import json
import sys
from pathlib import Path

import cv2
import torch

from network import OpenFace, load_cmu

folder = Path(sys.argv[1])
model = OpenFace().double().eval()
load_cmu(model, folder, filler=True)
worst = 0.0
for line in (folder / "reference.jsonl").read_text().splitlines():
    row = json.loads(line)
    if not str(row.get("crop", "")).endswith(".png"):
        continue
    rgb = cv2.cvtColor(cv2.imread(str(folder / row["crop"])), cv2.COLOR_BGR2RGB)
    x = torch.from_numpy(rgb.transpose(2, 0, 1)[None].copy()).double() / 255
    with torch.no_grad():
        out = model(x)[0]
    difference = (out - torch.tensor(row["embedding"], dtype=torch.float64)).abs().max().item()
    worst = max(worst, difference)
    print(row["crop"], f"{difference:.2e}")
print("worst", f"{worst:.2e}", "must be below 1e-6")
sys.exit(worst >= 1e-6)
