#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes what was trained as ONNX files: export.py DETECTOR.pt ATTRIBUTES.pt FOLDER"""
import pathlib
import sys

import torch

from networks import Attributes, Detector, export


def main():
    detector, attributes, folder = sys.argv[1:]
    for net, weights, name in ((Detector(), detector, "facet-faces"),
                               (Attributes(), attributes, "facet-attributes")):
        net.load_state_dict(torch.load(weights))
        path = pathlib.Path(folder) / (name + ".onnx")
        export(net, str(path))
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
