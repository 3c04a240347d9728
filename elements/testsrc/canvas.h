// SPDX-License-Identifier: MIT
// A raster of 8-bit BGRx pixels and the one way to draw on it: a shader run over a placed box.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace facet::drawing {

// Each channel 0..255, not linear light: what is written is what is meant.
struct Colour {
    float red = 0, green = 0, blue = 0;
};
[[nodiscard]] inline Colour operator*(Colour c, float k) {
    return {c.red * k, c.green * k, c.blue * k};
}
[[nodiscard]] inline Colour mixed(Colour a, Colour b, float share_of_b) {
    return {a.red + (b.red - a.red) * share_of_b, a.green + (b.green - a.green) * share_of_b,
            a.blue + (b.blue - a.blue) * share_of_b};
}

// What a shader answers for one point; alpha 0: nothing is drawn.
struct Ink {
    Colour colour;
    float alpha = 0;
};

struct Box {
    float left = 0, top = 0, right = 0, bottom = 0;
};

// Where a drawing's own coordinates lie on the canvas: its origin in pixels, the pixels of one of
// its units, and how it is turned (clockwise).
struct Placement {
    float x = 0, y = 0;
    float scale = 1;
    float cosine = 1, sine = 0;
    [[nodiscard]] float pixel() const { return 1.0F / scale; }  // a pixel in the drawing's units
};

// Canvas pixels a placed box can touch, not clipped.
[[nodiscard]] Box covered(const Placement& placement, const Box& box);

class Canvas {
  public:
    static constexpr int kChannels = 4;

    Canvas() = default;
    // Black. Precondition: width, height > 0.
    Canvas(int width, int height)
        : width_(width),
          height_(height),
          pixels_(static_cast<size_t>(width) * static_cast<size_t>(height) * kChannels) {}

    [[nodiscard]] int width() const { return width_; }
    [[nodiscard]] int height() const { return height_; }
    [[nodiscard]] uint8_t* row(int y) {
        return pixels_.data() + static_cast<size_t>(y) * static_cast<size_t>(width_) * kChannels;
    }
    [[nodiscard]] const uint8_t* row(int y) const { return const_cast<Canvas*>(this)->row(y); }

    // Runs `shade(x, y) -> Ink`, in the drawing's coordinates, at the centre of every pixel that
    // the placed box touches, and blends what it answers.
    template <typename Shade>
    void paint(const Placement& placement, const Box& box, Shade shade);

  private:
    static float lerp_to(float from, float to, float share) { return from + (to - from) * share; }
    static void blend(uint8_t* pixel, const Ink& ink) {
        const float alpha = std::min(ink.alpha, 1.0F);
        const auto channel = [alpha](uint8_t under, float over) {
            const float value =
                alpha >= 1.0F ? over : lerp_to(static_cast<float>(under), over, alpha);
            return static_cast<uint8_t>(static_cast<int>(std::clamp(value + 0.5F, 0.0F, 255.0F)));
        };
        pixel[0] = channel(pixel[0], ink.colour.blue);
        pixel[1] = channel(pixel[1], ink.colour.green);
        pixel[2] = channel(pixel[2], ink.colour.red);
    }

    int width_ = 0, height_ = 0;
    std::vector<uint8_t> pixels_;
};

template <typename Shade>
void Canvas::paint(const Placement& placement, const Box& box, Shade shade) {
    const Box area = covered(placement, box);
    const int left = static_cast<int>(std::clamp(area.left, 0.0F, static_cast<float>(width_)));
    const int right = static_cast<int>(std::clamp(area.right, 0.0F, static_cast<float>(width_)));
    const int top = static_cast<int>(std::clamp(area.top, 0.0F, static_cast<float>(height_)));
    const int bottom = static_cast<int>(std::clamp(area.bottom, 0.0F, static_cast<float>(height_)));
    const float unit = placement.pixel();
    const float across = placement.cosine * unit;
    const float down = placement.sine * unit;
    for (int y = top; y < bottom; ++y) {
        uint8_t* pixel = row(y) + static_cast<ptrdiff_t>(left) * kChannels;
        const float dy = static_cast<float>(y) + 0.5F - placement.y;
        for (int x = left; x < right; ++x, pixel += kChannels) {
            const float dx = static_cast<float>(x) + 0.5F - placement.x;
            const float local_x = dx * across + dy * down;
            const float local_y = dy * across - dx * down;
            if (local_x < box.left || local_x > box.right || local_y < box.top ||
                local_y > box.bottom)
                continue;
            const Ink ink = shade(local_x, local_y);
            if (ink.alpha > 0) blend(pixel, ink);
        }
    }
}

}  // namespace facet::drawing
