"""A checkpoint as ONNX: python export.py --checkpoint openface.pt --out ../openface.onnx

Writes the arrays under CMU's names and lets the project's own exporter (src/models/openface, through dist/) build the graph.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from network import OpenFace, torch_to_cmu_names

ROOT = Path(__file__).parents[2]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--part", choices=["average", "model"], default="average")
    parser.add_argument("--storage", choices=["float16", "float32"], default="float16")
    parser.add_argument("--out", required=True)
    parser.add_argument("--single", action="store_true", help="without the mirror image: half the time, less exact")
    args = parser.parse_args()
    model = OpenFace()
    model.load_state_dict(torch.load(args.checkpoint, weights_only=True)[args.part])
    state = model.state_dict()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        entries, offset = [], 0
        with (folder / "weights.f32").open("wb") as out:
            for ours, theirs in torch_to_cmu_names().items():
                values = np.ascontiguousarray(state[ours].detach().float().contiguous().numpy(), "<f4")
                entries.append({"name": theirs, "shape": list(values.shape), "offset": offset})
                out.write(values.tobytes())
                offset += values.nbytes
        (folder / "index.json").write_text(json.dumps(entries))
        command = ["node", str(Path(__file__).with_name("export.mjs")), str(folder), args.storage, str(Path(args.out).resolve()), "" if args.single else "mirror"]
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
