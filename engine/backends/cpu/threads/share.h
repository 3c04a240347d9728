// SPDX-License-Identifier: MIT
// One thread's part of what several do together.
#pragma once

#include <cstdint>

namespace facet::cpu {

// Part `index` of `count`; together the parts cover [0, items) once.
struct Share {
    int index = 0, count = 1;

    [[nodiscard]] int64_t begin(int64_t items) const { return items * index / count; }
    [[nodiscard]] int64_t end(int64_t items) const { return items * (index + 1) / count; }
};

}  // namespace facet::cpu
