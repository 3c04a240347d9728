// SPDX-License-Identifier: MIT
// FrameBehaviour: what one kind of element does with a frame, free of pads, threads and batches.
#pragma once

#include <gst/video/video.h>

#include <vector>

#include "engine/session.h"

namespace facet {

// A part of a frame that is to be run through the session's models.
struct PlannedRegion {
    Rect rect;        // pixels
    int roi_id = -1;  // of the region meta its result belongs to; -1: the frame itself
};

// One per stream. plan() and write() run in different threads, in the order of the frames.
class FrameBehaviour {
  public:
    virtual ~FrameBehaviour() = default;
    // Streaming thread. `frame` is writable and not mapped.
    [[nodiscard]] virtual std::vector<PlannedRegion> plan(GstBuffer* frame,
                                                          const GstVideoInfo& info) = 0;
    // Source pad's task, right before the frame is pushed; once per planned region, in their order.
    virtual void write(GstBuffer* frame, const GstVideoInfo& info, const PlannedRegion& region,
                       const ItemResult& result) = 0;
};

}  // namespace facet
