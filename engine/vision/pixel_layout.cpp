// SPDX-License-Identifier: MIT
// The table of pixel formats.
#include "engine/vision/pixel_layout.h"

namespace facet {
namespace {

PixelLayout packed_rgb(int bytes, int red, int green, int blue) {
    return {ColorModel::kRgb,
            1,
            {{{bytes, 1, 0}}},
            3,
            {{{0, red, bytes, 0}, {0, green, bytes, 0}, {0, blue, bytes, 0}}}};
}

PixelLayout packed_422(int luma, int u, int v) {
    return {ColorModel::kYuv, 1, {{{4, 2, 0}}}, 3, {{{0, luma, 2, 0}, {0, u, 4, 1}, {0, v, 4, 1}}}};
}

PixelLayout planar_420(int u_plane, int v_plane) {
    return {ColorModel::kYuv,
            3,
            {{{1, 1, 0}, {1, 2, 1}, {1, 2, 1}}},
            3,
            {{{0, 0, 1, 0}, {u_plane, 0, 1, 1}, {v_plane, 0, 1, 1}}}};
}

PixelLayout semi_planar_420(int u, int v) {
    return {ColorModel::kYuv,
            2,
            {{{1, 1, 0}, {2, 2, 1}}},
            3,
            {{{0, 0, 1, 0}, {1, u, 2, 1}, {1, v, 2, 1}}}};
}

}  // namespace

PixelLayout layout_of(PixelFormat format) {
    switch (format) {
        case PixelFormat::kGray8:
            break;
        case PixelFormat::kRgb:
            return packed_rgb(3, 0, 1, 2);
        case PixelFormat::kBgr:
            return packed_rgb(3, 2, 1, 0);
        case PixelFormat::kRgbx:
            return packed_rgb(4, 0, 1, 2);
        case PixelFormat::kBgrx:
            return packed_rgb(4, 2, 1, 0);
        case PixelFormat::kXrgb:
            return packed_rgb(4, 1, 2, 3);
        case PixelFormat::kXbgr:
            return packed_rgb(4, 3, 2, 1);
        case PixelFormat::kI420:
            return planar_420(1, 2);
        case PixelFormat::kYv12:
            return planar_420(2, 1);
        case PixelFormat::kNv12:
            return semi_planar_420(0, 1);
        case PixelFormat::kNv21:
            return semi_planar_420(1, 0);
        case PixelFormat::kYuy2:
            return packed_422(0, 1, 3);
        case PixelFormat::kUyvy:
            return packed_422(1, 0, 2);
        case PixelFormat::kY444:
            return {ColorModel::kYuv,
                    3,
                    {{{1, 1, 0}, {1, 1, 0}, {1, 1, 0}}},
                    3,
                    {{{0, 0, 1, 0}, {1, 0, 1, 0}, {2, 0, 1, 0}}}};
    }
    return {};
}

std::optional<std::string> fault_of(const ImageView& image) {
    const std::string format(to_string(image.format));
    if (image.width < 1 || image.height < 1)
        return format + " image of " + std::to_string(image.width) + "x" +
               std::to_string(image.height) + " has no pixels";
    const PixelLayout layout = layout_of(image.format);
    for (int p = 0; p < layout.plane_count; ++p) {
        if (image.planes[p] == nullptr) return format + " image lacks plane " + std::to_string(p);
        const int least = layout.planes[p].row_bytes(image.width);
        if (image.strides[p] < least)
            return format + " image: stride " + std::to_string(image.strides[p]) + " of plane " +
                   std::to_string(p) + " is less than its row of " + std::to_string(least) +
                   " bytes";
    }
    return std::nullopt;
}

}  // namespace facet
