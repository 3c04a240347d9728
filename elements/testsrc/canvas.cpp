// SPDX-License-Identifier: MIT
// Which pixels a turned box can touch.
#include "elements/testsrc/canvas.h"

namespace facet::drawing {

Box covered(const Placement& placement, const Box& box) {
    Box area{1e9F, 1e9F, -1e9F, -1e9F};
    for (int corner = 0; corner < 4; ++corner) {
        const float x = (corner & 1) != 0 ? box.right : box.left;
        const float y = (corner & 2) != 0 ? box.bottom : box.top;
        const float turned_x = x * placement.cosine - y * placement.sine;
        const float turned_y = x * placement.sine + y * placement.cosine;
        area.left = std::min(area.left, turned_x);
        area.right = std::max(area.right, turned_x);
        area.top = std::min(area.top, turned_y);
        area.bottom = std::max(area.bottom, turned_y);
    }
    return {std::floor(placement.x + area.left * placement.scale),
            std::floor(placement.y + area.top * placement.scale),
            std::floor(placement.x + area.right * placement.scale) + 1,
            std::floor(placement.y + area.bottom * placement.scale) + 1};
}

}  // namespace facet::drawing
