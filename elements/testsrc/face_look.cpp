// SPDX-License-Identifier: MIT
// From a person's traits to the proportions and colours of the drawing.
#include "elements/testsrc/face_look.h"

#include "elements/testsrc/random.h"
#include "elements/testsrc/shapes.h"

namespace facet::drawing {
namespace {

constexpr std::array<Colour, kSkinTones> kSkins = {{{242, 207, 182},
                                                    {238, 190, 156},
                                                    {220, 166, 124},
                                                    {188, 128, 86},
                                                    {152, 100, 68},
                                                    {116, 76, 56}}};
constexpr std::array<Colour, 8> kHairs = {{{28, 24, 24},
                                           {52, 36, 28},
                                           {86, 56, 36},
                                           {122, 80, 46},
                                           {178, 132, 76},
                                           {216, 180, 116},
                                           {150, 66, 32},
                                           {20, 20, 30}}};
constexpr std::array<Colour, 5> kIrises = {
    {{74, 46, 28}, {52, 34, 24}, {70, 110, 150}, {84, 118, 74}, {110, 96, 60}}};
constexpr std::array<Colour, 9> kShirts = {{{58, 84, 132},
                                            {150, 58, 58},
                                            {62, 112, 84},
                                            {206, 200, 190},
                                            {52, 52, 60},
                                            {190, 146, 70},
                                            {122, 92, 140},
                                            {96, 140, 170},
                                            {200, 120, 120}}};
constexpr Colour kGrey = {206, 206, 208};

// What a person's age and gender come to, on scales that are linear in years.
struct Stage {
    float child;  // 1 at one year, 0 from twenty on
    float old;    // 0 until twenty, 1 at ninety
    float male;   // 0..1, less marked in children
};

Stage stage_of(const FaceTraits& traits) {
    const float child = unit_clamp((20.0F - traits.age) / 19.0F);
    const float old = unit_clamp((traits.age - 20.0F) / 70.0F);
    const float sign = traits.gender == Gender::kMale ? 0.5F : -0.5F;
    return {child, old, 0.5F + sign * (1.0F - 0.25F * child)};
}

Colour varied(Colour colour, Random& random, float spread) {
    const float light = random.between(1.0F - spread, 1.0F + spread);
    const float warm = random.between(1.0F - spread * 0.4F, 1.0F + spread * 0.4F);
    return {colour.red * light * warm, colour.green * light, colour.blue * light / warm};
}

void shape_head(FaceLook& look, const Stage& stage, Random& random) {
    look.half_width = random.around(lerp(0.362F, 0.386F, stage.male), 0.008F) +
                      0.062F * stage.child + 0.012F * stage.old;
    look.crown = -0.5F - random.around(0.165F, 0.008F) - 0.10F * stage.child;
    look.squareness = unit_clamp(random.around(lerp(0.05F, 0.50F, stage.male), 0.06F) -
                                 0.20F * stage.child + 0.18F * stage.old);
    look.taper = random.around(lerp(0.27F, 0.13F, stage.male), 0.02F) - 0.12F * stage.child -
                 0.08F * stage.old;
    look.neck = random.around(lerp(0.185F, 0.255F, stage.male), 0.008F) - 0.05F * stage.child;
    look.shoulders = random.around(lerp(0.76F, 0.92F, stage.male), 0.03F) - 0.20F * stage.child;
    look.ear = random.around(0.088F, 0.006F) + 0.03F * stage.old;
}

void shape_eyes(FaceLook& look, const Stage& stage, Random& random) {
    look.eye_y = random.around(-0.085F, 0.005F) + 0.14F * stage.child + 0.01F * stage.old;
    look.widest = look.eye_y + 0.05F;
    look.eye_x = random.around(0.172F, 0.005F) + 0.014F * stage.child;
    look.eye_width = random.around(0.088F, 0.002F) + 0.026F * stage.child - 0.014F * stage.old;
    look.eye_open = random.around(0.050F, 0.0018F) + 0.022F * stage.child - 0.022F * stage.old;
    look.eye_tilt = random.around(lerp(-0.012F, -0.002F, stage.male), 0.004F);
    look.lid_droop = 0.024F * stage.old;
    look.lash = unit_clamp(random.around(lerp(0.95F, 0.12F, stage.male), 0.07F));
    look.brow_y = -random.around(lerp(0.125F, 0.098F, stage.male), 0.005F) - 0.012F * stage.child +
                  0.008F * stage.old;
    look.brow_width = random.around(0.112F, 0.005F) - 0.014F * stage.child;
    look.brow_thickness =
        random.around(lerp(0.0115F, 0.0265F, stage.male), 0.0016F) * (1.0F - 0.35F * stage.child);
    look.brow_arch = random.around(lerp(0.034F, 0.012F, stage.male), 0.005F);
}

void shape_nose_and_mouth(FaceLook& look, const Stage& stage, Random& random) {
    look.nose_y = random.around(0.150F, 0.006F) + 0.035F * stage.child + 0.028F * stage.old;
    look.nose_width = random.around(lerp(0.062F, 0.074F, stage.male), 0.005F) -
                      0.012F * stage.child + 0.022F * stage.old;
    look.nose_strength = 0.45F + 0.55F * (1.0F - stage.child);
    look.mouth_y = random.around(0.292F, 0.005F) + 0.012F * stage.child + 0.022F * stage.old;
    look.mouth_width = random.around(0.140F, 0.006F) - 0.030F * stage.child + 0.008F * stage.old;
    look.lips = random.around(lerp(0.036F, 0.023F, stage.male), 0.002F) - 0.003F * stage.child -
                0.015F * stage.old;
    look.lip_colour = unit_clamp(random.around(lerp(0.80F, 0.20F, stage.male), 0.06F));
    look.folds = stage.old;
    look.forehead_lines = unit_clamp(stage.old * 1.15F - 0.10F);
    look.bags = unit_clamp(stage.old + 0.03F);
    look.crows_feet = unit_clamp(stage.old * 1.2F - 0.12F);
    look.jowls = unit_clamp(stage.old * 1.4F - 0.35F);
    look.spots = unit_clamp(stage.old * 1.6F - 0.6F);
}

HairStyle style_for(Gender gender, Random& random) {
    constexpr std::array kMostlyShort = {HairStyle::kShort,  HairStyle::kShort, HairStyle::kParted,
                                         HairStyle::kParted, HairStyle::kCurly, HairStyle::kShaved};
    constexpr std::array kMostlyLong = {HairStyle::kBob,  HairStyle::kLong, HairStyle::kWavy,
                                        HairStyle::kLong, HairStyle::kBun,  HairStyle::kCurly};
    const bool other = random.chance(0.18F);
    const int pick = random.below(6);
    const bool longer = (gender == Gender::kFemale) != other;
    return longer ? kMostlyLong[pick] : kMostlyShort[pick];
}

Beard beard_for(const FaceTraits& traits, Random& random) {
    const float roll = random.uniform();
    if (traits.gender != Gender::kMale || traits.age < 17.0F || roll < 0.42F) return Beard::kNone;
    if (roll < 0.62F) return Beard::kStubble;
    if (roll < 0.74F) return Beard::kMoustache;
    return roll < 0.86F ? Beard::kGoatee : Beard::kFull;
}

void shape_hair(FaceLook& look, const FaceTraits& traits, Random& random) {
    look.hair_style = style_for(traits.gender, random);
    look.beard = beard_for(traits, random);
    const float start = random.around(46.0F, 3.0F);
    look.grey = unit_clamp((traits.age - start) / 26.0F);
    const float receding = random.uniform();
    const float worn = unit_clamp((traits.age - 28.0F) / 45.0F);
    const bool male = traits.gender == Gender::kMale;
    look.recession = worn * receding * (male ? 1.0F : 0.18F);
    look.part = random.chance(0.5F) ? 0.35F : -0.35F;
    look.fringe = random.around(0.03F, 0.012F);
    const float baby = unit_clamp((4.0F - traits.age) / 3.0F);
    look.hair_volume = random.around(0.055F, 0.008F) * (1.0F - 0.55F * baby);
    look.hair_length = random.between(0.55F, 0.95F);
    switch (look.hair_style) {
        case HairStyle::kShaved:
            look.hair_volume = 0.008F;
            look.fringe = 0;
            break;
        case HairStyle::kShort:
            break;
        case HairStyle::kParted:
            look.fringe += 0.035F;
            break;
        case HairStyle::kCurly:
            look.hair_volume += random.between(0.05F, 0.13F) * (1.0F - baby);
            break;
        case HairStyle::kBob:
            look.hair_length = random.between(0.30F, 0.45F);
            look.fringe += random.between(0.02F, 0.11F);
            break;
        case HairStyle::kLong:
        case HairStyle::kWavy:
            look.hair_volume += 0.02F;
            break;
        case HairStyle::kBun:
            look.fringe = 0.01F;
            break;
    }
    if (traits.age < 3.0F) look.hair_length = std::min(look.hair_length, 0.35F);
}

void colour_all(FaceLook& look, const FaceTraits& traits, Random& random) {
    look.skin = varied(skin_colour(traits.skin_tone), random, 0.045F);
    const Colour dyed =
        varied(kHairs[random.below(static_cast<int>(kHairs.size()))], random, 0.15F);
    look.hair = mixed(dyed, varied(kGrey, random, 0.06F), look.grey);
    look.brow = mixed(dyed * 0.75F, kGrey, look.grey * 0.75F);
    const float contrast = (look.brow.green + 10.0F) / (look.skin.green + 10.0F);
    if (contrast > 0.6F && contrast < 1.25F && look.grey < 0.5F) look.brow = look.skin * 0.38F;
    look.iris = varied(kIrises[random.below(static_cast<int>(kIrises.size()))], random, 0.12F);
    const Colour plain = {look.skin.red * 0.80F, look.skin.green * 0.62F, look.skin.blue * 0.62F};
    const Colour red = {lerp(look.skin.red, 200.0F, 0.5F) * 0.86F, look.skin.green * 0.36F,
                        look.skin.blue * 0.44F};
    look.lip = mixed(plain, red, look.lip_colour);
    look.shirt = varied(kShirts[random.below(static_cast<int>(kShirts.size()))], random, 0.2F);
    look.collar = varied(look.shirt * 0.8F, random, 0.2F);
}

}  // namespace

const char* to_string(Gender gender) {
    return gender == Gender::kFemale ? "female" : "male";
}

const char* to_string(Mood mood) {
    constexpr std::array<const char*, kMoods> kNames = {"neutral", "happy", "sad", "surprise",
                                                        "anger"};
    return kNames[static_cast<size_t>(mood)];
}

Colour skin_colour(int skin_tone) {
    return kSkins[static_cast<size_t>(skin_tone)];
}

FaceLook look_of(const FaceTraits& traits) {
    FaceLook look{};
    const Stage stage = stage_of(traits);
    Random shape(traits.identity, 1);
    shape_head(look, stage, shape);
    shape_eyes(look, stage, shape);
    shape_nose_and_mouth(look, stage, shape);
    Random hair(traits.identity, 2);
    shape_hair(look, traits, hair);
    Random colours(traits.identity, 3);
    colour_all(look, traits, colours);
    Random extras(traits.identity, 4);
    look.glasses = extras.chance(0.14F) && traits.age > 5.0F;
    look.earrings = extras.chance(0.3F) && traits.age > 8.0F;
    look.freckles = extras.chance(0.12F);
    look.salt = extras.next();
    return look;
}

Expression expression_of(Mood mood, float intensity) {
    const float k = intensity;
    Expression e;
    switch (mood) {
        case Mood::kNeutral:
            break;
        case Mood::kHappy:
            e.corners = 0.062F * k;
            e.widen = 0.24F * k;
            e.gape = 0.050F * k;
            e.teeth = 1.0F;
            e.lower_lid = 0.55F * k;
            e.cheeks = k;
            e.brow_raise = 0.008F * k;
            break;
        case Mood::kSad:
            e.corners = -0.052F * k;
            e.widen = -0.10F * k;
            e.brow_inner = 0.058F * k;
            e.brow_raise = 0.004F * k;
            e.eyes = -0.28F * k;
            break;
        case Mood::kSurprise:
            e.brow_raise = 0.060F * k;
            e.eyes = 0.55F * k;
            e.lower_lid = -0.25F * k;
            e.gape = 0.125F * k;
            e.round = 1.0F;
            e.widen = -0.38F * k;
            break;
        case Mood::kAnger:
            e.brow_inner = -0.058F * k;
            e.brow_raise = -0.020F * k;
            e.frown = k;
            e.eyes = -0.22F * k;
            e.lower_lid = 0.30F * k;
            e.corners = -0.022F * k;
            e.press = 0.5F * k;
            e.widen = 0.06F * k;
            e.gape = 0.026F * k;
            e.teeth = 1.0F;
            break;
    }
    return e;
}

}  // namespace facet::drawing
