// SPDX-License-Identifier: MIT
// Where the components of a pixel lie in memory, for every PixelFormat. Private to vision.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>

#include "engine/vision/image_view.h"

namespace facet {

enum class ColorModel { kGray, kRgb, kYuv };

// One of R, G, B or Y, U, V: sample s of a row is byte `offset` + s * `step` of its plane's row.
struct ComponentLayout {
    int plane = 0;
    int offset = 0;
    int step = 1;
    int shift_x = 0;  // log2 of the luma pixels that one sample spans
};

// A plane's rows repeat a group of `group_bytes` bytes every `group_pixels` pixels.
struct PlaneLayout {
    int group_bytes = 1;
    int group_pixels = 1;
    int shift_y = 0;  // log2 of the luma rows that one row spans

    [[nodiscard]] int groups(int width) const { return (width + group_pixels - 1) / group_pixels; }
    [[nodiscard]] int row_bytes(int width) const { return groups(width) * group_bytes; }
    [[nodiscard]] int rows(int height) const { return (height + (1 << shift_y) - 1) >> shift_y; }
};

struct PixelLayout {
    ColorModel model = ColorModel::kGray;
    int plane_count = 1;
    std::array<PlaneLayout, 3> planes{};
    int component_count = 1;
    std::array<ComponentLayout, 3> components{};  // R, G, B or Y, U, V
};

[[nodiscard]] PixelLayout layout_of(PixelFormat format);

// Why the view cannot be read: a missing plane, a stride shorter than its row, no pixels.
[[nodiscard]] std::optional<std::string> fault_of(const ImageView& image);

}  // namespace facet
