# SPDX-License-Identifier: MIT
"""Pictures out of the demo's videos: single frames and the contact sheet."""
import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

from demo_streams import MOSAIC_HEIGHT, MOSAIC_WIDTH, quoted

PICTURES = 3        # annotated frames kept per video
SHEET_MOMENTS = 4   # of the mosaic, two by two
SHEET_WIDTH = 1920  # pixels


def run_to_end(pipeline):
    pipeline.set_state(Gst.State.PLAYING)
    message = pipeline.get_bus().timed_pop_filtered(
        20 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    pipeline.set_state(Gst.State.NULL)
    return message is not None and message.type == Gst.MessageType.EOS


def save_picture(video, position, path):
    # Seeks a little into the frame: muxers round time stamps.
    pipeline = Gst.parse_launch(
        "filesrc location=%s ! decodebin ! videoconvert ! pngenc snapshot=true ! filesink location=%s"
        % (quoted(video), quoted(path)))
    pipeline.set_state(Gst.State.PAUSED)
    ready = pipeline.get_state(10 * Gst.SECOND)[0]
    flags = Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE
    if ready != Gst.StateChangeReturn.FAILURE and pipeline.seek_simple(
            Gst.Format.TIME, flags, position + 5 * Gst.MSECOND):
        run_to_end(pipeline)
    pipeline.set_state(Gst.State.NULL)
    return path.is_file() and path.stat().st_size > 0


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


def save_contact_sheet(video, seconds, path):
    """Moments of the mosaic, evenly apart, side by side in one PNG."""
    moments = []
    for index in range(SHEET_MOMENTS):
        moment = path.parent / ("%s-%d.png" % (path.stem, index))
        position = round((index + 0.5) * seconds / SHEET_MOMENTS * Gst.SECOND)
        if save_picture(video, position, moment):
            moments.append(moment)
    width = SHEET_WIDTH // 2
    height = width * MOSAIC_HEIGHT // MOSAIC_WIDTH
    places = " ".join("sink_%d::xpos=%d sink_%d::ypos=%d sink_%d::width=%d sink_%d::height=%d" % (
        index, index % 2 * width, index, index // 2 * height, index, width, index, height)
        for index in range(len(moments)))
    sources = "  ".join(
        "filesrc location=%s ! pngdec ! imagefreeze num-buffers=1 ! videoconvert ! sheet.sink_%d" % (
            quoted(moment), index) for index, moment in enumerate(moments))
    saved = len(moments) == SHEET_MOMENTS and run_to_end(Gst.parse_launch(
        "compositor name=sheet %s ! videoconvert ! pngenc snapshot=true ! filesink location=%s  %s" % (
            places, quoted(path), sources)))
    for moment in moments:
        moment.unlink()
    return saved
