// SPDX-License-Identifier: MIT
// Resampled components -> packed u8 pixels. Private to vision.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/vision/crop.h"
#include "engine/vision/image_view.h"
#include "engine/vision/pixel_layout.h"

namespace facet {

// Y'CbCr -> R'G'B' of 8 bits: Y is stretched about its black level, then Cb and Cr, taken from 128,
// are added. Source: ITU-R BT.601-7, BT.709-6, BT.2020-2, quantisation of 8 bits.
struct YuvCoefficients {
    float black, luma;  // Y' = (Y - black) * luma
    float red_v, green_u, green_v, blue_u;
};
[[nodiscard]] YuvCoefficients yuv_coefficients(ColorMatrix matrix, ColorRange range);

// `count` values each: R, G, B or Y, U, V or grey alone (then the others may be null). For a grey
// model only Y is read of YUV components.
using Components = std::array<const float*, 3>;

// Each pixel's bytes in the order that `order` names, the first one lowest. Reentrant.
void pack_pixels(ColorModel model, const YuvCoefficients& coefficients,
                 const Components& components, size_t count, ColorOrder order, uint32_t* pixels);

}  // namespace facet
