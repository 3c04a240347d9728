// SPDX-License-Identifier: MIT
// The same faces once in batches and once alone, through a real model.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"

namespace facet::testing {

struct Comparison {
    uint64_t attributes = 0;        // in both runs
    uint64_t unequal = 0;           // another label, or a number further off than the tolerance
    uint64_t missing = 0;           // in one run only
    double largest_difference = 0;  // of numbers, relative above 1
    double mean_batch = 0;          // faces, in the batched run
};

// Runs `streams` streams of `frames` frames twice, with max-batch 32 and with max-batch 1. `model`
// is a file or an installed name. Errors are those of the pipeline.
[[nodiscard]] Result<Comparison> compare_with_unbatched(const std::string& model, int streams,
                                                        int frames);

}  // namespace facet::testing
