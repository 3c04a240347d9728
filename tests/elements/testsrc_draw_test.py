#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""facet-draw: as many pixels as labels, labels within the frame, and the same bytes each time."""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile


def draw(tool, folder, mode, *options):
    out = pathlib.Path(folder) / mode
    reply = subprocess.run([tool, mode, "--out", str(out), "--seeds", "3-4", "--frames", "3",
                            *options], check=True, capture_output=True, text=True).stdout
    rows = list(csv.DictReader(out.with_suffix(".csv").open()))
    return json.loads(reply), out.with_suffix(".rgb").read_bytes(), rows


def main(tool):
    with tempfile.TemporaryDirectory() as folder:
        summary, pixels, rows = draw(tool, folder, "crops", "--size", "48")
        assert summary["pictures"] == len(rows) > 5, summary
        assert len(pixels) == len(rows) * 48 * 48 * 3, len(pixels)
        assert [int(row["picture"]) for row in rows] == list(range(len(rows)))
        assert all(float(row["visible"]) >= 0.6 for row in rows)
        assert draw(tool, folder, "crops", "--size", "48") == (summary, pixels, rows)

        summary, pixels, rows = draw(tool, folder, "frames", "--canvas", "320x240")
        assert summary["pictures"] == 6 and summary["faces"] == len(rows), summary
        assert len(pixels) == 6 * 320 * 240 * 3, len(pixels)
        for row in rows:
            assert float(row["x"]) + float(row["width"]) <= 320.01, row
            assert row["mood"] in ("neutral", "happy", "sad", "surprise", "anger"), row

        original = [float(row["width"]) for row in rows]
        summary, pixels, rows = draw(tool, folder, "frames", "--canvas", "320x240", "--fit", "64x96")
        assert (summary["width"], summary["height"]) == (64, 96), summary
        assert len(pixels) == 6 * 64 * 96 * 3, len(pixels)
        for row, width in zip(rows, original):
            assert abs(float(row["width"]) - width / 5) < 0.01, row

        for wrong in (["paint"], ["crops"], ["crops", "--out", "x", "--seeds", "9-1"],
                      ["crops", "--out", "x", "--size", "many"]):
            refused = subprocess.run([tool, *wrong], capture_output=True, text=True, check=False)
            assert refused.returncode == 2 and refused.stderr, wrong


if __name__ == "__main__":
    main(sys.argv[1])
