// SPDX-License-Identifier: MIT
// The self-test of a compiled model: a row of a batch gives what the same row gives alone.
#pragma once

#include <string>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/base/clock.h"

namespace facet {

struct RowCheckOptions {
    // Outputs that number their rows or list what they found (DetectionOutput): only row 0 is
    // compared, and a difference is a warning, because one rounding can reorder a list.
    std::vector<std::string> listing_outputs;
    Duration budget{100'000'000};  // no further batch size is begun after it, by the steady clock
};

// Runs the model on made-up rows at its largest batch, at 2, 3, 5, 8, ... rows, and compares the
// first and the last row with the same rows alone. Differences up to 1e-5 of the output's largest
// value are rounding; up to a quarter they are logged as a warning that names output and batch size
// (quantised models step where a rounding falls on an edge); beyond, rows mix and the result is a
// kDevice error that names them. Inputs are u8 or f32. Does nothing at max_batch 1. Thread-safe.
[[nodiscard]] Result<void> check_rows(CompiledModel& model, const RowCheckOptions& options);

}  // namespace facet
