"""The start of a run: python start.py --model ../openface.onnx --work W --out W/start.pt

A finished model's file holds convolutions with the batch norms folded in. Each norm is put back around what its convolution gives on real chips
(mean and variance measured, scale and shift their inverse), so the network computes the same and can be trained on. The last layer
is turned into the teacher's axes of this work folder (orthogonal Procrustes: no distance changes).
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from augment import plain
from network import ConvBn, OpenFace, spread, torch_to_cmu_names


def arrays_of(path):
    arrays = {array.name: numpy_helper.to_array(array).astype(np.float32) for array in onnx.load(str(path)).graph.initializer}
    return {name.removesuffix("_half"): value for name, value in arrays.items()}


def load_folded(model, arrays):
    state = model.state_dict()
    for ours, theirs in torch_to_cmu_names().items():
        if ".bn." not in ours:
            array = torch.from_numpy(arrays[theirs])
            state[ours] = (spread(array) if ours == "dense.weight" else array).reshape(state[ours].shape)
    model.load_state_dict(state)


def put_norms_back(model, x):
    """In the order of the computation: a norm that changes nothing, with the statistics of what it is given."""

    def pass_on(norm, given, _):
        values = given[0]
        mean, variance = values.mean((0, 2, 3)), values.var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(mean)
        return values

    hooks = [part.bn.register_forward_hook(pass_on) for part in model.modules() if isinstance(part, ConvBn)]
    with torch.no_grad():
        model.eval()(x)
    for hook in hooks:
        hook.remove()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, type=Path)
    for name in ("work", "model"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--count", type=int, default=1500)
    args = parser.parse_args()
    data, pixels = np.load(args.work / "chips.npz"), np.load(args.work / "pixels.npy", mmap_mode="r")
    rows = np.random.default_rng(1).choice(np.flatnonzero(~data["held"]), args.count, replace=False)
    crops = np.stack([plain(np.asarray(pixels[row]), data["matrices"][row]) for row in rows])
    x = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255
    model = OpenFace()
    load_folded(model, arrays_of(args.model))
    put_norms_back(model, x[:400])
    with torch.no_grad():
        ours = torch.cat([model.eval()(part) for part in x.split(100)]).numpy()
    theirs = data["teacher"][rows]
    u, _, v = np.linalg.svd(theirs.T @ ours)
    turn = torch.from_numpy((u @ v).astype(np.float32))
    with torch.no_grad():
        model.dense.weight.copy_(turn @ model.dense.weight)
        model.dense.bias.copy_(turn @ model.dense.bias)
    print(f"1 - cosine to the teacher: {1 - (ours * theirs).sum(1).mean():.4f} as it was, {1 - ((ours @ turn.numpy().T) * theirs).sum(1).mean():.4f} turned")
    torch.save(model.state_dict(), args.out)


if __name__ == "__main__":
    main()
