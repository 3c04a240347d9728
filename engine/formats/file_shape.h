// SPDX-License-Identifier: MIT
// From the extents a file states to a Shape that is safe to compute with.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/shape.h"
#include "engine/graph/ops.h"

namespace facet {

// Far above any model of this field; keeps products of extents inside int64.
constexpr int64_t kMaxElements = int64_t{1} << 32;

// kUnsupported above Shape::kMaxRank axes or kMaxElements elements, kCorrupt for a negative extent.
[[nodiscard]] Result<Shape> shape_from_file(std::span<const int64_t> extents);

// The shape of a model input whose dynamic extents are absent: axis 0 becomes 1; two further ones
// become `open_size`, if given; any other dynamic axis and any extent of 0 is kUnsupported.
[[nodiscard]] Result<Shape> input_shape_from_file(std::string_view input_name,
                                                  std::span<const std::optional<int64_t>> extents,
                                                  const std::optional<Extent2>& open_size);

}  // namespace facet
