// SPDX-License-Identifier: MIT
// FrameBehaviour: what one kind of element does with a frame, free of pads, threads and batches.
#pragma once

#include <gst/video/video.h>

#include <memory>
#include <span>
#include <vector>

#include "engine/session.h"

namespace facet {

struct FaceRecord;  // what a behaviour remembers of a face, if it does

// A part of a frame that is to be run through the session's models, or to be written without.
struct PlannedRegion {
    enum class Run {
        kNow,
        kWhenRoom,  // where a batch has room, or at its deadline
        kNotDue,    // not at all: it was seen lately
        kLate,      // not at all: downstream has no use for the frame any more
    };

    Rect rect;         // pixels
    int roi_id = -1;   // of the region meta its result belongs to; -1: the frame itself
    double value = 0;  // under overload the least goes first
    Run run = Run::kNow;
    std::shared_ptr<FaceRecord> record;

    [[nodiscard]] bool runs() const { return run == Run::kNow || run == Run::kWhenRoom; }
};

// One per stream. plan() and forget() run in the streaming thread, write() in another, both in the
// order of the frames.
class FrameBehaviour {
  public:
    virtual ~FrameBehaviour() = default;
    // `frame` is writable and not mapped. `late`: downstream has told that it comes too late.
    [[nodiscard]] virtual std::vector<PlannedRegion> plan(GstBuffer* frame,
                                                          const GstVideoInfo& info, bool late) = 0;
    // Source pad's task, right before the frame is pushed, if it has planned regions. One result
    // per region, in their order; that of a region that does not run is empty. But for their errors
    // the results may be moved from.
    virtual void write(GstBuffer* frame, const GstVideoInfo& info,
                       std::span<const PlannedRegion> regions, std::span<ItemResult> results) = 0;
    // The next frame has nothing to do with those before it.
    virtual void forget() {}
};

}  // namespace facet
