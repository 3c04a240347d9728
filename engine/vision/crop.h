// SPDX-License-Identifier: MIT
// crop(): a region of a frame, in the frame's own pixel format, to a u8 image of a model's size.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/result.h"
#include "engine/vision/image_view.h"

namespace facet {

enum class ColorOrder { kBgr, kRgb, kGray };

// What a model takes: interleaved u8 [height, width, channels].
struct CropSpec {
    int width = 0, height = 0;
    ColorOrder order = ColorOrder::kBgr;

    [[nodiscard]] int channels() const { return order == ColorOrder::kGray ? 1 : 3; }
    [[nodiscard]] size_t byte_size() const {
        return static_cast<size_t>(width) * height * channels();
    }
    friend bool operator==(const CropSpec&, const CropSpec&) = default;
};

// Resizes the part of `region` that lies inside the frame to spec's size, whatever its aspect ratio
// (as the Open Model Zoo's demos do). Interpolation: bilinear with pixel centres at +0.5 (as
// OpenCV's INTER_LINEAR) where an axis is enlarged or shrunk by less than 2, area average
// (INTER_AREA) beyond. Only the region is read and converted. `out` holds spec.byte_size() bytes.
// kInvalidArgument when less than one pixel of the region lies inside. Thread-safe; scratch memory
// is per thread.
[[nodiscard]] Result<void> crop(const ImageView& image, const Rect& region, const CropSpec& spec,
                                std::span<uint8_t> out);

}  // namespace facet
