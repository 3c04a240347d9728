// SPDX-License-Identifier: MIT
// A person from back to front: hair behind, body, ears, head, wrinkles and the rest of the skin.
#include "elements/testsrc/face_painter.h"

#include "elements/testsrc/face_parts.h"
#include "elements/testsrc/random.h"

namespace facet::drawing {
namespace {

constexpr Colour kBlush = {222, 84, 84};

Colour darker_skin(const FaceDrawing& face, float share) {
    const Colour skin = face.look.skin;
    return {skin.red * share, skin.green * share * 0.92F, skin.blue * share * 0.9F};
}

float body_distance(const FaceLook& look, float x, float y) {
    const float across = std::fabs(x) / look.shoulders;
    // Shoulders fall away from the neck, then the arms go straight down.
    const float top = 0.66F + 0.30F * across * across * across;
    return std::max((top - y) * 0.8F, std::fabs(x) - look.shoulders);
}

void paint_neck(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    const float shift = face.turn_x * 0.4F;
    face.canvas.paint(face.pose.placement, {-0.45F, 0.15F, 0.45F, 0.95F}, [&](float x, float y) {
        const float widening = smooth_step(0.5F, 0.85F, y) * 0.08F;
        const float distance = std::fabs(x - shift) - look.neck - widening;
        // The neckline of the shirt.
        const float low = 0.80F - (x * x) * 1.6F;
        const float alpha = coverage(distance, face.pixel) * coverage(y - low, face.pixel);
        const float chin_shadow = 0.74F + 0.18F * smooth_step(0.45F, 0.72F, y);
        const float side = face.light.strength * face.light.from_right * x / look.neck * 0.7F;
        return Ink{face.lit(look.skin, chin_shadow + side), alpha};
    });
}

}  // namespace

void FaceDrawing::stroke(const Arc& arc, Colour colour, float alpha) const {
    const float height = std::fabs(arc.rise) + std::fabs(arc.slope) + arc.half_width + pixel;
    const float width = arc.half_length + pixel;
    canvas.paint(pose.placement, {arc.x - width, arc.y - height, arc.x + width, arc.y + height},
                 [&](float x, float y) {
                     return Ink{colour, alpha * arc_coverage(arc, x, y, pixel)};
                 });
}

void FaceDrawing::stain(float x, float y, float half_width, float half_height, Colour colour,
                        float alpha) const {
    canvas.paint(pose.placement, {x - half_width, y - half_height, x + half_width, y + half_height},
                 [&](float px, float py) {
                     return Ink{colour, alpha * soft_spot(px - x, py - y, half_width, half_height)};
                 });
}

float head_distance(const FaceLook& look, float x, float y) {
    if (y <= look.widest)
        return dome(x, y - look.widest, look.half_width, look.widest - look.crown);
    const float depth = 0.5F - look.widest;
    const float v = (y - look.widest) / depth;
    const float narrowed = look.half_width * (1.0F - look.taper * v * v);
    const float u = x / std::max(narrowed, 0.05F);
    const float s = look.squareness;
    const float value = (u * u + v * v) * (1.0F - s) + (u * u * u * u + v * v * v * v) * s - 1.0F;
    const float du = (2.0F * u * (1.0F - s) + 4.0F * u * u * u * s) / look.half_width;
    const float dv = (2.0F * v * (1.0F - s) + 4.0F * v * v * v * s) / depth;
    return value / std::max(std::sqrt(du * du + dv * dv), 0.5F);
}

void paint_body(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    const float bottom = 0.7F + static_cast<float>(face.canvas.height()) * face.pixel;
    const Box box = {-look.shoulders - 0.03F, 0.6F, look.shoulders + 0.03F, bottom};
    face.canvas.paint(face.pose.placement, box, [&](float x, float y) {
        const float alpha = coverage(body_distance(look, x, y), face.pixel);
        if (alpha <= 0) return Ink{};
        const float round = x / look.shoulders;
        const float shade = 0.98F - 0.28F * round * round +
                            face.light.strength * face.light.from_right * round * 0.6F;
        const float arm = line_coverage(std::fabs(x) - look.shoulders * 0.74F, 0.006F, face.pixel);
        const float sleeve = y > 1.15F ? 1.0F - 0.25F * arm : 1.0F;
        return Ink{face.lit(look.shirt, shade * sleeve), alpha};
    });
    face.stroke({0, 0.845F, look.neck + 0.15F, -0.16F, 0, 0.028F, 0.1F},
                face.lit(look.collar, 0.9F), 1.0F);
    paint_neck(face);
}

void paint_ears(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    for (const float side : {-1.0F, 1.0F}) {
        // The ear that the face turns towards goes out of sight.
        const float out = look.half_width + 0.012F - side * face.turn_x * 0.5F;
        const float x = side * out;
        const float y = look.eye_y + 0.075F + face.turn_y * -0.3F;
        const Box box = {x - 0.08F, y - look.ear - 0.02F, x + 0.08F, y + look.ear + 0.02F};
        face.canvas.paint(face.pose.placement, box, [&](float px, float py) {
            const float inner = ellipse(px - x, py - y, 0.030F, look.ear * 0.62F);
            const float shade = face.shade(side * look.half_width * 0.86F, y) -
                                0.20F * coverage(inner, face.pixel + 0.02F);
            return Ink{face.lit(look.skin, shade),
                       coverage(ellipse(px - x, py - y, 0.052F, look.ear), face.pixel)};
        });
        if (look.earrings)
            face.stain(x, y + look.ear + 0.012F, 0.026F, 0.026F, {236, 206, 110}, 1.0F);
    }
}

void paint_head(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    const float width = look.half_width + face.pixel;
    const Box box = {-width, look.crown - face.pixel, width, 0.5F + face.pixel};
    const float roughness = 0.05F * look.spots;
    face.canvas.paint(face.pose.placement, box, [&](float x, float y) {
        const float alpha = coverage(head_distance(look, x, y), face.pixel);
        if (alpha <= 0) return Ink{};
        const float grain = roughness > 0 ? roughness * face.texture(x, y, 22.0F, 1) : 0;
        return Ink{face.lit(look.skin, face.shade(x, y) + grain), alpha};
    });
    const float flush = 0.16F + 0.30F * face.expression.cheeks;
    for (const float side : {-1.0F, 1.0F}) {
        const float x = face.x_of(side * look.half_width * 0.58F);
        const float cheek = face.y_of(look.nose_y - 0.01F);
        face.stain(x, cheek, 0.13F, 0.10F, mixed(look.skin, kBlush, 0.55F), flush);
        face.stain(face.x_of(side * look.eye_x), face.y_of(look.eye_y - 0.015F), 0.135F, 0.095F,
                   darker_skin(face, 0.62F), 0.42F);
    }
    face.stain(face.x_of(0), face.y_of(look.mouth_y + 0.075F), 0.11F, 0.035F,
               darker_skin(face, 0.7F), 0.45F);
    if (!look.freckles) return;
    Random spots(look.salt, 5);
    for (int i = 0; i < 16; ++i) {
        const float x = spots.between(-0.24F, 0.24F);
        const float y = look.nose_y + spots.between(-0.12F, 0.04F);
        face.stain(face.x_of(x), face.y_of(y), 0.012F, 0.012F, darker_skin(face, 0.68F), 0.7F);
    }
}

void paint_wrinkles(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    const Colour line = darker_skin(face, 0.52F);
    // Forehead: one line after the other, deeper with age; raised brows deepen them.
    for (int i = 0; i < 3; ++i) {
        const float depth = unit_clamp(look.forehead_lines * 1.7F - 0.3F * static_cast<float>(i));
        const float y =
            face.y_of(lerp(look.eye_y + look.brow_y, -0.5F, 0.40F + 0.17F * static_cast<float>(i)));
        face.stroke({face.x_of(0), y, 0.19F - 0.02F * static_cast<float>(i), -0.012F, 0, 0.0095F},
                    line, 0.75F * depth);
    }
    for (const float side : {-1.0F, 1.0F}) {
        const float eye = face.x_of(side * look.eye_x);
        const float eye_y = face.y_of(look.eye_y);
        face.stain(eye, eye_y + look.eye_open + 0.035F, look.eye_width, 0.030F, line,
                   0.75F * look.bags);
        face.stroke({eye, eye_y + look.eye_open + 0.050F, look.eye_width * 0.8F, -0.02F, 0, 0.007F},
                    line, 0.7F * look.bags);
        for (int i = -1; i <= 1; ++i) {
            const float spread = static_cast<float>(i) * 0.028F;
            const float x =
                eye + side * (look.eye_width + 0.045F) * face.stretch(side * look.eye_x);
            face.stroke({x, eye_y + spread, 0.03F, 0, side * spread * 0.6F, 0.006F}, line,
                        0.8F * look.crows_feet);
        }
        // From the wing of the nose past the corner of the mouth; smiling shows it at any age.
        const float fold =
            std::max(0.15F + 0.85F * look.folds - 0.15F, 0.30F * face.expression.cheeks);
        const float wing = face.x_of(side * (look.nose_width + 0.018F));
        const float corner = face.x_of(side * (look.mouth_width + 0.050F));
        const float top = face.y_of(look.nose_y - 0.01F);
        const float bottom = face.y_of(look.mouth_y + 0.035F + 0.06F * look.jowls);
        const Box box = {std::min(wing, corner) - 0.04F, top - 0.02F,
                         std::max(wing, corner) + 0.04F, bottom + 0.02F};
        face.canvas.paint(face.pose.placement, box, [&](float x, float y) {
            const float t = unit_clamp((y - top) / (bottom - top));
            const float bow = lerp(wing, corner, t * (1.6F - 0.6F * t)) - x;
            const float ends = smooth_step(0, 0.15F, t) * (1.0F - smooth_step(0.8F, 1.0F, t));
            const float soft = line_coverage(bow, 0.010F, face.pixel + 0.012F);
            return Ink{line, 0.9F * fold * ends * soft};
        });
        face.stain(side * look.half_width * 0.55F, 0.40F, 0.10F, 0.07F, line, 0.55F * look.jowls);
    }
    Random spots(look.salt, 6);
    for (int i = 0; i < 9; ++i) {
        const float x = spots.between(-0.8F, 0.8F) * look.half_width;
        const float y = spots.between(-0.46F, 0.25F);
        const float size = spots.between(0.014F, 0.028F);
        face.stain(x, y, size, size, line, 0.6F * look.spots);
    }
}

void paint_person(Canvas& canvas, const FaceLook& look, const FacePose& pose, const Light& light) {
    const FaceDrawing face = {canvas,
                              look,
                              pose,
                              light,
                              expression_of(pose.mood, pose.intensity),
                              pose.placement.pixel(),
                              pose.yaw * 0.085F,
                              pose.pitch * 0.045F};
    paint_back_hair(face);
    paint_body(face);
    paint_ears(face);
    paint_head(face);
    paint_wrinkles(face);
    paint_nose(face);
    paint_beard(face);
    paint_mouth(face);
    paint_eyes(face);
    paint_brows(face);
    paint_front_hair(face);
    if (look.glasses) paint_glasses(face);
}

}  // namespace facet::drawing
