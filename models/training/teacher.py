"""MobileFaceNet as the teacher: PReLU written as two 1 x 1 depthwise convolutions, the same numbers in half the time."""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import helper, numpy_helper  # noqa: E402


def session(model):
    """model: a path, or the bytes of one. One thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def without_prelu(path):
    """prelu(x) = relu(x) - slope * relu(-x). ONNX Runtime leaves its blocked layout for PRelu, which costs half of the time."""
    model = onnx.load(str(path))
    arrays = {array.name: numpy_helper.to_array(array) for array in model.graph.initializer}
    nodes, added = [], []
    for node in model.graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        x, out = node.input[0], node.output[0]
        slope = arrays[node.input[1]].reshape(-1, 1, 1, 1).astype(np.float32)
        added.append(numpy_helper.from_array(-np.ones_like(slope), f"{out}_minus"))
        added.append(numpy_helper.from_array(-slope, f"{out}_slope"))
        depthwise = {"group": len(slope), "kernel_shape": [1, 1]}
        nodes += [
            helper.make_node("Relu", [x], [f"{out}_above"]),
            helper.make_node("Conv", [x, f"{out}_minus"], [f"{out}_turned"], **depthwise),
            helper.make_node("Relu", [f"{out}_turned"], [f"{out}_below"]),
            helper.make_node("Conv", [f"{out}_below", f"{out}_slope"], [f"{out}_scaled"], **depthwise),
            helper.make_node("Add", [f"{out}_above", f"{out}_scaled"], [out]),
        ]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(added)
    return model.SerializeToString()


class Teacher:
    """512 numbers of unit length: mean of picture and mirror image."""

    def __init__(self, models):
        self.net = session(without_prelu(models / "fr_feature.onnx"))
        self.name = self.net.get_inputs()[0].name

    def __call__(self, crop):
        """crop: 112 x 112 x 3 bytes, RGB, aligned."""
        tensor = ((crop.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None]
        both = [self.net.run(None, {self.name: np.ascontiguousarray(t)})[0][0] for t in (tensor, tensor[..., ::-1])]
        total = sum(v / np.linalg.norm(v) for v in both)
        return total / np.linalg.norm(total)
