// SPDX-License-Identifier: MIT
// Colour conversion in whole numbers, so that it rounds alike everywhere.
#include "elements/testsrc/pixel_writer.h"

#include <cstring>

namespace facet::drawing {
namespace {

constexpr int kOne = 1 << 16;

int fixed(double value) {
    return static_cast<int>(std::floor(value * kOne + 0.5));
}

void write_luma(const Canvas& canvas, const FrameTarget& target) {
    const auto [red, green, blue] = target.matrix.luma;
    const int offset = target.matrix.black * kOne + kOne / 2;
    for (int y = 0; y < canvas.height(); ++y) {
        const uint8_t* from = canvas.row(y);
        uint8_t* to = target.planes[0] + static_cast<ptrdiff_t>(y) * target.strides[0];
        for (int x = 0; x < canvas.width(); ++x) {
            const int sum = from[4 * x] * blue + from[4 * x + 1] * green + from[4 * x + 2] * red;
            to[x] = static_cast<uint8_t>((sum + offset) >> 16);
        }
    }
}

uint8_t chroma(const std::array<int, 3>& weights, int red, int green, int blue) {
    // The three are sums of four pixels.
    const int sum = red * weights[0] + green * weights[1] + blue * weights[2];
    const int value = (sum + 128 * 4 * kOne + 2 * kOne) >> 18;
    return static_cast<uint8_t>(std::clamp(value, 0, 255));
}

void write_chroma(const Canvas& canvas, const FrameTarget& target) {
    const bool interleaved = target.format == FrameFormat::kNv12;
    const int step = interleaved ? 2 : 1;
    const YuvMatrix matrix = target.matrix;
    for (int y = 0; y < (canvas.height() + 1) / 2; ++y) {
        const uint8_t* upper = canvas.row(2 * y);
        const uint8_t* lower = canvas.row(std::min(2 * y + 1, canvas.height() - 1));
        uint8_t* u = target.planes[1] + static_cast<ptrdiff_t>(y) * target.strides[1];
        uint8_t* v =
            interleaved ? u + 1 : target.planes[2] + static_cast<ptrdiff_t>(y) * target.strides[2];
        for (int x = 0; x < (canvas.width() + 1) / 2; ++x) {
            const int left = 8 * x;
            const int right = 4 * std::min(2 * x + 1, canvas.width() - 1);
            const auto sum = [&](int channel) {
                return upper[left + channel] + upper[right + channel] + lower[left + channel] +
                       lower[right + channel];
            };
            const int blue = sum(0);
            const int green = sum(1);
            const int red = sum(2);
            u[x * step] = chroma(matrix.blue, red, green, blue);
            v[x * step] = chroma(matrix.red, red, green, blue);
        }
    }
}

void write_rgb(const Canvas& canvas, const FrameTarget& target) {
    for (int y = 0; y < canvas.height(); ++y) {
        const uint8_t* from = canvas.row(y);
        uint8_t* to = target.planes[0] + static_cast<ptrdiff_t>(y) * target.strides[0];
        for (int x = 0; x < canvas.width(); ++x, from += 4, to += 3) {
            to[0] = from[2];
            to[1] = from[1];
            to[2] = from[0];
        }
    }
}

void write_bgrx(const Canvas& canvas, const FrameTarget& target) {
    const auto bytes = static_cast<size_t>(canvas.width()) * Canvas::kChannels;
    for (int y = 0; y < canvas.height(); ++y)
        std::memcpy(target.planes[0] + static_cast<ptrdiff_t>(y) * target.strides[0], canvas.row(y),
                    bytes);
}

}  // namespace

YuvMatrix YuvMatrix::from(double red_weight, double blue_weight, bool full_range) {
    const double green_weight = 1 - red_weight - blue_weight;
    const double luma = full_range ? 1.0 : 219.0 / 255;
    const double colour = full_range ? 0.5 : 112.0 / 255;
    const double blue = colour / (1 - blue_weight);
    const double red = colour / (1 - red_weight);
    YuvMatrix matrix{};
    matrix.luma = {fixed(luma * red_weight), fixed(luma * green_weight), fixed(luma * blue_weight)};
    matrix.blue = {fixed(-blue * red_weight), fixed(-blue * green_weight), fixed(colour)};
    matrix.red = {fixed(colour), fixed(-red * green_weight), fixed(-red * blue_weight)};
    matrix.black = full_range ? 0 : 16;
    return matrix;
}

void write_frame(const Canvas& canvas, const FrameTarget& target) {
    switch (target.format) {
        case FrameFormat::kNv12:
        case FrameFormat::kI420:
            write_luma(canvas, target);
            write_chroma(canvas, target);
            break;
        case FrameFormat::kRgb:
            write_rgb(canvas, target);
            break;
        case FrameFormat::kBgrx:
            write_bgrx(canvas, target);
            break;
    }
}

}  // namespace facet::drawing
