#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the arrows of docs/architecture.md: which room may include which, and which leaf may see a
third-party library. Prints every include that breaks a rule and exits 1 if there is one."""
import pathlib
import re
import sys

# Rooms inside the CPU backend -> those among them whose headers they may include; no cycles.
CPU_ROOMS = {
    "/threads": "",
    "/onednn": "",
    "/convolution": "threads",
    "/bytes": "threads",
    "/loops": "bytes onednn threads",
    "/fusion": "onednn",
    "/program": "fusion onednn threads",
    "/lower": "program fusion loops convolution bytes onednn threads",
    "/choice": "lower program fusion convolution onednn threads",
    "": "choice lower program fusion onednn threads",
}

# Room -> rooms whose headers it may include. A file belongs to the room with the longest prefix.
ROOMS = {
    "engine/base": [],
    "engine/graph": ["engine/base"],
    "engine/formats": ["engine/graph", "engine/base"],
    "engine/backends": ["engine/backends/cpu", "engine/graph", "engine/base"],
    **{"engine/backends/cpu" + room: ["engine/backends/cpu/" + below for below in rooms.split()]
       + ["engine/backends", "engine/graph", "engine/base"] for room, rooms in CPU_ROOMS.items()},
    "engine/batching": ["engine/base"],
    "engine/vision": ["engine/base"],
    "engine": ["engine/batching", "engine/vision", "engine/base"],
    "engine/model": ["engine", "engine/formats", "engine/backends", "engine/graph",
                     "engine/batching", "engine/base"],
    "engine/session": ["engine", "engine/model", "engine/formats", "engine/backends",
                       "engine/graph", "engine/batching", "engine/vision", "engine/base"],
    "engine/tools": ["engine", "engine/model", "engine/session", "engine/formats", "engine/backends",
                     "engine/backends/cpu", "engine/graph",
                     "engine/batching", "engine/vision", "engine/base"],
    # gst and elements see the engine through its facade; batching's owner states are part of it.
    "gst": ["engine", "engine/vision", "engine/base", "elements"],
    "elements": ["gst", "engine", "engine/vision", "engine/base"],
}

# Third-party header pattern -> the rooms (or file prefixes) that may include it, in .cpp files only.
LIBRARIES = {
    r"(oneapi/)?dnnl.*": ["engine/backends/cpu/onednn/"],
    r"omp\.h": ["engine/backends/cpu/"],
    r"CL/.*|OpenCL/.*": ["engine/backends/gpu/"],
    r"opencv2?/.*": [],
    r"onnx/.*|google/protobuf/.*": ["engine/formats/onnx", "engine/tools/onnx_quantizer"],
    r"pugixml\.hpp": ["engine/formats/openvino"],
    r"nlohmann/.*": ["engine/vision/model_info", "elements/publish/", "elements/verify/",
                     "engine/tools/"],
    r"pango/.*|cairo.*": ["elements/overlay/"],
    r"CLI/.*": ["engine/tools/"],
    r"jpeglib\.h|jerror\.h|png\.h": ["engine/tools/image_file"],
}
GSTREAMER = r"(gst|glib|glib-object|gio)/.*|glib\.h|glib-object\.h"


def room_of(path):
    return max((room for room in ROOMS if path.startswith(room + "/")), key=len, default=None)


def check(path, include):
    room = room_of(path)
    target = room_of(include)
    if target is not None:
        allowed = [room] + ROOMS[room]
        if room == "gst" and target == "elements" and path != "gst/plugin.cpp":
            return "only gst/plugin.cpp may include elements/"
        return None if target in allowed else "%s may not include %s" % (room, target)
    for pattern, places in LIBRARIES.items():
        if re.fullmatch(pattern, include):
            if not any(path.startswith(place) for place in places):
                return "%s may not see this library" % room
            if path.endswith(".h") and not path.endswith("_api.h"):
                return "third-party headers belong in .cpp files"
    if room.startswith("engine") and re.fullmatch(GSTREAMER, include):
        return "the engine does not know GStreamer"
    return None


def main(root):
    broken = 0
    files = sorted(path for folder in ("engine", "gst", "elements")
                   for path in (root / folder).rglob("*") if path.suffix in (".h", ".cpp"))
    for file in files:
        path = file.relative_to(root).as_posix()
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*[<"]([^">]+)[">]', line)
            if not match:
                continue
            reason = check(path, match.group(1))
            if reason:
                broken += 1
                print("%s:%d: includes %s: %s" % (path, number, match.group(1), reason))
    print("%d files checked, %d includes break a rule" % (len(files), broken))
    return 1 if broken or not files else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
