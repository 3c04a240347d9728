// SPDX-License-Identifier: MIT
// Colour conversion of one row at the model's size, in float: it is small, and nothing is rounded
// twice.
#include "engine/vision/color_convert.h"

#include <algorithm>

namespace facet {
namespace {

uint8_t to_byte(float value) {
    return static_cast<uint8_t>(static_cast<int>(std::min(std::max(value, 0.0f), 255.0f) + 0.5f));
}

void yuv_to_rgb(const YuvCoefficients& c, const ComponentRows& rows, int width) {
    float* __restrict y_red = rows[0];
    float* __restrict u_green = rows[1];
    float* __restrict v_blue = rows[2];
    for (int x = 0; x < width; ++x) {
        const float luma = (y_red[x] - c.black) * c.luma;
        const float u = u_green[x] - 128.0f;
        const float v = v_blue[x] - 128.0f;
        y_red[x] = luma + c.red_v * v;
        u_green[x] = luma + c.green_u * u + c.green_v * v;
        v_blue[x] = luma + c.blue_u * u;
    }
}

void write_gray(ColorModel model, const YuvCoefficients& c, const ComponentRows& rows, int width,
                uint8_t* out) {
    for (int x = 0; x < width; ++x) {
        if (model == ColorModel::kRgb)
            out[x] = to_byte(0.299f * rows[0][x] + 0.587f * rows[1][x] + 0.114f * rows[2][x]);
        else if (model == ColorModel::kYuv)
            out[x] = to_byte((rows[0][x] - c.black) * c.luma);
        else
            out[x] = to_byte(rows[0][x]);
    }
}

void interleave(const float* first, const float* second, const float* third, int width,
                uint8_t* out) {
    for (int x = 0; x < width; ++x, out += 3) {
        out[0] = to_byte(first[x]);
        out[1] = to_byte(second[x]);
        out[2] = to_byte(third[x]);
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

void write_row(ColorModel model, const YuvCoefficients& coefficients, const ComponentRows& rows,
               int width, ColorOrder order, uint8_t* out) {
    if (order == ColorOrder::kGray) return write_gray(model, coefficients, rows, width, out);
    if (model == ColorModel::kGray) return interleave(rows[0], rows[0], rows[0], width, out);
    if (model == ColorModel::kYuv) yuv_to_rgb(coefficients, rows, width);
    const bool red_first = order == ColorOrder::kRgb;
    interleave(rows[red_first ? 0 : 2], rows[1], rows[red_first ? 2 : 0], width, out);
}

}  // namespace facet
