// SPDX-License-Identifier: MIT
// The parts that a person is painted from, in the order they are painted.
#pragma once

#include "elements/testsrc/face_painter.h"
#include "elements/testsrc/shapes.h"

namespace facet::drawing {

// One person being drawn. Features sit on a ball: turning the head moves and narrows them.
struct FaceDrawing {
    Canvas& canvas;
    const FaceLook& look;
    const FacePose& pose;
    const Light& light;
    Expression expression;
    float pixel;           // in face heights
    float turn_x, turn_y;  // how far the middle of the face moved

    // Where a feature at x, y of a face seen from the front comes to lie.
    [[nodiscard]] float x_of(float x) const {
        const float share = x / look.half_width;
        return x + turn_x * (1.0F - share * share);
    }
    [[nodiscard]] float y_of(float y) const { return y + turn_y * (1.0F - y * y * 2.0F); }
    // How wide a feature at x appears there, in shares of its own width.
    [[nodiscard]] float stretch(float x) const {
        return 1.0F - 2.0F * turn_x * x / (look.half_width * look.half_width);
    }
    // Brightness of the skin there; 1 is its own colour.
    [[nodiscard]] float shade(float x, float y) const {
        const float nx = x / look.half_width * 0.92F;
        const float ny = (y + 0.05F) * 1.5F;
        const float facing = std::sqrt(std::max(1.0F - nx * nx - ny * ny, 0.0F));
        return 0.80F + 0.24F * facing +
               light.strength * (light.from_right * nx + light.from_below * ny);
    }
    [[nodiscard]] Colour lit(Colour colour, float brightness) const {
        return {colour.red * lerp(brightness, 1.0F, 0.12F) * (1.0F + 0.06F * light.warmth),
                colour.green * brightness,
                colour.blue * brightness * (1.0F - 0.10F * light.warmth)};
    }
    // Noise of that fineness fades where a pixel no longer resolves it.
    [[nodiscard]] float texture(float x, float y, float frequency, uint32_t salt) const {
        const float fade = unit_clamp(1.6F - 2.0F * frequency * pixel);
        return fade <= 0 ? 0 : fade * noise(x * frequency, y * frequency, look.salt + salt);
    }
    // Darkens or tints along an arc.
    void stroke(const Arc& arc, Colour colour, float alpha) const;
    // A soft stain.
    void stain(float x, float y, float half_width, float half_height, Colour colour,
               float alpha) const;
};

// Negative inside the skull and jaw.
[[nodiscard]] float head_distance(const FaceLook& look, float x, float y);

void paint_back_hair(const FaceDrawing& face);
void paint_body(const FaceDrawing& face);
void paint_ears(const FaceDrawing& face);
void paint_head(const FaceDrawing& face);
void paint_wrinkles(const FaceDrawing& face);
void paint_nose(const FaceDrawing& face);
void paint_beard(const FaceDrawing& face);
void paint_mouth(const FaceDrawing& face);
void paint_eyes(const FaceDrawing& face);
void paint_brows(const FaceDrawing& face);
void paint_front_hair(const FaceDrawing& face);
void paint_glasses(const FaceDrawing& face);

}  // namespace facet::drawing
