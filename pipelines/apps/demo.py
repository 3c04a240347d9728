#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faces on videos, start to end: one pipeline with a chain per video, all sharing one session.

Also an example of embedding Facet in a Python program: elements are made from one description, their
results are read back from facetpublish's JSON Lines.
"""
import argparse
import collections
import json
import os
import pathlib
import sys
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

DETECTOR = "face-detection-retail-0004"
CLASSIFIERS = "age-gender-recognition-retail-0013,emotions-recognition-retail-0003"
PICTURES = 3  # annotated frames kept per stream
VIDEO_SUFFIXES = {".mp4", ".mpg", ".mkv", ".webm", ".avi", ".mov"}


def parse_arguments():
    data = os.environ.get("FACET_DATA")
    parser = argparse.ArgumentParser(
        prog="pipelines/demo", description="Finds faces on videos; writes age, gender and mood.")
    parser.add_argument("videos", nargs="*", type=pathlib.Path, metavar="VIDEO",
                        help="each becomes one stream (default: $FACET_DATA/video)")
    parser.add_argument("--models", type=pathlib.Path, metavar="DIR",
                        help="folder of models (default: $FACET_DATA/models, then the user's data "
                             "folder)")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("out/demo"),
                        metavar="DIR", help="folder for the results (default: out/demo)")
    parser.add_argument("--detector", default=DETECTOR, metavar="MODEL")
    parser.add_argument("--classifiers", default=CLASSIFIERS, metavar="MODEL,...")
    parser.add_argument("--device", default="CPU")
    parser.add_argument("--max-batch", type=int, default=16, metavar="N", help="faces (default: 16)")
    parser.add_argument("--timeout", type=float, default=5, metavar="MS",
                        help="longest wait of a face for its batch (default: 5)")
    options = parser.parse_args()
    if not options.videos and data:
        options.videos = sorted(path for path in pathlib.Path(data, "video").glob("*")
                                if path.suffix in VIDEO_SUFFIXES)
    if not options.videos:
        parser.error("no video given: name at least one, or set FACET_DATA")
    for video in options.videos:
        if not video.is_file():
            parser.error("no such video: %s" % video)
    options.models = options.models or default_models(data)
    if options.models is None:
        parser.error("no models found: give their folder with --models DIR, set FACET_DATA, or put "
                     "%s and %s into %s" % (options.detector, options.classifiers,
                                            user_models_folder()))
    return options


def user_models_folder():
    data_home = os.environ.get("XDG_DATA_HOME") or pathlib.Path.home() / ".local" / "share"
    return pathlib.Path(data_home, "facet", "models")


def default_models(data):
    candidates = ([pathlib.Path(data, "models")] if data else []) + [user_models_folder()]
    return next((folder for folder in candidates if folder.is_dir()), None)


def stream_names(videos):
    """A short unique name per video."""
    names = []
    for video in videos:
        name = video.stem
        while name in names:
            name += "-again"
        names.append(name)
    return names


def quoted(text):
    return '"%s"' % str(text).replace("\\", "\\\\").replace('"', '\\"')


def describe_chain(index, name, video, options):
    """One stream, as gst-launch-1.0 would take it."""
    base = options.output / name
    return " ! ".join([
        "filesrc location=%s" % quoted(video),
        "decodebin name=decode%d" % index,
        "facetdetect name=detect%d model=%s device=%s" % (index, options.detector, options.device),
        "facetclassify models=%s device=%s max-batch=%d timeout=%g" % (
            options.classifiers, options.device, options.max_batch, options.timeout),
        "facetpublish name=publish%d stream-id=%s location=%s" % (
            index, quoted(name), quoted(str(base) + ".jsonl")),
        "facetoverlay",
        "videoconvert",
        "x264enc speed-preset=veryfast tune=zerolatency pass=quant quantizer=21",
        "mp4mux",
        "filesink location=%s" % quoted(str(base) + ".mp4"),
    ])


class Progress:
    """Counts frames behind facetpublish and repaints one line of figures."""

    def __init__(self, pipeline, names):
        self.pipeline = pipeline
        self.counts = [0] * len(names)
        self.last_frame_at = [None] * len(names)
        self.started = time.monotonic()
        for index in range(len(names)):
            pad = pipeline.get_by_name("publish%d" % index).get_static_pad("src")
            pad.add_probe(Gst.PadProbeType.BUFFER, self.count, index)

    def count(self, _pad, _info, index):
        self.counts[index] += 1
        self.last_frame_at[index] = time.monotonic()
        return Gst.PadProbeReturn.OK

    def share_done(self):
        position = self.pipeline.query_position(Gst.Format.TIME)
        duration = self.pipeline.query_duration(Gst.Format.TIME)
        if not (position[0] and duration[0] and duration[1] > 0):
            return 0.0
        return min(1.0, position[1] / duration[1])

    def paint(self):
        share = self.share_done()
        elapsed = max(time.monotonic() - self.started, 1e-6)
        bar = ("#" * round(share * 30)).ljust(30, ".")
        text = "[%s] %3.0f %%  %d frames  %.0f frames/s" % (
            bar, 100 * share, sum(self.counts), sum(self.counts) / elapsed)
        if sys.stdout.isatty():
            print("\r" + text, end="", flush=True)
        else:
            print(text, flush=True)
        return True

    def frames_per_second(self, index):
        if not self.counts[index]:
            return 0.0
        return self.counts[index] / max(self.last_frame_at[index] - self.started, 1e-6)


def run_to_end(pipeline, paint, interval_ms):
    """Plays until EOS; returns the error's text, or None."""
    loop = GLib.MainLoop()
    failure = []

    def on_message(_bus, message):
        if message.type == Gst.MessageType.ERROR:
            error, _debug = message.parse_error()
            failure.append("%s: %s" % (message.src.get_name(), error.message))
            loop.quit()
        elif message.type == Gst.MessageType.EOS:
            loop.quit()

    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message)
    GLib.timeout_add(interval_ms, paint)
    pipeline.set_state(Gst.State.PLAYING)
    try:
        loop.run()
    except KeyboardInterrupt:
        failure.append("interrupted")
    paint()
    pipeline.set_state(Gst.State.NULL)
    return failure[0] if failure else None


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def save_pictures(base, records):
    """Annotated PNGs of the frames with the most faces, far enough apart to differ."""
    chosen = []
    spacing = max(1, len(records) // (2 * PICTURES))
    for record in sorted(records, key=lambda r: -len(r["faces"])):
        if record["pts"] is None or not record["faces"] or len(chosen) == PICTURES:
            break
        if all(abs(record["frame"] - other["frame"]) >= spacing for other in chosen):
            chosen.append(record)
    first = next((r["pts"] for r in records if r["pts"] is not None), 0)
    saved = []
    for record in sorted(chosen, key=lambda r: r["frame"]):
        path = base.parent / ("%s-%05d.png" % (base.name, record["frame"]))
        if save_picture(base.parent / (base.name + ".mp4"), record["pts"] - first, path):
            saved.append(path)
    return saved


def save_picture(video, position, path):
    # Seeks a little into the frame: muxers round time stamps.
    pipeline = Gst.parse_launch(
        "filesrc location=%s ! decodebin ! videoconvert ! pngenc snapshot=true ! filesink location=%s"
        % (quoted(video), quoted(path)))
    pipeline.set_state(Gst.State.PAUSED)
    ready = pipeline.get_state(10 * Gst.SECOND)[0]
    flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE
    sought = ready != Gst.StateChangeReturn.FAILURE and pipeline.seek_simple(
        Gst.Format.TIME, flags, position + 5 * Gst.MSECOND)
    if sought:
        pipeline.set_state(Gst.State.PLAYING)
        pipeline.get_bus().timed_pop_filtered(
            10 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    return path.is_file() and path.stat().st_size > 0


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


def main():
    options = parse_arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    os.environ["FACET_MODELS"] = str(options.models.resolve())
    Gst.init(None)
    names = stream_names(options.videos)
    description = "  ".join(describe_chain(index, name, video.resolve(), options)
                            for index, (name, video) in enumerate(zip(names, options.videos)))
    print("%d streams, detector %s, classifiers %s, models from %s" % (
        len(names), options.detector, options.classifiers, options.models))
    try:
        pipeline = Gst.parse_launch(description)
    except GLib.Error as error:
        print("pipelines/demo: %s" % error.message, file=sys.stderr)
        return 1
    progress = Progress(pipeline, names)
    failure = run_to_end(pipeline, progress.paint, 200 if sys.stdout.isatty() else 2000)
    print()
    if failure:
        print("pipelines/demo: %s" % failure, file=sys.stderr)
        return 1

    records = [read_lines(options.output / (name + ".jsonl")) for name in names]
    print_streams(names, records, progress)
    print_batches(records)
    pictures = [path for name, stream in zip(names, records)
                for path in save_pictures(options.output / name, stream)]
    print("\nIn %s: an annotated video (.mp4) and the faces (.jsonl) of each stream, %d pictures (.png)"
          % (options.output.resolve(), len(pictures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
