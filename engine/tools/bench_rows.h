// SPDX-License-Identifier: MIT
// The rows that facet-bench runs.
#pragma once

#include <vector>

#include "engine/base/result.h"
#include "engine/tools/bench_options.h"
#include "engine/tools/image_rows.h"

namespace facet {

// What the options' images give; without images as many made-up rows as the largest batch.
[[nodiscard]] Result<std::vector<ImageRow>> read_rows(const BenchOptions& options,
                                                      const CropSpec& spec);

}  // namespace facet
