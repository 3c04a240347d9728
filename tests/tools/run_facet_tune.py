#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs facet-tune as users do: a sane answer, a well-formed page that needs nothing else, and errors
that name the option. Argument: the program."""
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.dom.minidom

COSTS = "1:2000000 4:5000000 16:17000000"


def run(program, *options):
    return subprocess.run([program, *options], capture_output=True, text=True, timeout=120)


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder, "page.html")
        done = run(program, "--streams", "4", "--fps", "25", "--faces", "3", "--burst", "4",
                   "--seconds", "10", "--max-batch", "16", "--costs", COSTS, "--html", str(page))
        assert done.returncode == 0, done.stderr
        answer = re.match(r"max-batch=(\d+) timeout=([\d.]+) requests=(\d+)\n", done.stdout)
        assert answer, done.stdout
        assert 1 <= int(answer[1]) <= 16 and 0 <= float(answer[2]) < 51 and answer[3] in "12"
        html = page.read_text(encoding="utf-8")
        document = xml.dom.minidom.parseString(html.replace("<!DOCTYPE html>\n", "", 1))
        assert len(document.getElementsByTagName("svg")) == 6, "a plot is missing"
        assert "nan" not in html and "http" not in html and "<script" not in html
        again = run(program, "--streams", "4", "--fps", "25", "--faces", "3", "--burst", "4",
                    "--seconds", "10", "--max-batch", "16", "--costs", COSTS)
        assert again.stdout == done.stdout, "the same question has another answer"

        for options, word in ((["--streams", "0"], "--streams"), (["--costs", "nonsense"], "nonsense"),
                              ([], "--costs"), (["--trace", "missing"], "missing"),
                              (["--costs", COSTS, "--faces", "0"], "no faces")):
            done = run(program, *options)
            assert done.returncode != 0 and word in done.stdout + done.stderr, (options, done.stderr)
    print("facet-tune answers")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
