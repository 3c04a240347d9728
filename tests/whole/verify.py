#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How right the models are on faces they have not seen: facettestsrc to facetverify, seed by seed.

Each seed is four streams of unlike size, crowd and light; frames lie half a second apart. Prints tables
by stream, skin tone, size and lighting. The last line is a JSON object: recall, precision, gender and
mood as shares, age_mae in years, int8_drop and worst_group_gap in percentage points; null where there
is nothing to tell.
"""
import argparse
import json
import pathlib
import sys
import tempfile

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "pipelines" / "apps"))
import verify_report  # noqa: E402

# (name, caps, properties of facettestsrc)
STREAMS = [
    ("room", "width=640,height=360", "faces=4 arrival=poisson lighting=1"),
    ("door", "width=320,height=240,format=NV12", "faces=3 arrival=poisson max-size=0.6 noise=5"),
    ("hall", "width=960,height=540,format=RGB",
     "faces=9 arrival=crowd min-size=0.09 max-size=0.3 occluders=1"),
    ("stairs", "width=480,height=270,format=BGRx", "faces=5 arrival=burst lighting=1 noise=4"),
]
TRAINED_SEEDS = range(100000, 150000)  # pipelines/models/train/draw
MODELS = ("facet-faces", "facet-attributes")  # exit 1 when these fall short
INT8_MODELS = ("facet-faces-int8", "facet-attributes-int8")
RATES = ("recall", "precision", "gender", "mood")


def seeds_of(text):
    first, _, last = text.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    if not seeds or seeds[0] in TRAINED_SEEDS or seeds[-1] in TRAINED_SEEDS:
        raise argparse.ArgumentTypeError("a range A-B outside the seeds of training, %d-%d" % (
            TRAINED_SEEDS[0], TRAINED_SEEDS[-1]))
    return seeds


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tests/verify", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=seeds_of, metavar="A-B", help="default: 1-12")
    parser.add_argument("--quick", action="store_true", help="fewer seeds and frames, half a minute")
    parser.add_argument("--detector", metavar="MODEL", help="default: %s" % MODELS[0])
    parser.add_argument("--classifiers", metavar="MODEL,...", help="default: %s" % MODELS[1])
    parser.add_argument("--int8", nargs=2, metavar=("DETECTOR", "CLASSIFIERS"),
                        help="compared with the above for int8_drop (default: %s, %s)"
                             % INT8_MODELS)
    parser.add_argument("--device", default="CPU")
    options = parser.parse_args()
    options.seeds = options.seeds or (range(1, 3) if options.quick else range(1, 13))
    options.judged = not options.detector and not options.classifiers
    options.detector = options.detector or MODELS[0]
    options.classifiers = options.classifiers or MODELS[1]
    options.frames = 40 if options.quick else 100
    return options


def describe(index, seed, folder, options):
    name, caps, scene = STREAMS[index]
    return ("facettestsrc seed=%d num-buffers=%d %s ! video/x-raw,framerate=2/1,%s "
            "! facetdetect model=%s device=%s ! facetclassify models=%s device=%s max-batch=32 "
            "! facetverify name=%s report-path=%s ! fakesink sync=false" % (
                seed, options.frames, scene, caps, options.detector, options.device,
                options.classifiers, options.device, name, folder / ("%s.json" % name)))


def run_seed(seed, options):
    """The counts of each stream; raises GLib.Error or RuntimeError with the element's words."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        pipeline = Gst.parse_launch("  ".join(
            describe(index, seed * len(STREAMS) + index, folder, options)
            for index in range(len(STREAMS))))
        pipeline.set_state(Gst.State.PLAYING)
        message = pipeline.get_bus().timed_pop_filtered(
            Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
        failure = (message.parse_error()[0].message if message.type == Gst.MessageType.ERROR
                   else None)
        pipeline.set_state(Gst.State.NULL)
        if failure:
            raise RuntimeError(failure)
        return [verify_report.load_counts(folder / ("%s.json" % name)) for name, _, _ in STREAMS]


def run_seeds(options):
    per_seed = [run_seed(seed, options) for seed in options.seeds]
    return [verify_report.add_all(counts) for counts in zip(*per_seed)]


def with_models(options, detector, classifiers):
    return argparse.Namespace(**{**vars(options), "detector": detector, "classifiers": classifiers})


def int8_drop(options, exact):
    """The largest loss of any rate, in points, 0 for none; None where no int8 models are to be compared."""
    if not options.int8 and not options.judged:
        return None
    detector, classifiers = options.int8 or INT8_MODELS
    rates = verify_report.figures(verify_report.add_all(
        run_seeds(with_models(options, detector, classifiers))))
    print("\nint8: " + ", ".join("%s %s" % (name, "-" if rates[name] is None else "%.4f" % rates[name])
                                 for name in RATES + ("age_mae",)))
    drops = [100 * (exact[name] - rates[name]) for name in RATES
             if None not in (exact[name], rates[name])]
    return max([0.0] + drops)


def main():
    options = parse_arguments()
    Gst.init(None)
    print("seeds %d-%d, four streams of %d frames each; %s, %s" % (
        options.seeds[0], options.seeds[-1], options.frames, options.detector,
        options.classifiers))
    try:
        streams = run_seeds(options)
        total = verify_report.add_all(streams)
        verify_report.print_report([(STREAMS[i][0], counts) for i, counts in enumerate(streams)],
                                   total)
        figures = verify_report.figures(total)
        figures["int8_drop"] = int8_drop(options, figures)
    except RuntimeError as error:
        print("tests/verify: %s" % error, file=sys.stderr)
        return 1
    order = RATES + ("age_mae", "int8_drop", "worst_group_gap")
    short = verify_report.shortfalls(order, figures) if options.judged else []
    for reason in short:
        print("tests/verify: falls short: %s" % reason, file=sys.stderr)
    print(json.dumps({name: None if figures[name] is None else round(figures[name], 4)
                      for name in order}))
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
