// SPDX-License-Identifier: MIT
// Boxes from corner and edge images.
#include "elements/overlay/box_renderer.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace facet {
namespace {

constexpr int kOutline = 1;
constexpr double kOutlineAlpha = 0.55;
constexpr double kRadiusShare = 0.08;   // of the box's shorter side
constexpr int kLargestRadius = 16;      // times half the thickness
constexpr double kBracketShare = 0.24;  // of the box's shorter side
constexpr int kSamples = 4;             // per pixel and axis, for smooth corners

uint32_t premultiplied(uint32_t colour, double colour_cover, double dark_cover) {
    // The line lies over the outline; the outline is black, so it adds only to alpha.
    const auto channel = [&](int shift) {
        const double value = ((colour >> shift) & 0xff) * colour_cover;
        return static_cast<uint32_t>(std::lround(value)) << shift;
    };
    const double alpha = colour_cover + (dark_cover - colour_cover) * kOutlineAlpha;
    return static_cast<uint32_t>(std::lround(alpha * 255)) << 24 | channel(16) | channel(8) |
           channel(0);
}

// The upper left corner: pixels whose distance from the arc's centre puts them on the line.
Image draw_corner(const BoxStyle& style, int radius) {
    const int side = kOutline + radius;
    const double outer = radius, inner = radius - style.thickness;
    const auto share_between = [&](int column, int row, double low, double high) {
        int hits = 0;
        for (int sample = 0; sample < kSamples * kSamples; ++sample) {
            const double x = column + (sample % kSamples + 0.5) / kSamples - kOutline;
            const double y = row + (sample / kSamples + 0.5) / kSamples - kOutline;
            const double distance = std::hypot(radius - x, radius - y);
            if (distance >= low && distance < high) ++hits;
        }
        return static_cast<double>(hits) / (kSamples * kSamples);
    };
    Image image{side, side, {}};
    for (int row = 0; row < side; ++row)
        for (int column = 0; column < side; ++column)
            image.argb.push_back(
                premultiplied(style.colour, share_between(column, row, inner, outer),
                              share_between(column, row, inner - kOutline, outer + kOutline)));
    return image;
}

Image mirrored(const Image& image, bool left_right, bool up_down) {
    Image result = image;
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) {
            const int from_x = left_right ? image.width - 1 - x : x;
            const int from_y = up_down ? image.height - 1 - y : y;
            result.argb[y * image.width + x] = image.argb[from_y * image.width + from_x];
        }
    return result;
}

Image draw_edge(const BoxStyle& style, int length, bool vertical) {
    const int across = style.thickness + 2 * kOutline;
    Image image{vertical ? across : length, vertical ? length : across, {}};
    const uint32_t line = premultiplied(style.colour, 1, 1);
    const uint32_t outline = premultiplied(style.colour, 0, 1);
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) {
            const int depth = vertical ? x : y;
            const bool edge = depth < kOutline || depth >= across - kOutline;
            image.argb.push_back(edge ? outline : line);
        }
    return image;
}

std::string key_of(const char* what, const BoxStyle& style, int length, int variant) {
    return std::string(what) + ' ' + std::to_string(style.colour) + ' ' +
           std::to_string(style.thickness) + ' ' + std::to_string(length) + ' ' +
           std::to_string(variant);
}

int radius_of(const PixelRect& box, int thickness) {
    const int shorter = std::min(box.width, box.height);
    const int wanted = static_cast<int>(std::lround(shorter * kRadiusShare));
    return std::clamp(wanted, thickness + kOutline, kLargestRadius * thickness / 2);
}

int even_down(int number) {
    return number & ~1;
}

}  // namespace

PixelRect drawable_box(const PixelRect& box, int thickness, int frame_width, int frame_height) {
    // Room for two corners along each side.
    const int smallest = even_down(2 * (thickness + 2 * kOutline) + 3);
    const int margin = 2 * kOutline;
    const auto fit = [&](int start, int end, int limit) -> std::pair<int, int> {
        const int last = even_down(limit - kOutline);
        start = std::max(even_down(start), margin);
        end = std::min(even_down(end + 1), last);
        if (end - start < smallest) {
            start = std::clamp(even_down((start + end - smallest) / 2), margin,
                               std::max(last - smallest, margin));
            end = start + smallest;
        }
        if (end > last) return {0, 0};
        return {start, end - start};
    };
    const auto [x, width] = fit(box.x, box.right(), frame_width);
    const auto [y, height] = fit(box.y, box.bottom(), frame_height);
    if (width == 0 || height == 0) return {};
    return {x, y, width, height};
}

void append_box(const PixelRect& box, const BoxStyle& style, ImageCache& cache,
                std::vector<PlacedImage>& images) {
    const int radius = radius_of(box, style.thickness);
    const int corner = kOutline + radius;
    const int left = box.x - kOutline, top = box.y - kOutline;
    const int right = box.right() + kOutline, bottom = box.bottom() + kOutline;
    const int across = style.thickness + 2 * kOutline;
    for (int i = 0; i < 4; ++i) {
        const bool is_right = i & 1, is_bottom = i & 2;
        images.push_back(
            {cache.get(key_of("corner", style, radius, i),
                       [&] { return mirrored(draw_corner(style, radius), is_right, is_bottom); }),
             is_right ? right - corner : left, is_bottom ? bottom - corner : top});
    }
    const auto append_edge = [&](int x, int y, int length, bool vertical) {
        if (length <= 0) return;
        images.push_back({cache.get(key_of("edge", style, length, vertical),
                                    [&] { return draw_edge(style, length, vertical); }),
                          x, y});
    };
    const int arm = static_cast<int>(std::lround(std::min(box.width, box.height) * kBracketShare));
    const auto append_side = [&](int x, int y, int length, bool vertical) {
        if (!style.corners_only || 2 * (arm - radius) >= length)
            return append_edge(x, y, length, vertical);
        const int piece = arm - radius, rest = length - piece;
        append_edge(x, y, piece, vertical);
        append_edge(vertical ? x : x + rest, vertical ? y + rest : y, piece, vertical);
    };
    const int between_x = right - left - 2 * corner, between_y = bottom - top - 2 * corner;
    append_side(left + corner, top, between_x, false);
    append_side(left + corner, bottom - across, between_x, false);
    append_side(left, top + corner, between_y, true);
    append_side(right - across, top + corner, between_y, true);
}

}  // namespace facet
