#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs facet-bench as users do: JSON alone on standard output, a plot and a graph that programs can
read, and errors that name the option. Arguments: the program and the folder of default models."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import xml.dom.minidom
import zlib


def png(red, green, blue, size=32):
    def chunk(kind, content):
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
    rows = (b"\0" + bytes((red, green, blue)) * size) * size
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def run(program, *options):
    return subprocess.run([program, *options], capture_output=True, text=True, timeout=120)


def main(program, models):
    model = str(pathlib.Path(models, "facet-attributes.onnx"))
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "grey.png").write_bytes(png(120, 120, 120))
        pathlib.Path(folder, "skin.png").write_bytes(png(224, 172, 105))
        plot, dot = pathlib.Path(folder, "plot.svg"), pathlib.Path(folder, "steps.dot")
        done = run(program, "-m", model, "-i", folder, "-d", "CPU", "-mb", "3", "-ni", "2", "-pc",
                   "--json", "-", "--plot", str(plot), "--dot", str(dot))
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["schema"] == "facet-bench/1" and report["batchable"]
        assert [batch["batch"] for batch in report["batches"]] == [1, 2, 3]
        assert [result["row"] for result in report["results"]] == ["grey.png", "skin.png"]
        facts = {fact["name"] for fact in report["results"][0]["attributes"]}
        assert facts == {"age", "gender", "mood"}, facts
        assert report["steps"] and all(step["seconds"] > 0 for step in report["steps"])
        assert len(xml.dom.minidom.parse(str(plot)).getElementsByTagName("path")) == 4
        graph = dot.read_text(encoding="utf-8")
        assert graph.count("fillcolor") == len(report["steps"]) and graph.count("->") > 3

        text = run(program, "-m", model, "-mb", "2", "-ni", "1")
        assert text.returncode == 0 and "against padding to 2" in text.stdout, text.stdout

        for options, word in (([], "--model"), (["-m", "missing.onnx"], "missing.onnx"),
                              (["-m", model, "-i", "nowhere"], "nowhere"),
                              (["-m", model, "-i", model], "JPEG and PNG"),
                              (["-m", model, "-d", "TPU"], "TPU"),
                              (["-m", model, "-mb", "0"], "--max-batch")):
            done = run(program, *options)
            assert done.returncode != 0 and word in done.stdout + done.stderr, (options, done.stderr)
    print("facet-bench answers")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
