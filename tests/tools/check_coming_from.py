#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds each row of docs/coming-from.md to tests that exist: the last cell names at least one, as
`Suite.Case` of a test in tests/**/*.cpp or as the path of a script. Prints every row that breaks the
rule and exits 1 if there is one."""
import pathlib
import re
import sys


def cases_of(root):
    found = set()
    for file in (root / "tests").rglob("*.cpp"):
        for suite, case in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", file.read_text()):
            found.add(suite + "." + case)
    return found


def faults_of(row, cases, root):
    cells = [cell.strip() for cell in row.strip().strip("|").split("|")]
    if len(cells) != 3 or not all(cells):
        return ["has not three cells"]
    named = re.findall(r"`([^`]+)`", cells[2])
    if not named:
        return ["names no test"]
    return ["names %s, which does not exist" % name for name in named
            if name not in cases and not (name.startswith("tests/") and (root / name).is_file())]


def main(root):
    cases = cases_of(root)
    rows = broken = 0
    for number, line in enumerate((root / "docs/coming-from.md").read_text().splitlines(), 1):
        if not line.startswith("|") or line.startswith("| there |") or line.startswith("|---"):
            continue
        rows += 1
        for fault in faults_of(line, cases, root):
            broken += 1
            print("docs/coming-from.md:%d: %s" % (number, fault))
    print("%d rows checked against %d tests, %d faults" % (rows, len(cases), broken))
    return 1 if broken or not rows else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
