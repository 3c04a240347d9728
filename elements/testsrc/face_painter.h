// SPDX-License-Identifier: MIT
// Draws one person - head, neck, shoulders - on a canvas.
#pragma once

#include "elements/testsrc/face_look.h"

namespace facet::drawing {

struct FacePose {
    Placement placement;  // origin: middle of the face box; one unit: its height
    float yaw = 0;        // -1..1: looks to the left or right of the picture
    float pitch = 0;      // -1..1: up or down
    float blink = 0;      // 0 open .. 1 closed
    Mood mood = Mood::kNeutral;
    float intensity = 1;  // of the mood, 0..1
};

// Where the light comes from, as seen in the picture.
struct Light {
    float from_right = 0, from_below = 0;  // -1..1
    float strength = 0.2F;                 // of the side light, 0..1
    float warmth = 0;                      // -1 bluish .. 1 yellowish
};

// Half the width of the face box at its height of one: cheek to cheek, without the ears.
[[nodiscard]] inline float box_half_width(const FaceLook& look) {
    return look.half_width;
}

void paint_person(Canvas& canvas, const FaceLook& look, const FacePose& pose, const Light& light);

}  // namespace facet::drawing
