#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints 'N passed, N failed, N skipped' for the JUnit file that Meson leaves, after the reason of
every skipped case."""
import sys
import xml.etree.ElementTree as ElementTree


def main(path):
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        name = "%s.%s" % (case.get("classname", ""), case.get("name", ""))
        reason = case.find("skipped")
        if reason is not None or case.get("status") == "notrun" or case.get("result") == "skipped":
            skipped += 1
            text = "" if reason is None else (reason.get("message") or reason.text or "")
            print("skipped: %s %s" % (name, " ".join(text.split())))
        elif case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            print("failed: %s" % name)
        else:
            passed += 1
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
