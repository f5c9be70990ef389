"""MiniFASNetV2 and V1SE (Silent-Face-Anti-Spoofing, Apache-2.0) from their arrays, to ask them about crops.

    python teacher.py --data DATA --work WORK     # against scores.tsv, and time

Input N x 3 x 80 x 80, BGR, 0 to 255; class 1 = alive.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Arrays(nn.Module):
    """Runs the published arrays by their names; the structure is read from the names and shapes."""

    def __init__(self, path):
        super().__init__()
        with np.load(path) as arrays:
            self.arrays = {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files}

    def unit(self, x, name, stride=1, padding=0, prelu=True):
        weight = self.arrays[f"{name}.conv.weight"]
        x = F.conv2d(x, weight, None, stride, padding, groups=weight.shape[0] if weight.shape[1] == 1 else 1)
        x = self.norm(x, f"{name}.bn")
        return F.prelu(x, self.arrays[f"{name}.prelu.weight"]) if prelu else x

    def norm(self, x, name):
        a = self.arrays
        return F.batch_norm(x, a[f"{name}.running_mean"], a[f"{name}.running_var"], a[f"{name}.weight"], a[f"{name}.bias"])

    def depthwise(self, x, name, stride=1, residual=False):
        y = self.unit(x, f"{name}.conv")
        y = self.unit(y, f"{name}.conv_dw", stride, 1)
        y = self.unit(y, f"{name}.project", prelu=False)
        if f"{name}.se_module.fc1.weight" in self.arrays:
            z = y.mean((2, 3), keepdim=True)
            z = F.relu(self.norm(F.conv2d(z, self.arrays[f"{name}.se_module.fc1.weight"]), f"{name}.se_module.bn1"))
            y = y * torch.sigmoid(self.norm(F.conv2d(z, self.arrays[f"{name}.se_module.fc2.weight"]), f"{name}.se_module.bn2"))
        return x + y if residual else y

    def forward(self, x):
        x = self.unit(x, "conv1", 2, 1)
        x = self.unit(x, "conv2_dw", 1, 1)
        for stage, count in (("3", 4), ("4", 6), ("5", 2)):
            x = self.depthwise(x, {"3": "conv_23", "4": "conv_34", "5": "conv_45"}[stage], 2)
            for i in range(count):
                x = self.depthwise(x, f"conv_{stage}.model.{i}", residual=True)
        x = self.unit(x, "conv_6_sep")
        x = self.unit(x, "conv_6_dw", prelu=False)
        x = self.norm(F.linear(x.flatten(1), self.arrays["linear.weight"]), "bn")
        return F.linear(x, self.arrays["prob.weight"])


def alive(logits):
    """Log odds of "alive"."""
    return logits[:, 1] - torch.logsumexp(logits[:, [0, 2]], 1)


class Session:
    """The same graph in ONNX Runtime: twice as fast, for labels on the fly."""

    def __init__(self, path, work):
        import onnxruntime as ort

        graph = Path(work) / (Path(path).stem + ".onnx")
        if not graph.exists():
            torch.onnx.export(
                Arrays(path),
                torch.zeros(2, 3, 80, 80),
                str(graph),
                input_names=["x"],
                output_names=["y"],
                dynamic_axes={"x": {0: "n"}, "y": {0: "n"}},
                opset_version=17,
                dynamo=False,
            )
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(str(graph), options)

    def __call__(self, crops):
        """N x 80 x 80 x 3 bytes, RGB."""
        x = np.ascontiguousarray(crops[..., ::-1].transpose(0, 3, 1, 2), np.float32)
        y = self.session.run(None, {"x": x})[0]
        attack = np.logaddexp(y[:, 0], y[:, 2])
        return y[:, 1] - attack


if __name__ == "__main__":
    import time

    import cv2

    from augment import plain
    from frames import Frames

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    frames = Frames(options.work)
    rows = [i for i, r in enumerate(frames.rows) if r["teachers"]][::20]
    for name, scale, column in (("minifasnet_v2_2.7_80", 2.7, 0), ("minifasnet_v1se_4.0_80", 4.0, 1)):
        path = options.data / "spoof-teachers" / f"{name}.npz"
        crops = np.stack([plain(frames.pixels(i), frames.rows[i]["face"], scale, 80) for i in rows])
        with torch.no_grad():
            ours = alive(Arrays(path)(torch.from_numpy(crops[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32)))).numpy()
        fast = Session(path, options.work)
        begin = time.perf_counter()
        theirs = np.concatenate([fast(crops[i : i + 24]) for i in range(0, len(crops), 24)])
        cost = (time.perf_counter() - begin) / len(crops)
        given = np.array([frames.rows[i]["teachers"][column] for i in rows])
        print(
            f"{name}: {len(rows)} frames, correlation with scores.tsv {np.corrcoef(ours, given)[0, 1]:.4f}, median difference {np.median(abs(ours - given)):.3f}, "
            f"ONNX Runtime against PyTorch {abs(ours - theirs).max():.1e}, {1e3 * cost:.1f} ms a crop"
        )
