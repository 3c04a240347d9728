// SPDX-License-Identifier: MIT
// Shapes and painting of what passes in front of people.
#include "elements/testsrc/occluder.h"

#include <array>

#include "elements/testsrc/shapes.h"

namespace facet::drawing {
namespace {

float hand(float x, float y) {
    float distance = rounded_box(x, y - 0.16F, 0.20F, 0.20F, 0.12F);
    constexpr std::array<std::array<float, 4>, 5> kFingers = {{{-0.15F, 0.02F, -0.20F, -0.26F},
                                                               {-0.05F, 0.00F, -0.07F, -0.36F},
                                                               {0.05F, 0.00F, 0.06F, -0.35F},
                                                               {0.14F, 0.03F, 0.18F, -0.25F},
                                                               {-0.15F, 0.22F, -0.33F, 0.03F}}};
    for (const auto& finger : kFingers)
        distance =
            std::min(distance, capsule(x, y, finger[0], finger[1], finger[2], finger[3], 0.05F));
    const float arm = std::max(std::fabs(x) - 0.15F, 0.2F - y);
    return std::min(distance, arm);
}

float local_distance(OccluderKind kind, float x, float y) {
    switch (kind) {
        case OccluderKind::kPole:
            return std::fabs(x) - 0.035F;
        case OccluderKind::kBall:
            return std::sqrt(x * x + y * y) - 0.5F;
        case OccluderKind::kParcel:
            return rounded_box(x, y, 0.62F, 0.5F, 0.03F);
        case OccluderKind::kPaper:
            return rounded_box(x, y, 0.36F, 0.5F, 0.01F);
        case OccluderKind::kHand:
            return hand(x, y);
    }
    return 1.0F;
}

Box extent(OccluderKind kind) {
    switch (kind) {
        case OccluderKind::kPole:
            return {-0.05F, -0.6F, 0.05F, 0.6F};
        case OccluderKind::kHand:
            return {-0.45F, -0.45F, 0.35F, 3.0F};
        default:
            return {-0.65F, -0.53F, 0.65F, 0.53F};
    }
}

float shade_of(OccluderKind kind, float x, float y) {
    switch (kind) {
        case OccluderKind::kPole:
            return 1.1F - 260.0F * (x + 0.008F) * (x + 0.008F);
        case OccluderKind::kBall: {
            const float seam = line_coverage(x * 0.7F + y * 0.5F - 0.08F, 0.02F, 0.01F);
            return 1.15F - 0.9F * ((x + 0.1F) * (x + 0.1F) + (y + 0.12F) * (y + 0.12F)) -
                   0.35F * seam;
        }
        case OccluderKind::kParcel:
            return 1.0F - 0.12F * y - 0.22F * coverage(std::fabs(x) - 0.07F, 0.01F);
        case OccluderKind::kPaper: {
            const float row = y * 14.0F - std::floor(y * 14.0F);
            const bool text = row > 0.35F && row < 0.65F && std::fabs(x) < 0.28F;
            return text ? 0.55F : 1.0F;
        }
        case OccluderKind::kHand:
            return 1.02F - 0.35F * std::fabs(x) -
                   0.14F * line_coverage(hand(x, y) + 0.02F, 0.012F, 0.02F);
    }
    return 1.0F;
}

}  // namespace

float occluder_distance(const Occluder& occluder, float x, float y) {
    const Placement& at = occluder.placement;
    const float dx = (x - at.x) * at.pixel();
    const float dy = (y - at.y) * at.pixel();
    return local_distance(occluder.kind, dx * at.cosine + dy * at.sine,
                          dy * at.cosine - dx * at.sine);
}

void paint_occluder(Canvas& canvas, const Occluder& occluder) {
    const float pixel = occluder.placement.pixel();
    canvas.paint(occluder.placement, extent(occluder.kind), [&](float x, float y) {
        const float alpha = coverage(local_distance(occluder.kind, x, y), pixel);
        if (alpha <= 0) return Ink{};
        return Ink{occluder.colour * shade_of(occluder.kind, x, y), alpha};
    });
}

}  // namespace facet::drawing
