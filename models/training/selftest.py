"""Two minutes of proof on a tiny set: python selftest.py --work /tmp/kaimon-training

The loss falls, mining returns valid triplets, a resumed run ends with the same weights, and the exported graph computes what
PyTorch computes. Needs what prepare.py made and a built checkout (npm run build) for the export.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import numpy as np  # noqa: E402
import torch  # noqa: E402

import losses  # noqa: E402
from network import OpenFace  # noqa: E402

HERE = Path(__file__).parent


def tiny(work, folder, count=600):
    """People with several chips and some that are held out, and a few chips of nobody known."""
    data = np.load(work / "chips.npz")
    order = np.lexsort((data["labels"], data["labels"] == ""))
    known, held = order[data["labels"][order] != ""], data["held"]
    rows = np.sort(np.concatenate([known[~held[known]][: count // 2], known[held[known]][: count // 4], order[-count // 4 :]]))
    np.save(folder / "pixels.npy", np.load(work / "pixels.npy", mmap_mode="r")[rows])
    np.savez(folder / "chips.npz", **{key: data[key] if key in ("axes", "pairs") else data[key][rows] for key in data.files})


def train(folder, name, steps, minutes=9):
    command = [sys.executable, "train.py", "--work", folder, "--name", name, "--steps", steps, "--batch", 48, "--every", 6, "--frozen", 0, "--warm", 3, "--pairs", 4]
    out = subprocess.run([str(part) for part in command], cwd=HERE, check=True, capture_output=True, text=True).stdout
    return [float(line.split('"distil": ')[1].split(",")[0]) for line in out.splitlines() if '"distil"' in line]


def weights(folder, name):
    return torch.load(folder / f"{name}.pt", weights_only=True)["model"]


def check_loss_and_resume(folder):
    whole = train(folder, "whole", 12)
    assert whole[-1] < whole[0], f"the loss did not fall: {whole}"
    # The same run, ended in the middle: the schedule is that of twelve steps both times.
    code = "import sys, train; sys.argv = sys.argv[1:]; run = train.Run; save = run.save; run.save = lambda self: (save(self), sys.exit(0) if self.step == 6 else None); train.main()"
    command = ["-c", code, "train.py", "--work", folder, "--name", "parts", "--steps", 12, "--batch", 48, "--every", 6, "--frozen", 0, "--warm", 3, "--pairs", 4]
    subprocess.run([sys.executable, *map(str, command)], cwd=HERE, check=True, capture_output=True)
    train(folder, "parts", 12)
    one, two = weights(folder, "whole"), weights(folder, "parts")
    worst = max((one[name].float() - two[name].float()).abs().max().item() for name in one)
    assert worst == 0, f"a resumed run ends elsewhere: {worst}"
    print(f"loss {whole[0]:.3f} -> {whole[-1]:.3f}; a resumed run ends with the same weights")


def check_people():
    """The soft-max over people: pulls to the own prototype, and a label that may be the same person pushes nothing away."""
    torch.manual_seed(2)
    student = torch.nn.functional.normalize(torch.randn(4, 128), dim=1).requires_grad_()
    prototypes, labels = torch.randn(3, 128), torch.tensor([0, 1, -1, 0])
    nobody = torch.zeros(3, 3, dtype=torch.bool)
    for kind in ("cosface", "arcface"):
        plain = losses.margin_softmax(student, labels, prototypes, nobody, kind, 24.0, 0.0)
        harder = losses.margin_softmax(student, labels, prototypes, nobody, kind, 24.0, 0.25)
        assert harder > plain, f"{kind}: the margin makes nothing harder"
        gradient = torch.autograd.grad(harder, student)[0]
        assert gradient[2].abs().max() == 0 and gradient[0].abs().max() > 0, f"{kind}: a chip of nobody known counts"
    alike = nobody.clone()
    alike[0, 2] = alike[2, 0] = True
    moved = prototypes.clone()
    moved[2] = student[0].detach()
    assert losses.margin_softmax(student[:1], labels[:1], moved, alike, "cosface", 24.0, 0.25) < losses.margin_softmax(student[:1], labels[:1], moved, nobody, "cosface", 24.0, 0.25)
    print("soft-max over people: margin, chips of nobody, labels that may be one person")


def check_mining():
    torch.manual_seed(1)
    labels = torch.tensor([0, 0, 1, 1, 2, -1, -1, -1])
    teacher = torch.nn.functional.normalize(torch.randn(8, 128), dim=1)
    student = torch.nn.functional.normalize(torch.randn(8, 128), dim=1)
    anchors, positives, negatives = losses.mine(student, teacher, labels, 0.3)
    assert len(anchors) > 0
    for a, p, n in zip(anchors.tolist(), positives.tolist(), negatives.tolist()):
        assert a != p and labels[a] == labels[p] >= 0, "a positive is another person"
        assert labels[n] != labels[a], "a negative is the same person"
    print(f"{len(anchors)} triplets mined, all valid")


def check_export(work, folder):
    model = OpenFace().eval()
    model.load_state_dict(weights(folder, "whole"))
    subprocess.run([sys.executable, "export.py", "--checkpoint", str(folder / "whole.pt"), "--part", "model", "--storage", "float32", "--single", "--out", str(folder / "net.onnx")], cwd=HERE, check=True)
    import onnxruntime

    session = onnxruntime.InferenceSession(str(folder / "net.onnx"), providers=["CPUExecutionProvider"])
    pixels = np.load(folder / "pixels.npy")[:50, 16:112, 8:104].transpose(0, 3, 1, 2).astype(np.float32) / 255
    with torch.no_grad():
        wanted = model(torch.from_numpy(pixels)).numpy()
    found = np.concatenate([session.run(None, {"input": one[None]})[0] for one in pixels])
    least = (wanted * found).sum(1).min()
    assert least >= 0.9999, f"the exported graph differs: cosine {least}"
    print(f"ONNX Runtime against PyTorch on 50 chips: least cosine {least:.6f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True, type=Path)
    args = parser.parse_args()
    check_mining()
    check_people()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        tiny(args.work, folder)
        check_loss_and_resume(folder)
        check_export(args.work, folder)


if __name__ == "__main__":
    main()
