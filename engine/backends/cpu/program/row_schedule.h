// SPDX-License-Identifier: MIT
// How the rows of a batch are cut into slices that stay in the caches, and shared out to threads.
#pragma once

#include <vector>

namespace facet::cpu {

struct RowSlice {
    int first = 0, rows = 0;
};

// `narrow` slices run on one thread each, side by side; then `wide` (no rows: nothing) on all.
struct RowSchedule {
    std::vector<RowSlice> narrow;
    RowSlice wide;
};

struct Slicing {
    int threads = 1;
    int most_rows = 0;  // of a narrow slice; 0: a batch is not cut, all threads run it together
    bool wide_pays = false;  // do the threads together finish one row sooner than one of them does?
};

// Covers rows [0, rows) once. Shares are equal where a multiple of `threads` allows it; the rows
// over go to all threads together where that finishes sooner.
[[nodiscard]] RowSchedule schedule_rows(int rows, const Slicing& slicing);

}  // namespace facet::cpu
