// SPDX-License-Identifier: MIT
// What several reference kernels need to read their operands.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/backends/reference/kernels.h"

namespace facet::reference {

// Ok when every present operand is f32, else kUnsupported naming the type it found.
[[nodiscard]] Result<void> require_f32(Inputs inputs, Outputs outputs);

// Whether the optional input `index` is there.
[[nodiscard]] bool is_present(Inputs inputs, size_t index);

// Elements of an i32 or i64 tensor; `field` names it in the kUnsupported error.
[[nodiscard]] Result<std::vector<int64_t>> read_integers(const TensorView& tensor,
                                                         std::string_view field);

// Product of the extents of axes [begin, end).
[[nodiscard]] int64_t product(const Shape& shape, int begin, int end);

// For each output axis, the index into the same axis of the input that each output index reads;
// kFill stands for an element outside the input.
using AxisMaps = std::vector<std::vector<int64_t>>;
constexpr int64_t kFill = -1;

// Copies input[maps[0][i], maps[1][j], ...] to output[i, j, ...], whose extents are the sizes of
// `maps`. `fill` points to one element and may be null when no map holds kFill.
void copy_mapped(const TensorView& input, const AxisMaps& maps, const void* fill,
                 const MutableTensorView& output);

}  // namespace facet::reference
