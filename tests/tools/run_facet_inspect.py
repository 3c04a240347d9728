#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs facet-inspect as users do, on the default models. Arguments: the program and the models'
folder."""
import json
import pathlib
import subprocess
import sys


def run(program, *options):
    return subprocess.run([program, *options], capture_output=True, text=True, timeout=120)


def main(program, models):
    for name in ("facet-attributes", "facet-attributes-int8", "facet-faces", "facet-faces-int8"):
        model = str(pathlib.Path(models, name + ".onnx"))
        done = run(program, "--json", "--batch", "1,8", model)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["schema"] == "facet-inspect/1" and report["format"] == "ONNX"
        assert report["batchable"] and report["gflop"] > 0 and report["parameters"] > 0
        assert report["inputs"] and report["outputs"] and report["operations"]["Convolution"] > 0
        cpu = next(device for device in report["devices"] if device["name"] == "CPU")
        assert cpu["nodes_taken"] == len(report["nodes"]) and not cpu["refused"]
        assert [memory["batch"] for memory in cpu["memory"]] == [1, 8]
        assert cpu["memory"][1]["port_bytes"] == 8 * cpu["memory"][0]["port_bytes"]
        text = run(program, "--nodes", model)
        assert text.returncode == 0 and "of any size: every node keeps rows apart" in text.stdout
        for node in report["nodes"]:
            assert node["mixes_rows"] is None and node["operation"] in text.stdout, node

    for options, word in (([], "MODEL"), (["missing.onnx"], "missing.onnx"),
                          (["--batch", "0", "missing.onnx"], "--batch")):
        done = run(program, *options)
        assert done.returncode != 0 and word in done.stdout + done.stderr, (options, done.stderr)
    print("facet-inspect answers")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
