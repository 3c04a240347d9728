// SPDX-License-Identifier: MIT
// The rows that facet-bench runs: images, or what a detector finds in them, at the model's size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/tools/bench_options.h"
#include "engine/vision/crop.h"

namespace facet {

struct BenchRow {
    std::string name;  // "crowd.jpg", "crowd.jpg#3"
    std::vector<uint8_t> pixels;
};

// One per image; with a detector one per detection, in its order. Without images as many made-up
// rows as the largest batch. At least one. Errors name the file.
[[nodiscard]] Result<std::vector<BenchRow>> read_rows(const BenchOptions& options,
                                                      const CropSpec& spec);

}  // namespace facet
