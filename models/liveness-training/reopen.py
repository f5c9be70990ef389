"""From the released file back to checkpoints, so that training can go on where only the file was kept.

    python reopen.py --model ../liveness.onnx --work WORK        # WORK/all.pt and WORK/reopened.pt; needs the first shard of views.py

A file holds its norms folded into the convolutions. Those of the imitator are unfolded by what the convolutions say of some crops: it answers
as before, and a training step begins from norms that are true. Blocks that the file's imitator did not have begin as doing nothing.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from imitator import Imitator
from network import Liveness, Residual

CROPS = 1024


class File:
    """The arrays of a file: those that kept their names, and of each network the folded ones in the order in which they run."""

    def __init__(self, path):
        graph = onnx.load(path).graph
        arrays = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in graph.initializer}
        self.named = {name: a for name, a in arrays.items() if "::" not in name}
        self.folded = {
            start: [
                [arrays[i] for i in node.input[1:]] for node in graph.node if node.op_type in ("Conv", "MatMul") and node.name.startswith(f"/{start}/")
            ]
            for start in ("model", "imitator")
        }
        self.nodes = {node.name for node in graph.node}

    def has(self, block):
        part, place = block.split(".")
        return f"/imitator/{part}/{part}.{place}/first/first.0/Conv" in self.nodes


def convolutions(network, missing, name=""):
    """Each convolution with the norm behind it, if one is, in the order in which they run; without those of missing blocks."""
    if name in missing:
        return
    children = list(network.named_children())
    for k, (place, child) in enumerate(children):
        if isinstance(child, nn.Conv2d):
            behind = children[k + 1][1] if k + 1 < len(children) else None
            yield child, behind if isinstance(behind, nn.BatchNorm2d) else None
        else:
            yield from convolutions(child, missing, f"{name}.{place}" if name else place)


@torch.no_grad()
def taken(network, file, start, missing=()):
    """Weights of the file with every norm saying nothing but the folded offset."""
    named = {name.removeprefix(f"{start}."): a for name, a in file.named.items() if name.startswith(f"{start}.")}
    own = network.state_dict()
    network.load_state_dict({**own, **{n: a for n, a in named.items() if n in own and own[n].shape == a.shape}})
    found = list(convolutions(network, missing))
    ours = [arrays for arrays in file.folded[start] if arrays[0].ndim == 4]
    assert len(found) == len(ours), f"the file has {len(ours)} convolutions where the network has {len(found)}"
    for (convolution, norm), (weight, offset) in zip(found, ours):
        convolution.weight.copy_(weight)
        if norm is None:
            convolution.bias.copy_(offset)
        else:
            norm.weight.fill_((1 + norm.eps) ** 0.5)
            norm.bias.copy_(offset)
    return network.eval()


@torch.no_grad()
def unfolded(network, crops):
    """True means and spreads, in the order of the layers: each norm's offset and scale take back what its own statistics do."""

    def hook(norm, inputs):
        (x,) = inputs
        mean, spread = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        norm.bias.add_((mean - norm.running_mean) * norm.weight / (norm.running_var + norm.eps).sqrt())
        norm.weight.mul_(((spread + norm.eps) / (norm.running_var + norm.eps)).sqrt())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(spread)

    hooks = [m.register_forward_pre_hook(hook) for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    network(crops)
    for one in hooks:
        one.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    file = File(options.model)
    shared = {"step": 0, "steps": 0, "without": "", "everybody": False}
    torch.save({**shared, "mean": taken(Liveness(), file, "model").state_dict()}, options.work / "all.pt")

    imitator = Imitator()
    blocks = {name for name, module in imitator.named_modules() if isinstance(module, Residual)}
    missing = {block for block in blocks if not file.has(block)}
    taken(imitator, file, "imitator", missing)
    with torch.no_grad():
        imitator.narrow[0].weight.copy_(next(arrays[0] for arrays in file.folded["imitator"] if arrays[0].ndim == 2).T)
        for block in missing:
            imitator.get_submodule(block).second[1].weight.zero_()
    crops = np.load(sorted((options.work / "views").glob("*-x.npy"))[0], mmap_mode="r")[:CROPS]
    x = torch.from_numpy(np.ascontiguousarray(crops.transpose(0, 3, 1, 2))).float()
    with torch.no_grad():
        before = imitator(x)
    unfolded(imitator, x)
    with torch.no_grad():
        worst = float((imitator(x) - before).abs().max())
    torch.save({**shared, "mean": imitator.state_dict()}, options.work / "reopened.pt")
    print(f"all.pt, reopened.pt; new blocks {sorted(missing)}; unfolding moved the logits of {CROPS} crops by at most {worst:.1e}")


if __name__ == "__main__":
    main()
