// SPDX-License-Identifier: MIT
// Who a drawn person is, and the proportions and colours that follow from it.
//
// Lengths are in face heights: the hairline of a full head of hair lies at y = -0.5, the chin at
// y = +0.5, x = 0 is the middle, and the cheeks reach to x = +-half_width. All pure.
#pragma once

#include <array>
#include <cstdint>

#include "elements/testsrc/canvas.h"

namespace facet::drawing {

enum class Gender { kFemale, kMale };
enum class Mood { kNeutral, kHappy, kSad, kSurprise, kAnger };
inline constexpr int kGenders = 2, kMoods = 5, kSkinTones = 6;
inline constexpr float kYoungest = 1.0F, kOldest = 90.0F;  // years

[[nodiscard]] const char* to_string(Gender gender);  // "female", "male"
[[nodiscard]] const char* to_string(Mood mood);      // "neutral", "happy", ...

struct FaceTraits {
    uint64_t identity = 0;  // also decides everything that is not named here
    float age = 30;         // years, kYoungest..kOldest
    Gender gender = Gender::kFemale;
    int skin_tone = 0;  // 0 lightest .. kSkinTones - 1 darkest
};

enum class HairStyle { kShaved, kShort, kParted, kCurly, kBob, kLong, kWavy, kBun };
enum class Beard { kNone, kStubble, kMoustache, kGoatee, kFull };

struct FaceLook {
    // Head
    float half_width, crown, widest;  // crown: top of the skull; widest: where the cheeks are
    float taper, squareness;          // of the jaw, 0..1
    float neck, shoulders, ear;
    // Features
    float eye_x, eye_y, eye_width, eye_open, eye_tilt, lid_droop, lash;
    float brow_y, brow_width, brow_thickness, brow_arch;
    float nose_y, nose_width, nose_strength;
    float mouth_y, mouth_width, lips, lip_colour;
    // Age: 0..1 each
    float folds, forehead_lines, bags, crows_feet, jowls, spots;
    // Hair
    HairStyle hair_style;
    Beard beard;
    float hair_volume, hair_length, fringe, recession, grey, part;
    // Colours
    Colour skin, hair, brow, iris, lip, shirt, collar;
    // Things that say nothing of age, gender or mood
    bool glasses, earrings, freckles;
    uint32_t salt;  // of textures
};

[[nodiscard]] FaceLook look_of(const FaceTraits& traits);

// What a mood does to a face; neutral is all zeros. Signed values: up is positive.
struct Expression {
    float brow_raise = 0, brow_inner = 0, frown = 0;
    float eyes = 0, lower_lid = 0;  // upper lid wider (+) or narrower, lower lid raised
    float corners = 0, widen = 0, gape = 0, round = 0, teeth = 0, press = 0, cheeks = 0;
};
// `intensity` 0..1
[[nodiscard]] Expression expression_of(Mood mood, float intensity);

// The middle of a tone, for sheets and other people's hands.
[[nodiscard]] Colour skin_colour(int skin_tone);

}  // namespace facet::drawing
