// SPDX-License-Identifier: MIT
// One frame's faces as one line of JSON (schema "facet/1"; docs/elements/facetpublish.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gst/face_meta.h"

namespace facet {

struct FrameRecord {
    std::string stream;
    uint64_t frame = 0;           // counted by the publisher, from 0
    std::optional<uint64_t> pts;  // nanoseconds
    int width = 0, height = 0;    // of the frame, pixels
    std::vector<Face> faces;
};

// Without a line break at its end or inside. Keys come in the schema's order; fractions are rounded
// to four decimals; text that is not UTF-8 is replaced, never an error. Reentrant.
[[nodiscard]] std::string json_line(const FrameRecord& record);

}  // namespace facet
