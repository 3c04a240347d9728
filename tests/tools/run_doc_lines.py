#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs every gst-launch-1.0 and gst-inspect-1.0 line of the docs exactly as written.

Lines are taken from the ```sh blocks of README.md and docs/**/*.md. Each runs in an empty folder where
every video and model file that it names is a link to one of FACET_DATA. Prints one line per command;
exits 1 when one fails, 77 (skipped) without FACET_DATA.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TIMEOUT_SECONDS = 120
PRECISIONS = ("FP32", "FP16", "FP16-INT8", "FP32-dequantized", "")


def lines_of(page):
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            line = line.strip()
            if re.match(r"(meson devenv -C \S+ )?gst-(launch|inspect)-1\.0 ", line):
                yield re.sub(r"^meson devenv -C \S+ ", "", line)


def model_file(models, name):
    stem, suffix = name.rsplit(".", 1)
    candidates = [models / stem / precision / name for precision in PRECISIONS]
    candidates += sorted(models.glob("*/" + name))
    return next((path for path in candidates if path.is_file()), None)


def lay_out(folder, line, data):
    """Links each named file into the folder; returns what could not be found."""
    missing = []
    videos = sorted((data / "video").glob("*.mp4"), key=lambda path: path.stat().st_size)
    for number, name in enumerate(dict.fromkeys(re.findall(r"location=([\w.-]+\.mp4)", line))):
        if "filesink location=" + name not in line:
            (folder / name).symlink_to(videos[number % len(videos)])
    for name in dict.fromkeys(re.findall(r"[\w.-]+\.(?:xml|onnx)", line)):
        found = model_file(data / "models", name)
        if found is None:
            missing.append(name)
            continue
        (folder / name).symlink_to(found)
        weights = found.with_suffix(".bin")
        if weights.is_file():
            (folder / weights.name).symlink_to(weights)
    return missing


def run(page, line, data):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        missing = lay_out(folder, line, data)
        if missing:
            return "names no known model: %s" % ", ".join(missing)
        try:
            done = subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True,
                                  timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            return "still running after %d s" % TIMEOUT_SECONDS
        if done.returncode != 0 or "ERROR" in done.stderr:
            return "exit %d: %s" % (done.returncode, (done.stderr or done.stdout)[-600:])
    return None


def main(root):
    data = os.environ.get("FACET_DATA")
    if not data or not pathlib.Path(data, "models").is_dir():
        print("skipped: needs FACET_DATA")
        return 77
    data = pathlib.Path(data).resolve()
    os.environ.setdefault("FACET_MODELS", str(data / "models"))
    pages = [root / "README.md"] + sorted((root / "docs").rglob("*.md"))
    failed = count = 0
    for page in pages:
        for line in lines_of(page):
            count += 1
            trouble = run(page, line, data)
            failed += trouble is not None
            print("%s %s: %s" % ("FAILED" if trouble else "ok", page.relative_to(root), line))
            if trouble:
                print("       " + trouble)
    print("%d lines of the docs ran, %d failed" % (count, failed))
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
