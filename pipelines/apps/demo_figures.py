# SPDX-License-Identifier: MIT
"""Figures of a run: streams, batches and waiting times out of facetpublish's lines, and facet-tune's
page of plots out of the trace."""
import collections
import json
import subprocess


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def print_streams(names, records, progress):
    print("%-44s %7s %7s %11s %9s %9s" % ("stream", "frames", "faces", "classified", "skipped",
                                          "frames/s"))
    for index, name in enumerate(names):
        faces = [face for record in records[index] for face in record["faces"]]
        classified = sum(1 for face in faces if "age" in face and "mood" in face)
        skipped = sum(1 for face in faces if face["skipped"])
        print("%-44s %7d %7d %11d %9d %9.1f" % (name[:44], len(records[index]), len(faces),
                                                classified, skipped,
                                                progress.frames_per_second(index)))


def print_batches(records):
    streams_of = collections.defaultdict(set)
    sizes, infer_us, wait_us = {}, {}, []
    for index, stream in enumerate(records):
        for record in stream:
            for face in record["faces"]:
                batch = face.get("batch")
                if batch:
                    streams_of[batch["id"]].add(index)
                    sizes[batch["id"]] = batch["size"]
                    infer_us[batch["id"]] = batch["infer_us"]
                    wait_us.append(batch["wait_us"])
    if not sizes:
        print("No face was classified.")
        return
    shared = sum(1 for streams in streams_of.values() if len(streams) > 1)
    print("\n%d batches for %d faces, %d of them (%.0f %%) with faces of more than one stream" % (
        len(sizes), len(wait_us), shared, 100 * shared / len(sizes)))
    histogram = collections.Counter(sizes.values())
    peak = max(histogram.values())
    print("batch size")
    for size in sorted(histogram):
        bar = "#" * max(1, round(40 * histogram[size] / peak))
        print("  %4d %-40s %d" % (size, bar, histogram[size]))
    for label, values in (("wait for the batch", wait_us), ("inference of a batch",
                                                          infer_us.values())):
        print("%-21s ms: median %.1f, p95 %.1f, longest %.1f" % (
            label, percentile(values, 0.5) / 1000, percentile(values, 0.95) / 1000,
            max(values) / 1000))


def save_batching_page(trace, page):
    """What facet-tune says was wrong, or None; `page` shows how the batches ran."""
    done = subprocess.run(["facet-tune", "--trace", trace, "--html", page, "--deadline", "100"],
                          capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()
