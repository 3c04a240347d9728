#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the int8 models: quantise.py DETECTOR.pt FRAMES ATTRIBUTES.pt CROPS FOLDER

Post-training: weights as signed bytes with a scale per output channel, inputs of convolutions and
products as unsigned bytes over the range seen on pictures of the training set. Needs Debian's
python3-onnx. NAME.onnx in FOLDER becomes NAME-int8.onnx; what it says is added to
train/expected.json, computed by PyTorch on the same bytes.
"""
import json
import pathlib
import sys

import numpy
import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn

from export import expected_of
from networks import CROP, HEIGHT, WIDTH, Attributes, Detector, ready
from pictures import Pictures, normalised

SAMPLES = {"facet-faces": 96, "facet-attributes": 1024}
PIXEL = numpy.float32(1 / 128)  # pixels keep all their steps


def products(model):
    return [part for part in model.modules() if isinstance(part, (nn.Conv2d, nn.Linear))]


def ranges(model, batch):
    """The largest input of every product, in the order in which they are computed."""
    order, largest = [], {}

    def look(part, inputs):
        if part not in largest:
            order.append(part)
        largest[part] = max(largest.get(part, 0), inputs[0].max().item())

    hooks = [part.register_forward_pre_hook(look) for part in products(model)]
    with torch.no_grad():
        for some in batch.split(32):
            model(normalised(some))
    for hook in hooks:
        hook.remove()
    return [largest[part] for part in order]


def quantise(path, largest, out):
    model = onnx.load(path)
    graph = model.graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    picture = graph.input[0].name
    nodes, added, paired = [], [], {}
    largest = list(largest)

    def constant(name, values):
        added.append(numpy_helper.from_array(numpy.asarray(values), name))
        return name

    def pair(name, scale, zero):
        numbers = [constant(name + "/scale", numpy.float32(scale)),
                   constant(name + "/zero", numpy.uint8(zero))]
        nodes.append(helper.make_node("QuantizeLinear", [name, *numbers], [name + "/steps"],
                                      name + "/quantise"))
        nodes.append(helper.make_node("DequantizeLinear", [name + "/steps", *numbers],
                                      [name + "/rounded"], name + "/dequantise"))
        return name + "/rounded"

    for node in graph.node:
        if node.op_type in ("Conv", "Gemm"):
            source, weights = node.input[:2]
            most = largest.pop(0)
            if source not in paired:
                paired[source] = (pair(source, PIXEL, 127) if source == picture
                                  else pair(source, most / 255, 0))
            values = numpy_helper.to_array(tensors.pop(weights))
            scales = numpy.abs(values.reshape(len(values), -1)).max(1) / numpy.float32(127)
            steps = numpy.rint(values / scales.reshape(-1, *[1] * (values.ndim - 1)))
            nodes.append(helper.make_node(
                "DequantizeLinear", [constant(weights + "/steps", steps.astype(numpy.int8)),
                                     constant(weights + "/scales", scales.astype(numpy.float32))],
                [weights], weights + "/dequantise", axis=0))
            node.input[0] = paired[source]
        nodes.append(node)
    assert not largest
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend([*tensors.values(), *added])
    onnx.checker.check_model(model)
    onnx.save(model, out)


def folded(model):
    """With batch normalisation inside the convolutions, as in the ONNX file."""
    for part in list(model.modules()):
        if isinstance(part, nn.Sequential) and len(part) == 3 and isinstance(
                part[1], nn.BatchNorm2d):
            part[0], part[1] = nn.utils.fuse_conv_bn_eval(part[0], part[1]), nn.Identity()
    return model


def imitated(model, largest):
    """PyTorch's net rounding as the int8 file says, to judge it and to compare."""
    order = iter(largest)
    first = products(model)[0]
    for part in products(model):
        scales = part.weight.data.flatten(1).abs().amax(1) / 127
        scales = scales.view(-1, *[1] * (part.weight.dim() - 1))
        part.weight.data = (part.weight.data / scales).round() * scales

    def rounded(part, inputs):
        if part is first:
            return (inputs[0],)
        if not hasattr(part, "step"):
            part.step = next(order) / 255
        return ((inputs[0] / part.step).round().clamp(0, 255) * part.step,)

    next(order)  # the picture's
    for part in products(model):
        part.register_forward_pre_hook(rounded)
    return model


def main():
    torch.set_num_threads(1)
    detector, frames, attributes, crops, folder = sys.argv[1:]
    folder = pathlib.Path(folder)
    expected = json.loads((folder / "train" / "expected.json").read_text(encoding="utf-8"))
    for net, weights, prefix, size, name in (
            (Detector(), detector, frames, (WIDTH, HEIGHT), "facet-faces"),
            (Attributes(), attributes, crops, (CROP, CROP), "facet-attributes")):
        net.load_state_dict(torch.load(weights))
        model = folded(ready(net))
        pixels = Pictures(prefix, *size).pixels
        count = SAMPLES[name]
        largest = ranges(model, pixels[::max(1, len(pixels) // count)][:count])
        out = folder / (name + "-int8.onnx")
        quantise(str(folder / (name + ".onnx")), largest, str(out))
        expected[name + "-int8"] = expected_of(net, imitated(model, largest))
        print(f"{out}: {out.stat().st_size} bytes")
    (folder / "train" / "expected.json").write_text(
        json.dumps(expected, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
