// SPDX-License-Identifier: MIT
// Draws label plates with Pango and Cairo.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "elements/overlay/face_label.h"
#include "elements/overlay/image.h"

namespace facet {

struct PlateStyle {
    uint32_t accent = 0;  // 0xRRGGBB
    bool filled = false;  // dark words on the accent colour; else light words on translucent black
    int font_pixels = 0;  // height of the font
};

// Thread-bound. Width and height of the images are even.
class PlateRenderer {
  public:
    // A Pango font description; its size, where it has one, is ignored here.
    explicit PlateRenderer(const std::string& font);
    ~PlateRenderer();
    PlateRenderer(const PlateRenderer&) = delete;
    PlateRenderer& operator=(const PlateRenderer&) = delete;

    [[nodiscard]] Image draw(std::span<const LabelLine> label, const PlateStyle& style) const;

  private:
    struct Pango;
    std::unique_ptr<Pango> pango_;
};

// The size in pixels that a font description asks for (points at 96 dpi), or 0: none.
[[nodiscard]] int font_pixels_of(const std::string& font);

}  // namespace facet
