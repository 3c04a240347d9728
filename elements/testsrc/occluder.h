// SPDX-License-Identifier: MIT
// Things that pass in front of people: poles, balls, parcels, sheets of paper and hands.
#pragma once

#include "elements/testsrc/canvas.h"

namespace facet::drawing {

enum class OccluderKind { kPole, kBall, kParcel, kPaper, kHand };
inline constexpr int kOccluderKinds = 5;

// Its placement: origin in the middle, one unit is its height; a pole is as high as the frame.
struct Occluder {
    OccluderKind kind = OccluderKind::kPole;
    Placement placement;
    Colour colour;
};

// Negative where it hides what is behind; x, y in pixels of the frame, the distance in its units.
[[nodiscard]] float occluder_distance(const Occluder& occluder, float x, float y);
void paint_occluder(Canvas& canvas, const Occluder& occluder);

}  // namespace facet::drawing
