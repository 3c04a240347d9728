// SPDX-License-Identifier: MIT
// A canvas out into a video frame's planes: NV12, I420, RGB or BGRx.
#pragma once

#include <array>
#include <cstdint>

#include "elements/testsrc/canvas.h"

namespace facet::drawing {

enum class FrameFormat { kNv12, kI420, kRgb, kBgrx };

// R'G'B' to Y'CbCr in 16 binary places, for 8-bit samples.
struct YuvMatrix {
    std::array<int, 3> luma, blue, red;  // weights of R, G, B
    int black = 16;
    // From the weights of red and blue in luma: 0.299, 0.114 in BT.601, 0.2126, 0.0722 in BT.709.
    [[nodiscard]] static YuvMatrix from(double red_weight, double blue_weight, bool full_range);
};

struct FrameTarget {
    FrameFormat format = FrameFormat::kI420;
    std::array<uint8_t*, 3> planes{};  // in the format's order; sizes as the canvas's,
    std::array<int, 3> strides{};      // chroma halved and rounded up
    YuvMatrix matrix = YuvMatrix::from(0.299, 0.114, false);  // of NV12 and I420
};

void write_frame(const Canvas& canvas, const FrameTarget& target);

}  // namespace facet::drawing
