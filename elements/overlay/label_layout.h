// SPDX-License-Identifier: MIT
// Where label plates go: near their box, inside the frame, off each other and off other faces.
#pragma once

#include <span>
#include <vector>

namespace facet {

// Whole pixels of the frame.
struct PixelRect {
    int x = 0, y = 0, width = 0, height = 0;

    [[nodiscard]] int right() const { return x + width; }
    [[nodiscard]] int bottom() const { return y + height; }
};

// Pixels common to both.
[[nodiscard]] long overlap(const PixelRect& a, const PixelRect& b);

struct LabelRequest {
    PixelRect box;                          // the face
    int plate_width = 0, plate_height = 0;  // at most the frame's
};

// One rectangle per request, in their order, always inside the frame. Larger faces choose first;
// each takes, of a fixed list of places around its box, the one that covers least. Plates overlap
// only where every place is taken. The same requests give the same places. Reentrant.
[[nodiscard]] std::vector<PixelRect> place_labels(std::span<const LabelRequest> requests,
                                                  int frame_width, int frame_height);

}  // namespace facet
