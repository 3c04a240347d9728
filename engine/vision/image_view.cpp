// SPDX-License-Identifier: MIT
// Rectangle arithmetic and the names of the pixel formats.
#include "engine/vision/image_view.h"

#include <algorithm>
#include <cmath>

namespace facet {

std::string_view to_string(PixelFormat format) {
    switch (format) {
        case PixelFormat::kGray8:
            return "GRAY8";
        case PixelFormat::kRgb:
            return "RGB";
        case PixelFormat::kBgr:
            return "BGR";
        case PixelFormat::kRgbx:
            return "RGBx";
        case PixelFormat::kBgrx:
            return "BGRx";
        case PixelFormat::kXrgb:
            return "xRGB";
        case PixelFormat::kXbgr:
            return "xBGR";
        case PixelFormat::kI420:
            return "I420";
        case PixelFormat::kYv12:
            return "YV12";
        case PixelFormat::kNv12:
            return "NV12";
        case PixelFormat::kNv21:
            return "NV21";
        case PixelFormat::kYuy2:
            return "YUY2";
        case PixelFormat::kUyvy:
            return "UYVY";
        case PixelFormat::kY444:
            return "Y444";
    }
    return "unknown";
}

bool is_finite(const Rect& rect) {
    return std::isfinite(rect.x) && std::isfinite(rect.y) && std::isfinite(rect.width) &&
           std::isfinite(rect.height);
}

Rect clip(const Rect& rect, int frame_width, int frame_height) {
    if (!is_finite(rect)) return {};
    const auto right_limit = static_cast<float>(frame_width);
    const auto bottom_limit = static_cast<float>(frame_height);
    const float left = std::clamp(rect.x, 0.0f, right_limit);
    const float top = std::clamp(rect.y, 0.0f, bottom_limit);
    const float right = std::clamp(rect.x + rect.width, left, right_limit);
    const float bottom = std::clamp(rect.y + rect.height, top, bottom_limit);
    return {left, top, right - left, bottom - top};
}

Rect scale_about_center(const Rect& rect, float factor) {
    const float width = rect.width * factor;
    const float height = rect.height * factor;
    return {rect.x + (rect.width - width) / 2, rect.y + (rect.height - height) / 2, width, height};
}

float intersection_over_union(const Rect& a, const Rect& b) {
    const float width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
    const float height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
    // Written so that a NaN ends here too.
    if (!(width > 0 && height > 0)) return 0;
    const float both = width * height;
    return both / (a.width * a.height + b.width * b.height - both);
}

}  // namespace facet
