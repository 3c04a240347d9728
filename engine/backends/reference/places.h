// SPDX-License-Identifier: MIT
// Walks over the places of images and volumes, for kernels that do not mind how many axes there
// are.
#pragma once

#include "engine/graph/ops.h"

namespace facet::reference {

// Calls `visit(place)` for each place of a box, the last axis running fastest. Extents are
// positive.
template <size_t kAxes, typename Visit>
void for_each_place(const Extents<kAxes>& box, const Visit& visit) {
    Extents<kAxes> at{};
    for (;;) {
        visit(at);
        size_t axis = kAxes;
        while (axis > 0 && ++at[axis - 1] == box[axis - 1]) at[--axis] = 0;
        if (axis == 0) return;
    }
}

template <size_t kAxes>
[[nodiscard]] bool is_inside(const Extents<kAxes>& at, const Extents<kAxes>& box) {
    for (size_t axis = 0; axis < kAxes; ++axis)
        if (at[axis] < 0 || at[axis] >= box[axis]) return false;
    return true;
}

// Of a place inside the box, counted row by row.
template <size_t kAxes>
[[nodiscard]] int64_t offset_of(const Extents<kAxes>& at, const Extents<kAxes>& box) {
    int64_t offset = 0;
    for (size_t axis = 0; axis < kAxes; ++axis) offset = offset * box[axis] + at[axis];
    return offset;
}

template <size_t kAxes>
[[nodiscard]] int64_t place_count(const Extents<kAxes>& box) {
    int64_t count = 1;
    for (const int64_t extent : box) count *= extent;
    return count;
}

// The extents behind batch and channels of a shape with so many axes.
template <size_t kAxes>
[[nodiscard]] Extents<kAxes> spatial_extents(const Shape& shape) {
    Extents<kAxes> extents;
    for (size_t axis = 0; axis < kAxes; ++axis) extents[axis] = shape[static_cast<int>(axis) + 2];
    return extents;
}

}  // namespace facet::reference
