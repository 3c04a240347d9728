#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what was trained as ONNX files: export.py DETECTOR.pt ATTRIBUTES.pt FOLDER

Beside them, in FOLDER/train/expected.json, what they say to two pictures, for a test.
"""
import json
import pathlib
import sys

import torch

from networks import CROP, HEIGHT, WIDTH, Attributes, Detector, export, ready

KEPT = 400  # values of an output


def test_input(width, height):
    """Two rows, as plaid() in tests/backends/default_models_test.cpp makes them."""
    row, channel, y, x = torch.meshgrid(torch.arange(2), torch.arange(3), torch.arange(height),
                                        torch.arange(width), indexing="ij")
    pixels = (x * 7 + y * 13 + channel * 29 + (x * y) % 31 * 5 + row * 17) % 256
    return (pixels.float() - 127) / 128


def expected_of(net, model):
    size = (WIDTH, HEIGHT) if isinstance(net, Detector) else (CROP, CROP)
    with torch.no_grad():
        outputs = model(test_input(*size))
    expected = {}
    for name, values in zip(net.OUTPUTS, outputs):
        rows = values.flatten(1)
        step = max(1, rows.shape[1] // KEPT) | 1  # odd: so that every column has its turn
        expected[name] = {"step": step, "rows": [[float(f"{value:.7g}") for value in row]
                                                 for row in rows[:, ::step].tolist()]}
    return expected


def main():
    detector, attributes, folder = sys.argv[1:]
    expected = {}
    for net, weights, name in ((Detector(), detector, "facet-faces"),
                               (Attributes(), attributes, "facet-attributes")):
        net.load_state_dict(torch.load(weights))
        path = pathlib.Path(folder) / (name + ".onnx")
        export(net, str(path))
        expected[name] = expected_of(net, ready(net))
        print(f"{path}: {path.stat().st_size} bytes")
    (pathlib.Path(folder) / "train" / "expected.json").write_text(
        json.dumps(expected, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
