# SPDX-License-Identifier: MIT
"""What the demo plays: chains of elements as gst-launch-1.0 would take them, drawn or of videos."""
import dataclasses
import pathlib

MOSAIC_WIDTH, MOSAIC_HEIGHT, MOSAIC_RATE = 1280, 720, 25
TRACE = "batching.trace"  # of all streams: equal settings share a session
ENCODER = "x264enc speed-preset=veryfast tune=zerolatency pass=quant quantizer=21"


@dataclasses.dataclass
class Drawn:
    """A stream of facettestsrc."""
    name: str
    seed: int
    width: int
    height: int
    rate: int
    scene: str  # further properties


DRAWN_SECONDS = 10
DRAWN = [
    Drawn("square", 41, 960, 540, 30, "faces=11 arrival=crowd min-size=0.1 max-size=0.3"),
    Drawn("office", 42, 640, 360, 25, "faces=4 arrival=poisson"),
    Drawn("corridor", 43, 480, 270, 15, "faces=4 arrival=burst lighting=1 noise=5"),
    Drawn("desk", 44, 320, 240, 10, "faces=1 arrival=constant min-size=0.4 max-size=0.6"),
]


def quoted(text):
    return '"%s"' % str(text).replace("\\", "\\\\").replace('"', '\\"')


def video_names(videos):
    """A short unique name per video."""
    names = []
    for video in videos:
        name = video.stem
        while name in names:
            name += "-again"
        names.append(name)
    return names


def find_and_classify(index, options):
    return ("facetdetect name=detect%d model=%s device=%s "
            "! facetclassify models=%s device=%s max-batch=%d timeout=%g trace-path=%s" % (
                index, options.detector, options.device, options.classifiers, options.device,
                options.max_batch, options.timeout, quoted(options.output / TRACE)))


def publish(index, name, options):
    return "facetpublish name=publish%d stream-id=%s location=%s" % (
        index, quoted(name), quoted(options.output / (name + ".jsonl")))


def describe_video(index, name, video, options):
    """A chain of its own for each video, with an annotated video at its end."""
    return " ! ".join([
        "filesrc location=%s" % quoted(pathlib.Path(video).resolve()),
        "decodebin name=decode%d" % index,
        find_and_classify(index, options),
        publish(index, name, options),
        "facetoverlay", "videoconvert", ENCODER, "mp4mux",
        "filesink location=%s" % quoted(options.output / (name + ".mp4")),
    ])


def describe_drawn(index, stream, options):
    """A chain of a drawn stream, with its place in the mosaic at its end."""
    return " ! ".join([
        "facettestsrc seed=%d num-buffers=%d %s" % (
            stream.seed, stream.rate * DRAWN_SECONDS, stream.scene),
        "video/x-raw,width=%d,height=%d,framerate=%d/1" % (
            stream.width, stream.height, stream.rate),
        find_and_classify(index, options),
        "facetverify name=verify%d report-path=%s" % (
            index, quoted(options.output / ("%s-verify.json" % stream.name))),
        publish(index, stream.name, options),
        "facetoverlay", "videoconvert", "queue", "mosaic.sink_%d" % index,
    ])


def describe_mosaic(count, options):
    """Two by two pictures, in the proportions of each stream."""
    width, height = MOSAIC_WIDTH // 2, MOSAIC_HEIGHT // 2
    places = " ".join(
        "sink_%d::xpos=%d sink_%d::ypos=%d sink_%d::width=%d sink_%d::height=%d "
        "sink_%d::sizing-policy=keep-aspect-ratio" % (
            index, index % 2 * width, index, index // 2 * height, index, width, index, height,
            index) for index in range(count))
    return ("compositor name=mosaic background=black %s "
            "! video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1 ! videoconvert ! %s ! mp4mux "
            "! filesink location=%s" % (
                places, MOSAIC_WIDTH, MOSAIC_HEIGHT, MOSAIC_RATE, ENCODER,
                quoted(options.output / "mosaic.mp4")))


def describe(options):
    """(names of the streams, the pipeline)"""
    if options.videos:
        names = video_names(options.videos)
        chains = [describe_video(index, name, video, options)
                  for index, (name, video) in enumerate(zip(names, options.videos))]
        return names, "  ".join(chains)
    chains = [describe_drawn(index, stream, options) for index, stream in enumerate(DRAWN)]
    return ([stream.name for stream in DRAWN],
            "  ".join([describe_mosaic(len(DRAWN), options)] + chains))
