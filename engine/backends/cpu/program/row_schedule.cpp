// SPDX-License-Identifier: MIT
// Equal shares, each cut into equal slices.
#include "engine/backends/cpu/program/row_schedule.h"

#include <algorithm>

namespace facet::cpu {

namespace {

// Of all threads together, against one alone on each of as many slices.
constexpr double kWideEfficiency = 0.8;

// Part `index` of `count` near equal parts of `rows`.
int part(int rows, int count, int index) {
    return rows / count + (index < rows % count ? 1 : 0);
}

}  // namespace

RowSchedule schedule_rows(int rows, const Slicing& slicing) {
    RowSchedule schedule;
    if (slicing.most_rows == 0) {
        schedule.wide = {0, rows};
        return schedule;
    }
    const int over = rows % slicing.threads;
    const bool wide = slicing.threads > 1 && slicing.wide_pays && over > 0 &&
                      over < kWideEfficiency * slicing.threads;
    const int shared = rows - (wide ? over : 0);
    int first = 0;
    for (int thread = 0; thread < slicing.threads; ++thread) {
        const int share = part(shared, slicing.threads, thread);
        const int slices = (share + slicing.most_rows - 1) / slicing.most_rows;
        for (int slice = 0; slice < slices; ++slice) {
            const int size = part(share, slices, slice);
            schedule.narrow.push_back({first, size});
            first += size;
        }
    }
    // Largest first: who takes a small one at the end keeps the others waiting the least.
    std::ranges::stable_sort(schedule.narrow, std::greater<>(), &RowSlice::rows);
    if (wide) schedule.wide = {first, over};
    return schedule;
}

}  // namespace facet::cpu
