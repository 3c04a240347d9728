// SPDX-License-Identifier: MIT
// Resampled components -> bytes of colour or grey. Private to vision.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/vision/image_view.h"
#include "engine/vision/resample.h"

namespace facet {

// Y'CbCr -> R'G'B' of 8 bits: Y is stretched about its black level, then Cb and Cr, taken from 128,
// are added. Source: ITU-R BT.601-7, BT.709-6, BT.2020-2, quantisation of 8 bits.
struct YuvCoefficients {
    float black, luma;  // Y' = (Y - black) * luma
    float red_v, green_u, green_v, blue_u;
};
[[nodiscard]] YuvCoefficients yuv_coefficients(ColorMatrix matrix, ColorRange range);

// All of `count` values; reentrant.

// Values that are the bytes wanted, but for rounding.
void to_bytes(const Fixed* values, size_t count, uint8_t* bytes);
void yuv_to_rgb(const YuvCoefficients& coefficients, const std::array<const Fixed*, 3>& yuv,
                size_t count, const std::array<uint8_t*, 3>& rgb);
void yuv_to_gray(const YuvCoefficients& coefficients, const Fixed* luma, size_t count,
                 uint8_t* gray);
void rgb_to_gray(const std::array<const Fixed*, 3>& rgb, size_t count, uint8_t* gray);

}  // namespace facet
