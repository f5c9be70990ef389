"""Both checkpoints and the calibration to one ONNX file, and the proof that it says the same.

    python export.py --work WORK --checkpoint WORK/all.pt --imitator WORK/like-v2.pt --calibration WORK/calibration-2.json --out liveness.onnx

Input `looks`, N x 2 x 3 x 96 x 96, RGB, 0 to 255: N faces, each as tight look (1.2 face sides) and wide look (2.7 face sides),
squares shrunk and shifted until they lie inside the picture, area averaging. Outputs: `llr`, N, natural log-likelihood ratio
live against attack from all of it; `look_llr`, N x 2, from the tight look alone (supervised network) and the wide look alone (both networks);
`parts`, N x 2, what `llr` is made of: the supervised network's ratio, not yet capped, and the imitator's mean log odds.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from augment import plain
from frames import Frames
from looking import LOOKS
from imitator import Imitator, judged
from network import Liveness, looked

OPSET = 17
# Numbers below this are denormal or nearly so after a product; on some CPUs they cost ten times as much.
SMALLEST = 1e-30


class Gate(nn.Module):
    def __init__(self, model, imitator, calibration):
        super().__init__()
        self.model, self.imitator, self.cap, self.weight = model, imitator, calibration["cap"], calibration["weight"]
        for name in ("tight", "wide", "both", "sum"):
            self.register_buffer(name, torch.tensor(calibration[name]))

    def forward(self, looks):
        scores = looked(self.model, looks * (1 / 255))[:, :, 0]
        imitated = judged(self.imitator, looks[:, 1]).mean(1)
        own = self.both[0] + (scores * self.both[1:]).sum(1)
        total = lambda ratio: self.sum[0] + self.sum[1] * (ratio.clamp(-self.cap, self.cap) + self.weight * imitated)
        tight, wide = self.tight[0] + self.tight[1] * scores[:, 0], self.wide[0] + self.wide[1] * scores[:, 1]
        return total(own), torch.stack([tight.clamp(-self.cap, self.cap), total(wide)], 1), torch.stack([own, imitated], 1)


def flushed(path):
    """Writes tiny weights as zero. Returns how many there were."""
    model, count = onnx.load(path), 0
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor).copy()
            tiny = (values != 0) & (np.abs(values) < SMALLEST)
            if tiny.any():
                count += int(tiny.sum())
                values[tiny] = 0
                tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    del model.metadata_props[:]
    model.producer_name, model.producer_version, model.doc_string = "kaimon", "", ""
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--imitator", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="for pictures to compare both with")
    parser.add_argument("--calibration", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    saved = torch.load(options.checkpoint, weights_only=False, map_location="cpu")
    model = Liveness()
    model.load_state_dict(saved["mean"])
    imitating = torch.load(options.imitator, weights_only=False, map_location="cpu")
    imitator = Imitator()
    imitator.load_state_dict(imitating["mean"])
    gate = Gate(model, imitator, json.loads(options.calibration.read_text())).eval()
    torch.onnx.export(
        gate,
        torch.zeros(1, 2, 3, 96, 96),
        str(options.out),
        input_names=["looks"],
        output_names=["llr", "look_llr", "parts"],
        dynamic_axes={name: {0: "n"} for name in ("looks", "llr", "look_llr", "parts")},
        opset_version=OPSET,
        dynamo=False,
    )
    tiny = flushed(options.out)

    import onnxruntime as ort

    settings = ort.SessionOptions()
    settings.intra_op_num_threads = settings.inter_op_num_threads = 1
    session = ort.InferenceSession(str(options.out), settings)
    frames = Frames(options.work)
    chosen = [i for i, r in enumerate(frames.rows) if r["held"]][::4]
    looks = np.stack([[plain(frames.pixels(i), frames.rows[i]["face"], scale) for scale in LOOKS] for i in chosen])
    looks = np.ascontiguousarray(looks.transpose(0, 1, 4, 2, 3), np.float32)
    # Besides pictures noise: all that the layers can be driven to. There the answer is tens of nats, so the difference is a share of it.
    noise = np.random.default_rng(1).integers(0, 256, (16, 2, 3, 96, 96)).astype(np.float32)
    differences = []
    for x in (looks, noise):
        with torch.no_grad():
            ours = [part.numpy() for part in gate(torch.from_numpy(x))]
        theirs = session.run(["llr", "look_llr", "parts"], {"looks": x})
        differences.append(max(float((np.abs(a - b) / np.maximum(1, np.abs(a) if x is noise else 1)).max()) for a, b in zip(ours, theirs)))
    worst, worst_noise = differences
    one = np.ascontiguousarray(looks[:1])
    times = []
    for _ in range(200):
        begin = time.perf_counter()
        session.run(None, {"looks": one})
        times.append(1e3 * (time.perf_counter() - begin))
    print(
        json.dumps(
            {
                "bytes": options.out.stat().st_size,
                "parameters": sum(p.numel() for p in gate.parameters()),
                "of_them_imitator": sum(p.numel() for p in imitator.parameters()),
                "step": saved["step"],
                "imitator_step": imitating["step"],
                "tiny_weights_flushed": tiny,
                "pictures": len(chosen),
                "worst_difference_to_pytorch": worst,
                "on_noise_relative": worst_noise,
                "both_looks_ms_best": round(min(times), 2),
                "both_looks_ms_median": round(float(np.median(times)), 2),
            }
        )
    )
    if worst > 1e-4:
        raise SystemExit("the exported file differs from the network")


if __name__ == "__main__":
    main()
