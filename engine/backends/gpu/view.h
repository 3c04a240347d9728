// SPDX-License-Identifier: MIT
// Where the elements of a value lie on the device, and index arithmetic written as OpenCL C.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/shape.h"

namespace facet::gpu {

// As elements lie in a buffer; kernels compute in float whatever this is.
enum class Storage { kU8, kF32, kF16 };

[[nodiscard]] size_t size_of(Storage storage);
// "F32", the suffix of the prelude's macros.
[[nodiscard]] std::string_view macro_suffix(Storage storage);
// "float", as OpenCL C names it.
[[nodiscard]] std::string_view type_name(Storage storage);

using BufferId = size_t;

// A value in a buffer, in elements: row r's element (i, j, ...) lies at offset + r * item_stride +
// i * strides[0] + j * strides[1] + ... Values of the graph have the layout of their shape (NCHW,
// rows of a batch outermost), so that pixels of all rows are one long axis for the convolutions and
// reshapes, splits and slices cost nothing: they and permutations are views with other strides,
// until somebody needs the elements side by side.
struct View {
    BufferId buffer = 0;
    Storage storage = Storage::kF32;
    int64_t offset = 0;
    int64_t item_stride = 0;  // 0 where all rows share one item
    std::vector<int64_t> strides;
};

// Dense and from the start of the buffer; `batched` gives it an item stride.
[[nodiscard]] View dense_view(BufferId buffer, Storage storage, const Shape& item, bool batched);
[[nodiscard]] bool is_dense(const View& view, const Shape& item);
// Where in the buffer of the first row the item's element `index` (row-major) lies.
[[nodiscard]] int64_t element_offset(const View& view, const Shape& item, int64_t index);
// The view of `item` whose element e lies at offsets[e]; nothing where strides cannot say it.
[[nodiscard]] std::optional<View> affine_view(const View& like, const Shape& item,
                                              std::span<const int64_t> offsets);
// `view` of `from` seen as the larger `to` (numpy broadcasting).
[[nodiscard]] View broadcast_view(const View& view, const Shape& from, const Shape& to);

struct AxisStep {
    int64_t extent = 1;
    int64_t stride = 0;
};
// C text that gives the offset of row-major `index` over `axes` (outermost first): neighbours that
// advance evenly are one, extents are constants. The first axis has no upper end.
[[nodiscard]] std::string index_text(std::span<const AxisStep> axes, int64_t offset,
                                     const std::string& index);
// The same over all rows of a view: index counts elements of [rows, item].
[[nodiscard]] std::string index_text(const View& view, const Shape& item, const std::string& index);

}  // namespace facet::gpu
