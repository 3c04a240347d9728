// SPDX-License-Identifier: MIT
// FaceMemory: which face of this frame is which of the frames before, and what was said of it.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "gst/face_meta.h"

namespace facet {

// One face over time. Lives as long as a frame under way or the memory knows it.
struct FaceRecord {
    // Streaming thread: of the frame whose crop was sent last; none: not yet.
    GstClockTime sent = GST_CLOCK_TIME_NONE;
    std::atomic<bool> lost{false};          // what was sent last brought nothing: due again
    std::vector<FaceAttribute> attributes;  // source pad's task: the last result
};

// A face with an object_id is that of its tracker; others are matched to those of the frame before
// by the overlap of their boxes, best pair first. Thread-bound: the streaming thread.
class FaceMemory {
  public:
    static constexpr double kLeastOverlap = 0.3;  // intersection over union of the same face
    static constexpr int kFramesToForget = 250;   // a track that was away for so long

    // One record per face, old or new.
    [[nodiscard]] std::vector<std::shared_ptr<FaceRecord>> look(const std::vector<Face>& faces);
    void forget();

  private:
    struct Box {
        int x, y, width, height;
    };
    struct Seen {
        Box box;
        std::shared_ptr<FaceRecord> record;
    };
    struct Track {
        std::shared_ptr<FaceRecord> record;
        int64_t frame = 0;
    };

    static Box box_of(const Face& face);
    static double overlap(const Box& one, const Box& other);

    std::vector<Seen> before_;       // of the last frame, without an object_id
    std::map<int, Track> by_track_;  // object_id
    int64_t frame_ = 0;
};

}  // namespace facet
