// SPDX-License-Identifier: MIT
// ImageView: a borrowed video frame in its own pixel format.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace facet {

// Byte orders as GStreamer names them: kBgrx is B, G, R, unused in memory.
enum class PixelFormat {
    kGray8,
    kRgb,
    kBgr,
    kRgbx,
    kBgrx,
    kXrgb,
    kXbgr,  // also with alpha in place of x: alpha is ignored
    kI420,
    kYv12,  // three planes, chroma halved both ways; kYv12 has V before U
    kNv12,
    kNv21,  // luma plane, interleaved chroma plane
    kYuy2,
    kUyvy,  // packed 4:2:2
    kY444,  // three full planes
};
[[nodiscard]] std::string_view to_string(PixelFormat format);

enum class ColorMatrix { kBt601, kBt709, kBt2020 };
enum class ColorRange { kLimited, kFull };  // 16..235 against 0..255

// Valid while the frame stays mapped. Strides in bytes. planes/strides in the format's own plane
// order (I420: Y, U, V; YV12: Y, V, U).
struct ImageView {
    PixelFormat format = PixelFormat::kBgr;
    int width = 0, height = 0;  // pixels; odd sizes round chroma up
    std::array<const uint8_t*, 4> planes{};
    std::array<int, 4> strides{};
    ColorMatrix matrix = ColorMatrix::kBt601;
    ColorRange range = ColorRange::kLimited;
};

// Pixels, top left origin; may reach beyond the frame until clipped.
struct Rect {
    float x = 0, y = 0, width = 0, height = 0;
};
// No coordinate is NaN or infinite.
[[nodiscard]] bool is_finite(const Rect& rect);
// The part inside the frame: empty (width or height 0) when none is, or when it is not finite.
[[nodiscard]] Rect clip(const Rect& rect, int frame_width, int frame_height);
// Grown by `factor` (1 = unchanged) about its centre.
[[nodiscard]] Rect scale_about_center(const Rect& rect, float factor);
// Intersection over union, 0..1.
[[nodiscard]] float intersection_over_union(const Rect& a, const Rect& b);

}  // namespace facet
