#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The demo without videos, as pipelines/demo runs it once everything is built. Argument: facet-tune."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.dom.minidom

ROOT = pathlib.Path(__file__).resolve().parents[2]
STREAMS = ("square", "office", "corridor", "desk")


def main(tune):
    environment = {**os.environ,
                   "PATH": "%s:%s" % (pathlib.Path(tune).resolve().parent, os.environ["PATH"])}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, str(ROOT / "pipelines/apps/demo.py"), "--output", folder],
                              env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        output = pathlib.Path(folder)
        for name in ("mosaic.mp4", "contact.png"):
            assert (output / name).stat().st_size > 100_000, name
        frames = sum(len((output / (name + ".jsonl")).read_text().splitlines()) for name in STREAMS)
        assert frames == 800, frames
        figures = json.loads((output / "verify.json").read_text())["figures"]
        assert figures["recall"] >= 0.98, figures
        page = (output / "batching.html").read_text(encoding="utf-8")
        document = xml.dom.minidom.parseString(page.replace("<!DOCTYPE html>\n", "", 1))
        assert "As it ran" in page and len(document.getElementsByTagName("svg")) == 9
    print("the demo leaves what it says")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
