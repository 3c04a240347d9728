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
// (INTER_AREA) beyond; an edge between pixels weighs the pixels it cuts. Y, U and V are resampled
// each on its own and the small image is converted: subsampled chroma is so interpolated linearly,
// as if sited midway between its luma samples (MPEG-2's left siting is a quarter of a chroma sample
// off). Grey out of YUV is its Y, spread to 0..255; grey out of RGB is BT.601 luma; the matrix and
// range of GRAY8 and RGB frames are not looked at. Only the region is read. `out` holds
// spec.byte_size() bytes. kInvalidArgument when less than one pixel of the region lies inside, when
// it is not finite, when a plane is missing or its stride too short, and when `out` has another
// size. Thread-safe; scratch memory is per thread.
[[nodiscard]] Result<void> crop(const ImageView& image, const Rect& region, const CropSpec& spec,
                                std::span<uint8_t> out);

}  // namespace facet
