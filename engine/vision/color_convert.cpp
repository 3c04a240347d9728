// SPDX-License-Identifier: MIT
// Colour conversion at the model's size, in 16 bits: it is small, and nothing is rounded to bytes
// before.
#include "engine/vision/color_convert.h"

#include <algorithm>

#include "engine/base/multiversion.h"

namespace facet {
namespace {

constexpr int kOne = 1 << kFractionBits;

// Of scaled(), for values that carry one or two bits more than Fixed.
int16_t factor_of_double(float factor) {
    return static_cast<int16_t>(factor * (1 << 14) + (factor < 0 ? -0.5f : 0.5f));
}
int16_t factor_of_fourfold(float factor) {
    return static_cast<int16_t>(factor * (1 << 13) + (factor < 0 ? -0.5f : 0.5f));
}

// `value` is a Fixed less 128 of its units, and may be far out of range.
inline uint8_t centred_byte(int16_t value) {
    int16_t byte = static_cast<int16_t>(value >> kFractionBits);
    byte = byte < -128 ? int16_t{-128} : byte;
    byte = byte > 127 ? int16_t{127} : byte;
    return static_cast<uint8_t>(byte + 128);
}

// Centred, luma and what chroma adds stay below 2^15 whatever the three samples are.
FACET_MULTIVERSION_WORDS
void convert_yuv(const YuvCoefficients& coefficients, const Fixed* __restrict y_values,
                 const Fixed* __restrict u_values, const Fixed* __restrict v_values, size_t count,
                 uint8_t* __restrict red, uint8_t* __restrict green, uint8_t* __restrict blue) {
    const int16_t black = static_cast<int16_t>(coefficients.black * kOne);
    const int16_t luma_factor = factor_of_double(coefficients.luma);
    const int16_t red_v = factor_of_fourfold(coefficients.red_v);
    const int16_t green_u = factor_of_fourfold(coefficients.green_u);
    const int16_t green_v = factor_of_fourfold(coefficients.green_v);
    const int16_t blue_u = factor_of_fourfold(coefficients.blue_u);
    constexpr int16_t kCentre = 128 * kOne;
    for (size_t i = 0; i < count; ++i) {
        const int16_t stretched =
            scaled(static_cast<int16_t>((y_values[i] - black) * 2), luma_factor);
        const int16_t luma = static_cast<int16_t>(stretched - kCentre + kOne / 2);
        const int16_t u = static_cast<int16_t>((u_values[i] - kCentre) * 4);
        const int16_t v = static_cast<int16_t>((v_values[i] - kCentre) * 4);
        const int16_t green_chroma = static_cast<int16_t>(scaled(u, green_u) + scaled(v, green_v));
        red[i] = centred_byte(static_cast<int16_t>(luma + scaled(v, red_v)));
        green[i] = centred_byte(static_cast<int16_t>(luma + green_chroma));
        blue[i] = centred_byte(static_cast<int16_t>(luma + scaled(u, blue_u)));
    }
}

}  // namespace

YuvCoefficients yuv_coefficients(ColorMatrix matrix, ColorRange range) {
    float red = 0.299f, blue = 0.114f;
    if (matrix == ColorMatrix::kBt709) red = 0.2126f, blue = 0.0722f;
    if (matrix == ColorMatrix::kBt2020) red = 0.2627f, blue = 0.0593f;
    const float green = 1 - red - blue;
    const bool limited = range == ColorRange::kLimited;
    const float chroma = limited ? 255.0f / 224.0f : 1.0f;
    return {.black = limited ? 16.0f : 0.0f,
            .luma = limited ? 255.0f / 219.0f : 1.0f,
            .red_v = 2 * (1 - red) * chroma,
            .green_u = -2 * (1 - blue) * blue / green * chroma,
            .green_v = -2 * (1 - red) * red / green * chroma,
            .blue_u = 2 * (1 - blue) * chroma};
}

FACET_MULTIVERSION_WORDS
void to_bytes(const Fixed* __restrict values, size_t count, uint8_t* __restrict bytes) {
    for (size_t i = 0; i < count; ++i)
        bytes[i] = static_cast<uint8_t>((values[i] + kOne / 2) >> kFractionBits);
}

void yuv_to_rgb(const YuvCoefficients& coefficients, const std::array<const Fixed*, 3>& yuv,
                size_t count, const std::array<uint8_t*, 3>& rgb) {
    convert_yuv(coefficients, yuv[0], yuv[1], yuv[2], count, rgb[0], rgb[1], rgb[2]);
}

FACET_MULTIVERSION_WORDS
void yuv_to_gray(const YuvCoefficients& coefficients, const Fixed* __restrict luma, size_t count,
                 uint8_t* __restrict gray) {
    const int16_t black = static_cast<int16_t>(coefficients.black * kOne);
    const int16_t factor = factor_of_double(coefficients.luma);
    constexpr int16_t kCentre = 128 * kOne;
    for (size_t i = 0; i < count; ++i) {
        const int16_t stretched = scaled(static_cast<int16_t>((luma[i] - black) * 2), factor);
        gray[i] = centred_byte(static_cast<int16_t>(stretched - kCentre + kOne / 2));
    }
}

FACET_MULTIVERSION_WORDS
void rgb_to_gray(const std::array<const Fixed*, 3>& rgb, size_t count, uint8_t* __restrict gray) {
    const Fixed* __restrict red = rgb[0];
    const Fixed* __restrict green = rgb[1];
    const Fixed* __restrict blue = rgb[2];
    // Of 2^15; their sum is that. Source: ITU-R BT.601-7.
    constexpr int16_t kRed = 9798, kGreen = 19235, kBlue = 3735;
    for (size_t i = 0; i < count; ++i) {
        const int16_t doubled =
            static_cast<int16_t>(scaled(static_cast<int16_t>(red[i] * 2), kRed) +
                                 scaled(static_cast<int16_t>(green[i] * 2), kGreen) +
                                 scaled(static_cast<int16_t>(blue[i] * 2), kBlue));
        gray[i] = static_cast<uint8_t>((doubled + kOne) >> (kFractionBits + 1));
    }
}

}  // namespace facet
