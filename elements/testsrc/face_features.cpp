// SPDX-License-Identifier: MIT
// Nose, mouth, eyes, brows and glasses: what shows the mood.
#include "elements/testsrc/face_parts.h"

namespace facet::drawing {
namespace {

constexpr Colour kTeeth = {246, 242, 232};
constexpr Colour kThroat = {84, 22, 26};
constexpr Colour kTongue = {190, 84, 88};
constexpr Colour kEyeWhite = {244, 242, 238};
constexpr Colour kPupil = {14, 12, 14};
constexpr Colour kLash = {26, 20, 20};

// The lines of a mouth; y grows downwards, all at a place t = -1..1 between the corners.
struct MouthShape {
    float x, y, half_width;
    float corners, gape, round, upper, lower;

    [[nodiscard]] float bulge(float t) const {
        const float parabola = std::max(1.0F - t * t, 0.0F);
        return lerp(parabola, std::sqrt(parabola), round);
    }
    [[nodiscard]] float middle(float t) const { return y - corners * t * t; }
    [[nodiscard]] float opening_top(float t) const { return middle(t) - 0.30F * gape * bulge(t); }
    [[nodiscard]] float opening_bottom(float t) const {
        return middle(t) + 0.70F * gape * bulge(t);
    }
    [[nodiscard]] float lip_top(float t) const {
        const float bow = 0.75F + std::min(std::fabs(t) * 1.6F, 0.25F);
        return opening_top(t) - upper * bow * bulge(t);
    }
    [[nodiscard]] float lip_bottom(float t) const { return opening_bottom(t) + lower * bulge(t); }
};

MouthShape mouth_of(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    const Expression& e = face.expression;
    const float y = look.mouth_y + 0.25F * e.corners - 0.10F * e.gape * e.round;
    const float lips = look.lips * (1.0F - 0.45F * e.press);
    return {face.x_of(0), face.y_of(y), look.mouth_width * (1.0F + e.widen) * face.stretch(0),
            e.corners,    e.gape,       e.round,
            lips * 0.80F, lips};
}

Ink mouth_ink(const FaceDrawing& face, const MouthShape& mouth, float brightness, float x,
              float y) {
    const float pixel = face.pixel;
    const float t = std::clamp((x - mouth.x) / mouth.half_width, -1.0F, 1.0F);
    const float beside = std::fabs(x - mouth.x) - mouth.half_width;
    const float outer = std::max({mouth.lip_top(t) - y, y - mouth.lip_bottom(t), beside});
    const float alpha = coverage(outer, pixel);
    const float dark_line = line_coverage(y - mouth.middle(t), 0.0075F, pixel) *
                            coverage(beside - 0.01F, pixel) *
                            (1.0F - smooth_step(0, 0.02F, mouth.gape));
    const float lower = smooth_step(0, mouth.lower, y - mouth.opening_bottom(t));
    Colour colour = face.look.lip * (0.90F + 0.16F * lower * (1.0F - lower) * 4.0F);
    const float inside =
        mouth.gape <= 0
            ? 0
            : coverage(std::max(mouth.opening_top(t) - y, y - mouth.opening_bottom(t)), pixel);
    Colour hollow = kThroat;
    const float height = std::max(mouth.opening_bottom(t) - mouth.opening_top(t), 0.001F);
    const float depth = (y - mouth.opening_top(t)) / height;
    if (mouth.round > 0.5F)
        hollow = mixed(hollow, kTongue, 0.8F * smooth_step(0.60F, 0.85F, depth));
    const float bite = mouth.corners > 0 ? 0.72F : 0.94F;
    const float teeth = face.expression.teeth * (1.0F - smooth_step(bite, bite + 0.08F, depth));
    hollow = mixed(hollow, kTeeth, teeth);
    // The line between clenched teeth.
    if (mouth.corners < 0)
        hollow =
            mixed(hollow, kThroat, 0.6F * line_coverage((depth - 0.5F) * height, 0.004F, pixel));
    colour = mixed(colour, hollow, inside);
    const Colour line = {face.look.lip.red * 0.42F, face.look.lip.green * 0.34F,
                         face.look.lip.blue * 0.34F};
    const float total = std::max(alpha, dark_line);
    return {face.lit(mixed(colour, line, dark_line), brightness), total};
}

// An eye, seen in its own coordinates: t = -1 at the nose's side, 1 at the temple's.
struct EyeShape {
    float x, y, side, half_width;
    float upper, lower, tilt, droop;

    [[nodiscard]] float along(float px) const { return side * (px - x) / half_width; }
    [[nodiscard]] float bend(float t) const { return std::max(1.0F - t * t, 0.0F); }
    [[nodiscard]] float top(float t) const {
        const float hood = droop * unit_clamp(t + 0.4F);
        return std::min(y + tilt * t - upper * bend(t) + hood * bend(t), bottom(t));
    }
    [[nodiscard]] float bottom(float t) const { return y + tilt * t + lower * bend(t); }
};

EyeShape eye_of(const FaceDrawing& face, float side) {
    const FaceLook& look = face.look;
    const Expression& e = face.expression;
    const float open = look.eye_open * (1.0F + e.eyes) * (1.0F - face.pose.blink);
    const float sad = std::max(e.brow_inner, 0.0F);
    return {face.x_of(side * look.eye_x),
            face.y_of(look.eye_y),
            side,
            look.eye_width * face.stretch(side * look.eye_x),
            open * 1.05F,
            open * 0.75F * (1.0F - e.lower_lid),
            look.eye_tilt + 0.25F * sad,
            look.lid_droop * (1.0F - face.pose.blink) + 0.2F * sad};
}

Colour eyeball(const FaceDrawing& face, const EyeShape& eye, float iris_x, float radius, float x,
               float y) {
    const float pixel = face.pixel;
    const float middle = eye.y - 0.1F * face.look.eye_open;
    const float dx = x - iris_x;
    const float dy = y - middle;
    const float from_iris = std::sqrt(dx * dx + dy * dy);
    Colour colour =
        kEyeWhite * (1.0F - 0.18F * smooth_step(0.03F, -0.01F, y - eye.top(eye.along(x))));
    const Colour iris =
        mixed(face.look.iris, face.look.iris * 0.45F, smooth_step(0.6F, 1.0F, from_iris / radius));
    colour = mixed(colour, iris, coverage(from_iris - radius, pixel));
    colour = mixed(colour, kPupil, coverage(from_iris - radius * 0.48F, pixel));
    const float glint =
        ellipse(dx + radius * 0.35F, dy + radius * 0.4F, radius * 0.28F, radius * 0.28F);
    return mixed(colour, {255, 255, 255}, 0.9F * coverage(glint, pixel));
}

void paint_eye(const FaceDrawing& face, float side) {
    const FaceLook& look = face.look;
    const EyeShape eye = eye_of(face, side);
    const float brightness = 0.35F + 0.65F * face.shade(eye.x, eye.y);
    const float radius = look.eye_open * 0.25F + look.eye_width * 0.30F;
    const float iris_x = eye.x + face.pose.yaw * 0.02F;
    const float lid = lerp(0.0085F, 0.0165F, look.lash);
    const float reach = 0.03F + 0.014F * look.lash;
    const Box box = {eye.x - eye.half_width - reach, eye.y - eye.upper - 0.07F,
                     eye.x + eye.half_width + reach, eye.y + eye.lower + 0.05F};
    const Colour crease = face.lit(look.skin * 0.58F, brightness);
    face.canvas.paint(face.pose.placement, box, [&](float x, float y) {
        const float pixel = face.pixel;
        const float raw = eye.along(x);
        const float t = std::clamp(raw, -1.0F, 1.0F);
        const float beside = (std::fabs(raw) - 1.0F) * eye.half_width;
        const float top = eye.top(t);
        const float bottom = eye.bottom(t);
        const float open = coverage(std::max({top - y, y - bottom, beside}), pixel);
        Colour colour = face.lit(eyeball(face, eye, iris_x, radius, x, y), brightness);
        float alpha = open;
        const auto over = [&](Colour ink, float cover) {
            if (cover <= 0) return;
            colour = mixed(colour, ink, cover / std::max(alpha + cover * (1.0F - alpha), 1e-4F));
            alpha += cover * (1.0F - alpha);
        };
        over(crease,
             0.55F * line_coverage(y - top + 0.026F, 0.006F, pixel) * coverage(beside, pixel));
        over(crease,
             0.6F * line_coverage(y - bottom - 0.002F, 0.0055F, pixel) * coverage(beside, pixel));
        over(kLash, line_coverage(y - top, lid, pixel) * coverage(beside, pixel));
        // Long lashes run out beyond the temple's corner, upwards.
        const float wing =
            capsule(x, y, eye.x + side * eye.half_width * 0.9F, eye.y + eye.tilt - 0.004F,
                    eye.x + side * (eye.half_width + 0.030F), eye.y + eye.tilt - 0.030F, 0.008F);
        over(kLash, unit_clamp(look.lash * 1.7F - 0.7F) * coverage(wing, pixel));
        return Ink{colour, alpha};
    });
}

}  // namespace

void paint_nose(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    // The tip stands out of the ball: it moves more than the rest.
    const float x = face.x_of(0) * 1.35F;
    const float y = face.y_of(look.nose_y) + face.turn_y * 0.4F;
    const float width = look.nose_width;
    const float bridge = face.y_of(look.eye_y + 0.01F);
    const float shadow_side = face.light.from_right + face.pose.yaw * 0.3F > 0 ? -1.0F : 1.0F;
    const Colour dark = face.lit(look.skin * 0.60F, 1.0F);
    const Colour bright = mixed(face.lit(look.skin, 1.12F), {255, 250, 240}, 0.25F);
    const Box side = {-0.16F, bridge, 0.16F, y + 0.02F};
    face.canvas.paint(face.pose.placement, side, [&](float px, float py) {
        const float t = unit_clamp((py - bridge) / (y - bridge));
        const float middle = lerp(face.x_of(0), x, t);
        const float edge = middle + shadow_side * (0.026F + width * 0.45F * t * t);
        const float soft = unit_clamp(1.0F - std::fabs(px - edge) / 0.038F);
        const float ends = smooth_step(0, 0.25F, t) * (1.0F - 0.5F * smooth_step(0.8F, 1.0F, t));
        return Ink{dark, 0.62F * look.nose_strength * soft * ends};
    });
    face.stain(face.x_of(0), lerp(bridge, y, 0.5F), 0.020F, 0.11F, bright, 0.40F);
    face.stain(x, y - 0.022F, 0.036F, 0.032F, bright, 0.55F);
    face.stain(x, y + 0.036F, width * 1.15F, 0.034F, dark, 0.75F);
    for (const float wing : {-1.0F, 1.0F}) {
        const Colour nostril = face.lit(look.skin * 0.30F, 1.0F);
        face.stain(x + wing * width * 0.50F, y + 0.018F, width * 0.36F, 0.020F, nostril, 1.0F);
        const float at = x + wing * width * 0.98F;
        face.stain(at, y + 0.002F, 0.020F, 0.036F, dark, 0.75F);
    }
}

void paint_mouth(const FaceDrawing& face) {
    const MouthShape mouth = mouth_of(face);
    const float brightness = 0.15F + 0.85F * face.shade(mouth.x, mouth.y);
    const float up = std::fabs(mouth.corners) + mouth.gape + mouth.upper + mouth.lower + 0.02F;
    const Box box = {mouth.x - mouth.half_width - 0.02F, mouth.y - up,
                     mouth.x + mouth.half_width + 0.02F, mouth.y + up};
    face.stain(mouth.x, mouth.lip_bottom(0) + 0.022F, mouth.half_width * 0.75F, 0.028F,
               face.lit(face.look.skin * 0.66F, 1.0F), 0.55F);
    face.canvas.paint(face.pose.placement, box,
                      [&](float x, float y) { return mouth_ink(face, mouth, brightness, x, y); });
    for (const float side : {-1.0F, 1.0F})
        face.stain(mouth.x + side * (mouth.half_width + 0.008F), mouth.middle(1.0F), 0.026F, 0.024F,
                   face.lit(face.look.skin * 0.5F, 1.0F), 0.75F);
}

void paint_eyes(const FaceDrawing& face) {
    paint_eye(face, -1.0F);
    paint_eye(face, 1.0F);
}

void paint_brows(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    const Expression& e = face.expression;
    for (const float side : {-1.0F, 1.0F}) {
        const float x = face.x_of(side * (look.eye_x + 0.004F - 0.012F * e.frown));
        const float raise = e.brow_raise + 0.4F * e.brow_inner;
        const float y = face.y_of(look.eye_y + look.brow_y) - raise;
        Arc brow;
        brow.x = x;
        brow.y = y - look.brow_arch * 0.5F;
        brow.half_length = look.brow_width * face.stretch(side * look.eye_x);
        brow.rise = look.brow_arch + 0.25F * std::max(e.brow_raise, 0.0F);
        brow.slope = side * (0.004F + 0.85F * e.brow_inner);
        brow.half_width = look.brow_thickness;
        brow.taper = 0.55F;
        face.stroke(brow, face.lit(look.brow, face.shade(x, y)), 0.94F);
        if (e.frown > 0) {
            const float fold = face.x_of(side * 0.030F);
            face.stain(fold, y + 0.035F, 0.013F, 0.055F, face.lit(look.skin * 0.42F, 1.0F),
                       0.9F * e.frown);
        }
    }
}

void paint_glasses(const FaceDrawing& face) {
    const FaceLook& look = face.look;
    const Colour frame = (look.salt & 1U) != 0 ? Colour{34, 30, 34} : Colour{120, 84, 48};
    const float width = 0.135F;
    const float height = (look.salt & 2U) != 0 ? 0.095F : 0.120F;
    const float y = face.y_of(look.eye_y + 0.018F);
    for (const float side : {-1.0F, 1.0F}) {
        const float x = face.x_of(side * look.eye_x);
        const float half = width * face.stretch(side * look.eye_x);
        const Box box = {x - half - 0.03F, y - height - 0.03F, x + half + 0.03F,
                         y + height + 0.03F};
        face.canvas.paint(face.pose.placement, box, [&](float px, float py) {
            const float rim = rounded_box(px - x, py - y, half, height, 0.06F);
            const float glare = 0.10F * coverage(rim, face.pixel) *
                                smooth_step(-0.03F, 0.03F, (x - px) - (py - y) * 1.2F);
            const float line = line_coverage(rim, 0.0075F, face.pixel);
            return line > glare ? Ink{frame, line} : Ink{{255, 255, 255}, glare};
        });
        const float temple = side * (look.half_width - 0.01F);
        face.stroke({(x + side * half + temple) * 0.5F, y - height * 0.35F,
                     std::max(std::fabs(temple - x - side * half) * 0.5F, 0.01F), 0, 0, 0.008F, 0},
                    frame, 1.0F);
    }
    const float left = face.x_of(-look.eye_x) + width * face.stretch(-look.eye_x);
    const float right = face.x_of(look.eye_x) - width * face.stretch(look.eye_x);
    face.stroke({(left + right) * 0.5F, y - 0.025F, std::max((right - left) * 0.5F, 0.01F), 0.01F,
                 0, 0.008F, 0},
                frame, 1.0F);
}

}  // namespace facet::drawing
