// SPDX-License-Identifier: MIT
// Signed distances and coverages of the few shapes that faces and rooms are drawn with.
//
// Distances are negative inside. `pixel` is the size of a pixel in the drawing's units. All pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace facet::drawing {

[[nodiscard]] inline float unit_clamp(float value) {
    return std::clamp(value, 0.0F, 1.0F);
}

// 0 below `low`, 1 above `high`, smooth between.
[[nodiscard]] inline float smooth_step(float low, float high, float value) {
    const float t = unit_clamp((value - low) / (high - low));
    return t * t * (3.0F - 2.0F * t);
}

[[nodiscard]] inline float lerp(float a, float b, float t) {
    return a + (b - a) * t;
}

// How much of a pixel lies inside an edge at `distance`.
[[nodiscard]] inline float coverage(float distance, float pixel) {
    return unit_clamp(0.5F - distance / pixel);
}

// Of a line of half width `half`, `distance` from its middle; right for lines thinner than a pixel.
[[nodiscard]] inline float line_coverage(float distance, float half, float pixel) {
    return coverage(distance - half, pixel) - coverage(distance + half, pixel);
}

[[nodiscard]] inline float ellipse(float x, float y, float half_width, float half_height) {
    const float a = x / half_width;
    const float b = y / half_height;
    const float k = std::sqrt(a * a + b * b);
    const float u = a / half_width;
    const float v = b / half_height;
    const float gradient = std::sqrt(u * u + v * v);
    if (gradient < 1e-6F) return -std::min(half_width, half_height);
    return k * (k - 1.0F) / gradient;
}

// Between an ellipse and a box: the outline of a skull.
[[nodiscard]] inline float dome(float x, float y, float half_width, float half_height) {
    constexpr float kBoxy = 0.38F;
    const float u = x / half_width;
    const float v = y / half_height;
    const float u2 = u * u;
    const float v2 = v * v;
    const float value = (u2 + v2) * (1.0F - kBoxy) + (u2 * u2 + v2 * v2) * kBoxy - 1.0F;
    const float du = u * (2.0F * (1.0F - kBoxy) + 4.0F * u2 * kBoxy) / half_width;
    const float dv = v * (2.0F * (1.0F - kBoxy) + 4.0F * v2 * kBoxy) / half_height;
    return value / std::max(std::sqrt(du * du + dv * dv), 0.5F);
}

[[nodiscard]] inline float rounded_box(float x, float y, float half_width, float half_height,
                                       float radius) {
    const float dx = std::fabs(x) - half_width + radius;
    const float dy = std::fabs(y) - half_height + radius;
    const float ox = std::max(dx, 0.0F);
    const float oy = std::max(dy, 0.0F);
    return std::sqrt(ox * ox + oy * oy) + std::min(std::max(dx, dy), 0.0F) - radius;
}

[[nodiscard]] inline float capsule(float x, float y, float x0, float y0, float x1, float y1,
                                   float radius) {
    const float along_x = x1 - x0;
    const float along_y = y1 - y0;
    const float length = along_x * along_x + along_y * along_y;
    const float t = unit_clamp(((x - x0) * along_x + (y - y0) * along_y) / length);
    const float dx = x - x0 - along_x * t;
    const float dy = y - y0 - along_y * t;
    return std::sqrt(dx * dx + dy * dy) - radius;
}

// 1 in the middle of a soft spot, 0 from its rim on.
[[nodiscard]] inline float soft_spot(float x, float y, float half_width, float half_height) {
    const float a = x / half_width;
    const float b = y / half_height;
    const float rest = std::max(1.0F - a * a - b * b, 0.0F);
    return rest * rest;
}

// A line bent like a bow around (x, y): the tips lie `half_length` away and `rise` below its
// middle (above, when negative), the right one `slope` lower than the left by twice its value.
struct Arc {
    float x = 0, y = 0;
    float half_length = 1;
    float rise = 0;
    float slope = 0;
    float half_width = 0.01F;
    float taper = 0.7F;  // share of the width that is lost at the tips
};

[[nodiscard]] inline float arc_coverage(const Arc& arc, float x, float y, float pixel) {
    const float t = (x - arc.x) / arc.half_length;
    const float beyond = (std::fabs(t) - 1.0F) * arc.half_length;
    if (beyond > pixel) return 0;
    const float middle = arc.y + arc.rise * t * t + arc.slope * t;
    const float incline = (2.0F * arc.rise * t + arc.slope) / arc.half_length;
    const float distance = std::fabs(y - middle) / std::sqrt(1.0F + incline * incline);
    const float half = arc.half_width * (1.0F - arc.taper * std::min(t * t, 1.0F));
    return line_coverage(distance, half, pixel) * coverage(beyond, pixel);
}

// Smooth noise in -1..1 on a lattice of step 1; `salt` chooses among patterns.
[[nodiscard]] inline float lattice(int x, int y, uint32_t salt) {
    uint32_t h = static_cast<uint32_t>(x) * 0x85EBCA6BU ^ static_cast<uint32_t>(y) * 0xC2B2AE35U ^
                 salt * 0x27D4EB2FU;
    h = (h ^ (h >> 15U)) * 0x2C1B3C6DU;
    h = (h ^ (h >> 12U)) * 0x297A2D39U;
    h ^= h >> 15U;
    return static_cast<float>(h >> 8U) * (2.0F / 16777216.0F) - 1.0F;
}

[[nodiscard]] inline float noise(float x, float y, uint32_t salt) {
    const float fx = std::floor(x);
    const float fy = std::floor(y);
    const int ix = static_cast<int>(fx);
    const int iy = static_cast<int>(fy);
    const float tx = (x - fx) * (x - fx) * (3.0F - 2.0F * (x - fx));
    const float ty = (y - fy) * (y - fy) * (3.0F - 2.0F * (y - fy));
    const float top = lerp(lattice(ix, iy, salt), lattice(ix + 1, iy, salt), tx);
    const float bottom = lerp(lattice(ix, iy + 1, salt), lattice(ix + 1, iy + 1, salt), tx);
    return lerp(top, bottom, ty);
}

}  // namespace facet::drawing
