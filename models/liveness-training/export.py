"""Checkpoint and calibration to one ONNX file, and the proof that it says the same.

    python export.py --work WORK --checkpoint WORK/all.pt --calibration WORK/calibration.json --out liveness.onnx

Input `looks`, N x 2 x 3 x 96 x 96, RGB, 0 to 255: N faces, each as tight look (1.2 face sides) and wide look (2.7 face sides),
squares shrunk and shifted until they lie inside the picture, area averaging. Outputs: `llr`, N, natural log-likelihood ratio
live against attack from both looks (the mirror image is looked at inside); `look_llr`, N x 2, the same from each look alone.
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
from network import Liveness, evidence

OPSET = 17
# Numbers below this are denormal or nearly so after a product; on some CPUs they cost ten times as much.
SMALLEST = 1e-30


class Gate(nn.Module):
    def __init__(self, model, calibration):
        super().__init__()
        self.model = model
        for name in ("mix", "tight", "wide", "both"):
            self.register_buffer(name, torch.tensor(calibration[name]))

    def forward(self, looks):
        scores = (evidence(self.model, looks.reshape(-1, 3, 96, 96) * (1 / 255)) * self.mix).sum(1).reshape(-1, 2)
        slopes = torch.stack([self.tight[1], self.wide[1]])
        offsets = torch.stack([self.tight[0], self.wide[0]])
        return self.both[0] + (scores * self.both[1:]).sum(1), offsets + scores * slopes


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
    parser.add_argument("--work", type=Path, required=True, help="for pictures to compare both with")
    parser.add_argument("--calibration", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    saved = torch.load(options.checkpoint, weights_only=False, map_location="cpu")
    model = Liveness()
    model.load_state_dict(saved["mean"])
    gate = Gate(model, json.loads(options.calibration.read_text())).eval()
    torch.onnx.export(
        gate,
        torch.zeros(1, 2, 3, 96, 96),
        str(options.out),
        input_names=["looks"],
        output_names=["llr", "look_llr"],
        dynamic_axes={"looks": {0: "n"}, "llr": {0: "n"}, "look_llr": {0: "n"}},
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
        theirs = session.run(["llr", "look_llr"], {"looks": x})
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
                "parameters": sum(p.numel() for p in model.parameters()),
                "step": saved["step"],
                "steps": saved["steps"],
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
