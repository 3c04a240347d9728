// SPDX-License-Identifier: MIT
// Hair behind and before the face, and beards.
#include "elements/testsrc/face_parts.h"
#include "elements/testsrc/random.h"

namespace facet::drawing {
namespace {

bool is_long(HairStyle style) {
    return style == HairStyle::kBob || style == HairStyle::kLong || style == HairStyle::kWavy;
}

// The silhouette of the hair: a cap around the skull that hangs down straight from the ears.
float hair_distance(const FaceDrawing& face, float x, float y, float bottom) {
    const FaceLook& look = face.look;
    float volume = look.hair_volume;
    if (look.hair_style == HairStyle::kCurly)
        volume += 0.022F * noise(x * 11.0F, y * 11.0F, look.salt + 21);
    if (look.hair_style == HairStyle::kWavy && y > look.widest)
        volume += 0.028F * sine(y * 3.2F + static_cast<float>(look.salt & 7U) * 0.125F);
    const float half = look.half_width + volume;
    if (y < look.widest) return dome(x, y - look.widest, half, look.widest - look.crown + volume);
    const float inwards = look.hair_style == HairStyle::kBob ? 0.10F * (y - look.widest) : 0;
    return std::max(std::fabs(x) - half + inwards, y - bottom);
}

// Strands run from the crown outwards; curls have none.
Colour strands(const FaceDrawing& face, float x, float y) {
    const FaceLook& look = face.look;
    float streak = 0;
    if (look.hair_style == HairStyle::kCurly) {
        streak = 0.22F * face.texture(x, y, 17.0F, 31);
    } else {
        const float across = x / (0.35F + std::max(y - look.crown, 0.0F) * 0.9F);
        streak = 0.17F * face.texture(across * 1.1F, y * 0.06F, 26.0F, 32);
    }
    const float sheen_y = look.crown + 0.13F + 0.25F * x * x;
    const float sheen = 0.30F * unit_clamp(1.0F - std::fabs(y - sheen_y) / 0.07F);
    const float round = x / (look.half_width + look.hair_volume);
    const float shade = 0.92F - 0.22F * round * round + streak + sheen +
                        face.light.strength * face.light.from_right * round * 0.8F;
    return face.lit(look.hair, shade);
}

// Where the hair ends on the forehead, from a full fringe to a horseshoe of hair.
float hairline(const FaceLook& look, float x) {
    const float share = std::fabs(x) / look.half_width;
    const float squared = share * share;
    const bool parted =
        look.hair_style == HairStyle::kParted || look.hair_style == HairStyle::kLong;
    const float swept =
        parted ? 0.10F * (1.0F - smooth_step(0, 0.22F, std::fabs(x - look.part * 0.3F))) : 0;
    const float temples = look.recession * 0.16F * unit_clamp(squared * 2.4F) * (1.0F - squared);
    const float sides = 0.46F * squared * squared * squared;
    const float bald =
        look.recession * look.recession * 0.42F * (1.0F - squared * squared * squared);
    return -0.5F + look.fringe - swept - temples - bald + sides;
}

void paint_bun(const FaceDrawing& face) {
    const float y = face.look.crown - face.look.hair_volume - 0.05F;
    face.canvas.paint(
        face.pose.placement, {-0.17F, y - 0.14F, 0.17F, y + 0.14F}, [&](float x, float py) {
            const float distance = ellipse(x, py - y, 0.145F, 0.115F);
            const float shade = 0.80F + 0.25F * unit_clamp(-distance * 6.0F) +
                                0.14F * face.texture(x, py, 20.0F, 33);
            return Ink{face.lit(face.look.hair, shade), coverage(distance, face.pixel)};
        });
}

}  // namespace

void paint_back_hair(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    if (look.hair_style == HairStyle::kBun) paint_bun(face);
    if (!is_long(look.hair_style) && look.hair_style != HairStyle::kCurly) return;
    const float bottom = is_long(look.hair_style) ? look.hair_length : look.widest + 0.12F;
    const float width = look.half_width + look.hair_volume + 0.06F;
    const Box box = {-width, look.crown - look.hair_volume - 0.05F, width, bottom + 0.03F};
    face.canvas.paint(face.pose.placement, box, [&](float x, float y) {
        const float alpha = coverage(hair_distance(face, x, y, bottom), face.pixel);
        if (alpha <= 0) return Ink{};
        // Only what hangs beside the face is seen; behind head and neck it is in the dark.
        const bool hidden = std::fabs(x) < look.half_width * 0.55F;
        if (hidden) return Ink{face.lit(look.hair, 0.45F), alpha};
        const float inner = 1.0F - smooth_step(0.55F, 1.0F, std::fabs(x) / look.half_width);
        const Colour hair = strands(face, x, y);
        return Ink{hair * (0.80F - 0.30F * inner), alpha};
    });
}

void paint_front_hair(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    const bool falls = is_long(look.hair_style);
    const float bottom = falls ? std::min(look.hair_length, 0.42F) : look.widest;
    const float width = look.half_width + look.hair_volume + 0.05F;
    const Box box = {-width, look.crown - look.hair_volume - 0.05F, width, bottom + 0.02F};
    const float density = look.hair_style == HairStyle::kShaved ? 0.55F : 1.0F;
    const float thin = 1.0F - 0.5F * unit_clamp(look.recession - 0.55F);
    face.canvas.paint(face.pose.placement, box, [&](float x, float y) {
        const float edge = hairline(look, x - face.turn_x * 0.7F) + face.turn_y * 0.6F;
        const float curtain = look.half_width * 0.90F + 0.10F * smooth_step(0.1F, 0.5F, y);
        const float fuzz = 0.04F + 2.0F * face.pixel;
        // Most of the face is clear of hair.
        if (y > edge + fuzz && (!falls || std::fabs(x) < curtain - fuzz)) return Ink{};
        const float outside = hair_distance(face, x, y, bottom);
        if (outside > face.pixel) return Ink{};
        const float ragged = 0.012F * face.texture(x, 0, 34.0F, 34);
        const float line = edge + ragged;
        float cover = coverage((y - line) * 0.75F, face.pixel + 0.012F);
        // Short hair stops in front of the ears, long hair runs down beside the cheeks.
        if (!falls) cover *= 1.0F - smooth_step(look.widest - 0.08F, look.widest, y);
        if (falls) cover = std::max(cover, coverage(curtain - std::fabs(x), face.pixel + 0.01F));
        const float alpha = cover * coverage(outside, face.pixel) * density * thin;
        return alpha <= 0 ? Ink{} : Ink{strands(face, x, y), alpha};
    });
}

void paint_beard(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    if (look.beard == Beard::kNone) return;
    const bool whole = look.beard == Beard::kFull || look.beard == Beard::kStubble;
    const float strength = look.beard == Beard::kStubble ? 0.36F : 0.90F;
    const float lip = face.y_of(look.mouth_y) - 0.055F;
    const float middle = face.x_of(0);
    const Box box = {-look.half_width, look.eye_y + 0.08F, look.half_width, 0.5F + face.pixel};
    face.canvas.paint(face.pose.placement, box, [&](float x, float y) {
        const float inside = coverage(head_distance(look, x, y), face.pixel);
        if (inside <= 0) return Ink{};
        const float share = (x - middle) / look.half_width;
        const float from_middle = std::fabs(x - middle);
        float cover = 0;
        if (whole) {
            const float edge = lip + 0.11F - 0.55F * share * share;
            cover = smooth_step(edge - 0.02F, edge + 0.04F, y);
        } else if (look.beard == Beard::kGoatee) {
            const float chin = rounded_box(x - middle, y - 0.435F, 0.105F, 0.075F, 0.05F);
            cover = coverage(chin, face.pixel + 0.03F);
        }
        const float moustache =
            std::fabs(y - lip - 0.4F * from_middle * from_middle / 0.16F) - 0.024F;
        const float over_lip =
            coverage(std::max(moustache, from_middle - 0.155F), face.pixel + 0.012F);
        cover = std::max(cover, over_lip);
        const float grain = 1.0F + 0.20F * face.texture(x, y, 30.0F, 35);
        return Ink{face.lit(look.brow, face.shade(x, y) * grain), cover * inside * strength};
    });
}

}  // namespace facet::drawing
