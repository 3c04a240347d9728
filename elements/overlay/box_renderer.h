// SPDX-License-Identifier: MIT
// Draws a face's box as a few thin images, so that nothing is blended where nothing is drawn.
#pragma once

#include <cstdint>
#include <vector>

#include "elements/overlay/image.h"
#include "elements/overlay/label_layout.h"

namespace facet {

struct BoxStyle {
    uint32_t colour = 0;        // 0xRRGGBB
    int thickness = 2;          // of the coloured line: even
    bool corners_only = false;  // brackets instead of a closed frame
};

// The box as it can be drawn: with even edges, since chroma is shared by pairs of pixels, large
// enough for its line, and with its outline inside the frame. Width 0: the frame is too small.
[[nodiscard]] PixelRect drawable_box(const PixelRect& box, int thickness, int frame_width,
                                     int frame_height);

// Four rounded corners and the edges between them: a line of the colour that lies inside the box,
// between two dark outlines one pixel wide that keep it visible on any background. `box` comes from
// drawable_box() with the same thickness. Images come from `cache` where it has them.
void append_box(const PixelRect& box, const BoxStyle& style, ImageCache& cache,
                std::vector<PlacedImage>& images);

}  // namespace facet
