#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Four looped videos through detect, classify and publish in one process, watched frame by frame.

Checks that every frame comes out, in order, none twice; that each face has age, gender and mood or
a stated reason; that batches hold faces of more than one stream; and that memory is flat after the
first ten seconds. Prints the figures; the last line is a JSON object. Exits 1 when a check fails and
77 (skipped) without FACET_DATA.
"""
import argparse
import collections
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

VIDEOS = ["head-pose-face-detection-female-and-male.mp4", "face-demographics-walking.mp4",
          "classroom.mp4", "short_hamilton_clip.mp4"]
MODELS = "models=age-gender-recognition-retail-0013,emotions-recognition-retail-0003"
ATTRIBUTES = ("age", "gender", "mood")
WARM_UP_SECONDS = 10
ALLOWED_GROWTH_MIB = 8


def duration_of(video):
    pipeline = Gst.parse_launch('filesrc location="%s" ! decodebin ! fakesink' % video)
    pipeline.set_state(Gst.State.PAUSED)
    pipeline.get_state(Gst.CLOCK_TIME_NONE)
    found, duration = pipeline.query_duration(Gst.Format.TIME)
    pipeline.set_state(Gst.State.NULL)
    assert found, video
    return duration / Gst.SECOND


def describe(index, video, output):
    return ('filesrc location="%s" ! decodebin ! identity name=in%d '
            "! facetdetect model=face-detection-retail-0004 "
            "! facetclassify %s max-batch=16 timeout=5 ! facetpublish name=out%d stream-id=cam%d "
            "location=%s ! fakesink sync=false" % (
                video, index, MODELS, index, index, output / ("cam%d.jsonl" % index)))


class Looper:
    """Plays one chain's video `rounds` times without a gap or a flush in between.

    The first buffer asks for a segment seek, everything before its flush is dropped, and each end of
    a segment asks for the next; the last round is an ordinary segment and ends in EOS.
    """

    def __init__(self, pad, rounds):
        self.pad = pad
        self.rounds = rounds
        self.playing = False
        self.asked = False
        types = (Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM
                 | Gst.PadProbeType.EVENT_FLUSH)
        pad.add_probe(types, self.watch)

    def seek(self, flags):
        self.rounds -= 1
        if self.rounds > 0:
            flags |= Gst.SeekFlags.SEGMENT
        event = Gst.Event.new_seek(1.0, Gst.Format.TIME, flags, Gst.SeekType.SET, 0,
                                   Gst.SeekType.NONE, 0)
        self.pad.get_peer().send_event(event)
        return False

    def watch(self, _pad, info):
        if info.type & Gst.PadProbeType.BUFFER:
            if not self.playing and not self.asked:
                self.asked = True
                GLib.idle_add(self.seek, Gst.SeekFlags.FLUSH)
            return Gst.PadProbeReturn.OK if self.playing else Gst.PadProbeReturn.DROP
        kind = info.get_event().type
        if kind == Gst.EventType.FLUSH_STOP:
            self.playing = True
        elif kind == Gst.EventType.SEGMENT_DONE:
            GLib.idle_add(self.seek, Gst.SeekFlags.NONE)
        return Gst.PadProbeReturn.OK


def resident_mib():
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


class Watch:
    """What entered and left each chain, and how memory went."""

    def __init__(self, pipeline):
        self.entered = [[] for _ in VIDEOS]
        self.left = [[] for _ in VIDEOS]
        self.memory = []
        self.started = time.monotonic()
        for index in range(len(VIDEOS)):
            for name, seen in (("in", self.entered), ("out", self.left)):
                pad = pipeline.get_by_name("%s%d" % (name, index)).get_static_pad("src")
                pad.add_probe(Gst.PadProbeType.BUFFER, self.note, seen[index])

    @staticmethod
    def note(_pad, info, seen):
        seen.append(info.get_buffer().pts)
        return Gst.PadProbeReturn.OK

    def sample_memory(self):
        self.memory.append((time.monotonic() - self.started, resident_mib()))
        return True

    def memory_growth(self):
        """MiB between the time after the warm-up and the end, by medians; None if too short."""
        settled = [mib for at, mib in self.memory if at >= WARM_UP_SECONDS]
        if len(settled) < 8:
            return None
        quarter = len(settled) // 4
        return statistics.median(settled[-quarter:]) - statistics.median(settled[:quarter])


def play(description, rounds):
    pipeline = Gst.parse_launch(description)
    loopers = [Looper(pipeline.get_by_name("in%d" % index).get_static_pad("sink"), count)
               for index, count in enumerate(rounds)]
    watch = Watch(pipeline)
    loop = GLib.MainLoop()
    errors = []

    def on_message(_bus, message):
        if message.type == Gst.MessageType.ERROR:
            errors.append(message.parse_error()[0].message)
        if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS):
            loop.quit()

    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message)
    GLib.timeout_add(500, watch.sample_memory)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)
    if any(looper.rounds != 0 for looper in loopers):
        errors.append("a video ended before its last round")
    return watch, errors


def examine(watch, output):
    """The list of failed checks and the figures."""
    failed = []
    streams_of = collections.defaultdict(set)
    frames = faces = complete = excused = 0
    for index in range(len(VIDEOS)):
        if watch.entered[index] != watch.left[index]:
            failed.append("cam%d: %d frames in, %d out, or out of order" % (
                index, len(watch.entered[index]), len(watch.left[index])))
        with open(output / ("cam%d.jsonl" % index), encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
        if [record["frame"] for record in records] != list(range(len(watch.entered[index]))):
            failed.append("cam%d: published frames are not 0..n-1" % index)
        frames += len(records)
        for face in (face for record in records for face in record["faces"]):
            faces += 1
            if all(name in face for name in ATTRIBUTES):
                complete += 1
                streams_of[face["batch"]["id"]].add(index)
            elif face["skipped"]:
                excused += 1
    shared = sum(1 for streams in streams_of.values() if len(streams) > 1)
    growth = watch.memory_growth()
    if complete + excused != faces:
        failed.append("%d faces have neither attributes nor a reason" % (faces - complete - excused))
    if not complete:
        failed.append("no face was classified")
    if not shared:
        failed.append("no batch held faces of two streams")
    if growth is not None and growth > ALLOWED_GROWTH_MIB:
        failed.append("memory grew by %.1f MiB after the first %d s" % (growth, WARM_UP_SECONDS))
    return failed, {"frames": frames, "faces": faces, "complete": complete, "excused": excused,
                    "batches": len(streams_of), "batches_of_several_streams": shared,
                    "memory_growth_mib": None if growth is None else round(growth, 2),
                    "seconds": round(time.monotonic() - watch.started, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="of each video (default: 60)")
    options = parser.parse_args()
    data = os.environ.get("FACET_DATA")
    if not data or not pathlib.Path(data, "video").is_dir():
        print("skipped: needs FACET_DATA")
        return 77
    os.environ.setdefault("FACET_MODELS", str(pathlib.Path(data, "models")))
    Gst.init(None)
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder)
        videos = [pathlib.Path(data, "video", name) for name in VIDEOS]
        rounds = [max(2, round(options.seconds / duration_of(video))) for video in videos]
        watch, errors = play("  ".join(describe(index, video, output)
                                       for index, video in enumerate(videos)), rounds)
        failed, figures = (errors, {}) if errors else examine(watch, output)
    for failure in failed:
        print("FAILED: %s" % failure)
    print(json.dumps({**figures, "failed": len(failed)}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
