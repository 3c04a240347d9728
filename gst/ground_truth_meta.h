// SPDX-License-Identifier: MIT
// What is known to be in a frame, next to and apart from what models say of it.
//
// facettestsrc writes it; a verifying element or application compares. One GstMeta per buffer. It
// is copied wherever a whole buffer is copied or converted; its boxes are in pixels of the frame
// they were drawn in and are scaled to the size the reader asks for, so that frames may be scaled
// in between (not cropped). All functions are thread-bound to the buffer they are given; writing
// needs a writable buffer.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace facet {

struct TrueFace {
    uint64_t identity = 0;  // the same person in every frame and, for one seed, in every run
    // From the hairline to the chin and from cheek to cheek, without the ears, around the face as
    // tilted; clipped to the frame. Pixels; width or height 0 when all of it is outside.
    double x = 0, y = 0, width = 0, height = 0;
    double age = 0;        // years
    std::string gender;    // "female", "male"
    std::string mood;      // "neutral", "happy", "sad", "surprise", "anger"
    int skin_tone = 0;     // 0 lightest .. 5 darkest
    std::string lighting;  // "even", "left", "right", "dim", "bright"
    double visible = 1;    // share of the face that is inside the frame and hidden by nothing

    friend bool operator==(const TrueFace&, const TrueFace&) = default;
};

struct GroundTruth {
    uint64_t frame = 0;  // counted from 0 by the element that wrote it
    std::vector<TrueFace> faces;
};

// Writes, or replaces, the truth of a frame of that size in pixels.
void set_ground_truth(GstBuffer* buffer, const GroundTruth& truth, int frame_width,
                      int frame_height);

// Boxes in pixels of a frame of the given size; 0: of the size it was drawn in. Nothing: the buffer
// carries no truth, which is not the same as a frame without faces.
[[nodiscard]] std::optional<GroundTruth> read_ground_truth(GstBuffer* buffer, int frame_width = 0,
                                                           int frame_height = 0);

}  // namespace facet
