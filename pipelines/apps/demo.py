#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faces, start to end: one pipeline with a chain per stream, all sharing one session.

Without videos four drawn streams are played and what was found is compared with what is known of them.
Also an example of embedding Facet in a Python program: elements are made from one description, their
results are read back from facetpublish's JSON Lines and facetverify's reports.
"""
import argparse
import json
import os
import pathlib
import sys
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

import demo_figures  # noqa: E402
import demo_pictures  # noqa: E402
import demo_streams  # noqa: E402
import verify_report  # noqa: E402

# (detector, classifiers)
DRAWN_MODELS = ("facet-faces", "facet-attributes")
REAL_MODELS = ("face-detection-retail-0004",
               "age-gender-recognition-retail-0013,emotions-recognition-retail-0003")
JUDGED = ("recall", "precision", "gender", "mood", "age_mae")  # too few people for groups


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="pipelines/demo", description="Finds faces and writes age, gender and mood; without a "
        "video on drawn faces, where it also says how right that was.")
    parser.add_argument("videos", nargs="*", type=pathlib.Path, metavar="VIDEO",
                        help="each becomes one stream (default: four drawn streams)")
    parser.add_argument("--models", type=pathlib.Path, metavar="DIR",
                        help="folder of models, looked at before those of pipelines/models/get")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("out/demo"),
                        metavar="DIR", help="folder for the results (default: out/demo)")
    parser.add_argument("--detector", metavar="MODEL",
                        help="default: %s, for videos %s" % (DRAWN_MODELS[0], REAL_MODELS[0]))
    parser.add_argument("--classifiers", metavar="MODEL,...",
                        help="default: %s, for videos %s" % (DRAWN_MODELS[1], REAL_MODELS[1]))
    parser.add_argument("--device", default="CPU")
    parser.add_argument("--max-batch", type=int, default=16, metavar="N", help="faces (default: 16)")
    parser.add_argument("--timeout", type=float, default=5, metavar="MS",
                        help="longest wait of a face for its batch (default: 5)")
    options = parser.parse_args()
    for video in options.videos:
        if not video.is_file():
            parser.error("no such video: %s" % video)
    usual = REAL_MODELS if options.videos else DRAWN_MODELS
    options.judged = not options.videos and not options.detector and not options.classifiers
    options.detector = options.detector or usual[0]
    options.classifiers = options.classifiers or usual[1]
    return options


def set_model_folders(options):
    """--models, what the environment says, the test data, the models that come with Facet."""
    folders = [options.models and str(options.models.resolve()), os.environ.get("FACET_MODELS")]
    if os.environ.get("FACET_DATA"):
        folders.append(str(pathlib.Path(os.environ["FACET_DATA"], "models").resolve()))
    folders.append(str(pathlib.Path(__file__).resolve().parents[1] / "models"))
    os.environ["FACET_MODELS"] = ":".join(folder for folder in folders if folder)


class Progress:
    """Counts frames behind facetpublish and repaints one line of figures."""

    def __init__(self, pipeline, names, expected):
        self.pipeline = pipeline
        self.expected = expected  # frames in all; None: the pipeline knows how far it is
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
        if self.expected:
            return sum(self.counts) / self.expected
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


def save_batching_page(records, options):
    """Why there is none, or None."""
    if not any(record["faces"] for stream in records for record in stream):
        return None  # nothing to draw
    return demo_figures.save_batching_page(
        options.output / demo_streams.TRACE, options.output / "batching.html")


def report_drawn(names, options):
    """Prints and writes how right the results were; returns what falls short."""
    streams = [(name, verify_report.load_counts(options.output / ("%s-verify.json" % name)))
               for name in names]
    total = verify_report.add_all(counts for _, counts in streams)
    print()
    verify_report.print_report(streams, total)
    figures = verify_report.figures(total)
    with open(options.output / "verify.json", "w", encoding="utf-8") as file:
        json.dump({"schema": "facet-verify/1", "stream": "all", "figures": figures,
                   "worst_group": verify_report.worst_group(total)[1], "counts": total}, file,
                  indent=1)
    sheet = demo_pictures.save_contact_sheet(
        options.output / "mosaic.mp4", demo_streams.DRAWN_SECONDS, options.output / "contact.png")
    print("\nIn %s: mosaic.mp4, %sbatching.html, verify.json and the faces (.jsonl) and verification of"
          " each stream" % (options.output.resolve(), "contact.png, " if sheet else ""))
    short = verify_report.shortfalls(JUDGED, figures) if options.judged else []
    return short if sheet else short + ["no contact sheet could be made of mosaic.mp4"]


def report_videos(names, records, options):
    pictures = [path for name, stream in zip(names, records)
                for path in demo_pictures.save_pictures(options.output / name, stream)]
    print("\nIn %s: an annotated video (.mp4) and the faces (.jsonl) of each stream, batching.html and "
          "%d pictures (.png)" % (options.output.resolve(), len(pictures)))
    return []


def play(options):
    """(names, progress, error's text or None)"""
    names, description = demo_streams.describe(options)
    print("%d streams, detector %s, classifiers %s" % (
        len(names), options.detector, options.classifiers))
    pipeline = Gst.parse_launch(description)
    expected = None if options.videos else sum(
        stream.rate * demo_streams.DRAWN_SECONDS for stream in demo_streams.DRAWN)
    progress = Progress(pipeline, names, expected)
    failure = run_to_end(pipeline, progress.paint, 200 if sys.stdout.isatty() else 2000)
    print()
    return names, progress, failure


def main():
    options = parse_arguments()
    options.output.mkdir(parents=True, exist_ok=True)
    set_model_folders(options)
    Gst.init(None)
    try:
        names, progress, failure = play(options)
    except GLib.Error as error:
        failure = error.message
    if failure:
        print("pipelines/demo: %s" % failure, file=sys.stderr)
        return 1
    records = [demo_figures.read_lines(options.output / (name + ".jsonl")) for name in names]
    demo_figures.print_streams(names, records, progress)
    demo_figures.print_batches(records)
    no_page = save_batching_page(records, options)
    short = (report_videos(names, records, options) if options.videos
             else report_drawn(names, options))
    if no_page:
        short.append("no page of batches: %s" % no_page)
    for reason in short:
        print("pipelines/demo: falls short: %s" % reason, file=sys.stderr)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
