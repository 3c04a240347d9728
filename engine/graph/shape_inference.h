// SPDX-License-Identifier: MIT
// The shape rule of every operation.
#pragma once

#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet {

struct TypedShape {
    DataType type = DataType::kF32;
    Shape shape;
};

// What a rule sees of an input: type, shape, and its elements when they are known.
struct InputInfo {
    bool present = false;
    TypedShape typed;
    const Tensor* constant = nullptr;
};

// The outputs' types and shapes, one per output. Errors (kUnsupported, kCorrupt) name the field but
// not the node; callers add it with Error::within(node.text()). Every size product is checked
// against overflow and against kMaxElements. Reentrant.
[[nodiscard]] Result<std::vector<TypedShape>> infer_output_shapes(const OpParams& params,
                                                                  std::span<const InputInfo> inputs,
                                                                  size_t output_count);

constexpr int64_t kMaxElements = int64_t{1} << 31;  // of one value: guards hostile files

// Padding that auto_pad stands for, resolved against an input of `extent`: {begin, end} per axis.
template <size_t kAxes>
struct ResolvedPadsOver {
    Extents<kAxes> begin{}, end{};
};
using ResolvedPads = ResolvedPadsOver<2>;
// Over two and three axes.
template <size_t kAxes>
[[nodiscard]] ResolvedPadsOver<kAxes> resolve_pads(AutoPad mode, Extents<kAxes> begin,
                                                   Extents<kAxes> end, Extents<kAxes> extent,
                                                   Extents<kAxes> kernel, Extents<kAxes> strides,
                                                   Extents<kAxes> dilations);

// What a transposed convolution writes, and where its padding begins; for positive extents only.
template <size_t kAxes>
struct TransposedWindowOver {
    Extents<kAxes> output{}, pads_begin{};
};
// Over two and three axes.
template <size_t kAxes>
[[nodiscard]] TransposedWindowOver<kAxes> resolve_transposed(
    const TransposedConvolutionOver<kAxes>& params, Extents<kAxes> extent, Extents<kAxes> kernel);

// Axis counted from the back made positive; kCorrupt when outside [-rank, rank).
[[nodiscard]] Result<int> normalize_axis(int64_t axis, int rank);
// Numpy broadcasting of two shapes.
[[nodiscard]] Result<Shape> broadcast(const Shape& a, const Shape& b);

}  // namespace facet
