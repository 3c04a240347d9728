// SPDX-License-Identifier: MIT
// What a face's label says: Face -> short lines of text.
#pragma once

#include <string>
#include <vector>

#include "gst/face_meta.h"

namespace facet {

// What the overlay draws; a set of bits.
enum Show : unsigned {
    kShowBoxes = 1 << 0,
    kShowAge = 1 << 1,
    kShowGender = 1 << 2,
    kShowMood = 1 << 3,
    kShowConfidence = 1 << 4,
    kShowId = 1 << 5,
    kShowSkipped = 1 << 6,
};
constexpr unsigned kShowDefault = kShowBoxes | kShowAge | kShowGender | kShowMood | kShowConfidence;

struct LabelSpan {
    std::string text;
    bool faint = false;  // said more quietly: confidences, reasons
};
using LabelLine = std::vector<LabelSpan>;

// "female 97%  31 y" over "happy 88%". Of a region without attributes the detector's words: "face
// 98%". Empty when there is nothing to say. `show`: bits of Show. Reentrant.
[[nodiscard]] std::vector<LabelLine> face_label(const Face& face, unsigned show);

}  // namespace facet
