// SPDX-License-Identifier: MIT
// Colour conversion at the model's size, in float: it is small, and nothing is rounded twice.
#include "engine/vision/color_convert.h"

#include <algorithm>

#include "engine/base/multiversion.h"

namespace facet {
namespace {

inline uint32_t to_byte(float value) {
    return static_cast<uint32_t>(static_cast<int>(std::min(std::max(value, 0.0f), 255.0f) + 0.5f));
}

FACET_MULTIVERSION
void pack_yuv(const YuvCoefficients& coefficients, const float* __restrict y_values,
              const float* __restrict u_values, const float* __restrict v_values, size_t count,
              bool red_first, uint32_t* __restrict pixels) {
    const YuvCoefficients c = coefficients;
    const int red_shift = red_first ? 0 : 16, blue_shift = red_first ? 16 : 0;
    for (size_t i = 0; i < count; ++i) {
        const float luma = (y_values[i] - c.black) * c.luma;
        const float u = u_values[i] - 128.0f;
        const float v = v_values[i] - 128.0f;
        pixels[i] = to_byte(luma + c.red_v * v) << red_shift |
                    to_byte(luma + c.green_u * u + c.green_v * v) << 8 |
                    to_byte(luma + c.blue_u * u) << blue_shift;
    }
}

FACET_MULTIVERSION
void pack_rgb(const float* __restrict first, const float* __restrict second,
              const float* __restrict third, size_t count, uint32_t* __restrict pixels) {
    for (size_t i = 0; i < count; ++i)
        pixels[i] = to_byte(first[i]) | to_byte(second[i]) << 8 | to_byte(third[i]) << 16;
}

FACET_MULTIVERSION
void gray_of_rgb(const float* __restrict red, const float* __restrict green,
                 const float* __restrict blue, size_t count, uint32_t* __restrict pixels) {
    for (size_t i = 0; i < count; ++i)
        pixels[i] = to_byte(0.299f * red[i] + 0.587f * green[i] + 0.114f * blue[i]);
}

FACET_MULTIVERSION
void gray_of_luma(float black, float scale, const float* __restrict luma, size_t count,
                  uint32_t* __restrict pixels) {
    for (size_t i = 0; i < count; ++i) pixels[i] = to_byte((luma[i] - black) * scale);
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

void pack_pixels(ColorModel model, const YuvCoefficients& coefficients,
                 const Components& components, size_t count, ColorOrder order, uint32_t* pixels) {
    const auto& [first, second, third] = components;
    const bool gray = order == ColorOrder::kGray, red_first = order == ColorOrder::kRgb;
    if (model == ColorModel::kYuv) {
        if (gray) return gray_of_luma(coefficients.black, coefficients.luma, first, count, pixels);
        return pack_yuv(coefficients, first, second, third, count, red_first, pixels);
    }
    if (model == ColorModel::kGray) {
        if (gray) return gray_of_luma(0, 1, first, count, pixels);
        return pack_rgb(first, first, first, count, pixels);
    }
    if (gray) return gray_of_rgb(first, second, third, count, pixels);
    pack_rgb(red_first ? first : third, second, red_first ? third : first, count, pixels);
}

}  // namespace facet
