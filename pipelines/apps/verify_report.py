# SPDX-License-Identifier: MIT
"""Reports of facetverify: reading, adding up and printing them.

A report is the JSON object that docs/elements/facetverify.md describes. Counts of several streams are
added key by key; the figures are computed from the sums as the element computes them from its own.
"""
import json

LEAST_GROUP = 200  # faces, as in elements/verify/verifier.h
# What the project's own models must reach on drawn faces they have not seen: shares, and age in
# years, int8_drop and worst_group_gap in percentage points.
LEAST = {"recall": 0.98, "precision": 0.98, "gender": 0.97, "mood": 0.97}
MOST = {"age_mae": 3, "int8_drop": 0.5, "worst_group_gap": 3}
MEASURES = (("recall", "found"), ("gender", "gender"), ("mood", "mood"))


def load_counts(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)["counts"]


def add(total, counts):
    """Both are numbers or objects of them; neither is changed."""
    if not isinstance(total, dict):
        return total + counts
    return {key: add(total[key], counts[key]) if key in total and key in counts
            else total.get(key, counts.get(key)) for key in {**total, **counts}}


def add_all(all_counts):
    all_counts = list(all_counts)
    total = all_counts[0]
    for counts in all_counts[1:]:
        total = add(total, counts)
    return total


def share(right, of):
    return right / of if of else None


def figures(counts):
    """The element's figures: recall, precision, gender, mood, age_mae, worst_group_gap."""
    tally = counts["all"]
    return {"recall": share(tally["found"]["right"], tally["found"]["of"]),
            "precision": share(counts["found"], counts["found"] + counts["invented"]),
            "gender": share(tally["gender"]["right"], tally["gender"]["of"]),
            "mood": share(tally["mood"]["right"], tally["mood"]["of"]),
            "age_mae": share(tally["age"]["error"], tally["age"]["of"]),
            "worst_group_gap": worst_group(counts)[0]}


def worst_group(counts):
    """By how many points the worst group lies behind all faces, and which; (None, None): too few."""
    if counts["all"]["found"]["of"] < LEAST_GROUP:
        return None, None
    gaps = [(0.0, None)]
    for kind, groups in counts["groups"].items():
        for name, group in groups.items():
            for measure, key in MEASURES:
                score, every = group[key], counts["all"][key]
                if score["of"] >= LEAST_GROUP:
                    behind = every["right"] / every["of"] - score["right"] / score["of"]
                    gaps.append((100 * behind, "%s %s: %s" % (kind, name, measure)))
    return max(gaps, key=lambda gap: gap[0])


def shortfalls(wanted, reached):
    """What `reached` lacks of the figures named in `wanted`, in words."""
    short = []
    for name in wanted:
        value = reached[name]
        text = "unknown" if value is None else "%.4f" % value
        if name in LEAST and (value is None or value < LEAST[name]):
            short.append("%s is %s, less than %g" % (name, text, LEAST[name]))
        if name in MOST and (value is None or value > MOST[name]):
            short.append("%s is %s, more than %g" % (name, text, MOST[name]))
    return short


def percent(score):
    value = share(score["right"], score["of"])
    return "      -" if value is None else "%6.2f%%" % (100 * value)


def row(name, tally):
    age = share(tally["age"]["error"], tally["age"]["of"])
    return "%-18s %7d  %s  %s  %s  %s" % (
        name, tally["found"]["of"], percent(tally["found"]), percent(tally["gender"]),
        percent(tally["mood"]), "     -" if age is None else "%6.2f" % age)


def print_confusion(name, table):
    said = sorted({label for line in table.values() for label in line} | set(table))
    print("\n%-18s %s" % (name + ": true \\ said", "".join("%10s" % label for label in said)))
    for truth in sorted(table):
        print("%-18s %s" % (truth, "".join("%10d" % table[truth].get(label, 0) for label in said)))


def print_report(streams, total):
    """`streams`: (name, counts) each, may be empty; `total`: their sum."""
    print("%-18s %7s  %7s  %7s  %7s  %6s" % ("", "faces", "recall", "gender", "mood", "age err"))
    for name, counts in streams:
        print(row(name, counts["all"]))
    print(row("all", total["all"]))
    for kind in total["groups"]:
        for name in sorted(total["groups"][kind]):
            print(row("%s %s" % (kind, name), total["groups"][kind][name]))
    for name, table in total["confusion"].items():
        if table:
            print_confusion(name, table)
    print("\n%d frames; %d detections where no face is; %d faces too hidden to count" % (
        total["frames"], total["invented"], total["excused_truths"]))
    print("results: %d skipped with a reason, %d missing, %d swapped between faces, %d of another "
          "frame" % (total["skipped"], total["unclassified"], total["swapped"], total["misplaced"]))
    if total["tracked"]:
        print("%d of the faces tracked, %d identity switches" % (
            total["tracked"], total["identity_switches"]))
    points, group = worst_group(total)
    if group:
        print("furthest behind: %s, by %.2f points" % (group, points))
