// SPDX-License-Identifier: MIT
// Where everyone is at a moment, what the light is, and what hides whom.
#include <algorithm>

#include "elements/testsrc/scene.h"
#include "elements/testsrc/shapes.h"

namespace facet::drawing {
namespace {

constexpr float kWalkSpeed = 0.7F;  // frame heights per second, at motion 1
constexpr float kLightSeconds = 10;
constexpr int kProbes = 12;           // per side of the grid that visibility is measured on
constexpr float kTurn = 0.15915494F;  // radians to turns

struct Weather {
    float from_right, from_below, strength, exposure, warmth;
};

Weather weather(uint64_t seed, int index, float variation) {
    Random random(seed, 5000 + static_cast<uint64_t>(index));
    Weather weather{};
    weather.from_right = random.between(-1, 1);
    weather.from_below = random.between(-1, 0.4F);
    weather.strength = 0.06F + 0.30F * variation * random.uniform();
    const float brightness = random.uniform();
    weather.exposure = 1.0F + variation * lerp(-0.42F, 0.20F, brightness);
    weather.warmth = variation * random.between(-1, 1);
    return weather;
}

Box face_box(const FacePose& pose, float half_width) {
    // Of a tilted ellipse, not of the tilted box: the corners of a box hold no face.
    const Placement& at = pose.placement;
    const float wide = half_width * at.cosine;
    const float tall = 0.5F * at.sine;
    const float half_x = at.scale * std::sqrt(wide * wide + tall * tall);
    const float low = half_width * at.sine;
    const float high = 0.5F * at.cosine;
    const float half_y = at.scale * std::sqrt(low * low + high * high);
    return {at.x - half_x, at.y - half_y, at.x + half_x, at.y + half_y};
}

// True where somebody nearer covers the point: their hair counts, their body, too.
bool covers(const Person& near, float x, float y) {
    const Placement& at = near.pose.placement;
    const float dx = (x - at.x) * at.pixel();
    const float dy = (y - at.y) * at.pixel();
    const float local_x = dx * at.cosine + dy * at.sine;
    const float local_y = dy * at.cosine - dx * at.sine;
    const float rim = near.look.hair_volume;
    const float top = near.look.crown - rim;
    if (ellipse(local_x, local_y - (0.5F + top) * 0.5F, near.look.half_width + rim,
                (0.5F - top) * 0.5F) < 0)
        return true;
    const float across = std::fabs(local_x) / near.look.shoulders;
    return across < 1.0F && local_y > 0.66F + 0.30F * across * across * across;
}

}  // namespace

Person Scene::person_at(const Resident& resident) const {
    const auto motion = static_cast<float>(settings_.motion);
    const auto seconds = static_cast<float>(time_ - resident.arrives);
    const auto rest = static_cast<float>(resident.leaves - time_);
    const float beat = seconds * resident.pace;
    const auto wave = [&](int which, float rate) {
        return sine(beat * rate + resident.phase[which]);
    };
    float x = resident.x * aspect();
    if (motion > 0) {
        // They come and go by the nearer side, in at most a quarter of their stay each way.
        const float exit =
            resident.side < 0 ? -0.05F * resident.size : aspect() + 0.05F * resident.size;
        const auto quarter = static_cast<float>(resident.leaves - resident.arrives) * 0.25F;
        const float walk = std::min(std::fabs(exit - x) / (kWalkSpeed * motion), quarter);
        const float away = 1.0F - unit_clamp(std::min(seconds, rest) / std::max(walk, 1e-3F));
        x = lerp(x, exit, away * away * (3.0F - 2.0F * away));
    }
    x += resident.size * motion * (0.22F * wave(0, 0.11F) + 0.10F * wave(1, 0.27F));
    const float y =
        resident.y + resident.size * motion * (0.07F * wave(2, 0.16F) + 0.03F * wave(3, 0.41F));
    Person person;
    person.traits = resident.traits;
    person.look = resident.look;
    const auto height = static_cast<float>(shape_.height);
    const float roll = resident.roll + kTurn * 0.10F * motion * wave(1, 0.13F);
    person.pose.placement = {x * height, y * height, resident.size * height, cosine(roll),
                             sine(roll)};
    person.pose.yaw = std::clamp(resident.yaw + 0.55F * motion * wave(3, 0.14F), -1.0F, 1.0F);
    person.pose.pitch = std::clamp(resident.pitch + 0.30F * motion * wave(0, 0.19F), -1.0F, 1.0F);
    const float blinking = beat * 0.23F + resident.phase[2];
    if (motion > 0 && blinking - std::floor(blinking) < 0.02F) person.pose.blink = 0.85F;
    int change = 0;
    if (settings_.mood_seconds > 0)
        change = static_cast<int>(std::floor((time_ - resident.arrives) / settings_.mood_seconds +
                                             static_cast<double>(resident.mood_phase)));
    person.pose.mood =
        static_cast<Mood>((resident.first_mood + change * resident.mood_step) % kMoods);
    Random random(resident.traits.identity, 200 + static_cast<uint64_t>(change));
    person.pose.intensity = random.between(0.75F, 1.0F);
    person.box = face_box(person.pose, box_half_width(person.look));
    return person;
}

void Scene::arrange() {
    people_.clear();
    for (const Resident& resident : residents_) people_.push_back(person_at(resident));
    // Whose chin is lower stands nearer: so nobody's body hides the face of somebody behind.
    std::stable_sort(people_.begin(), people_.end(),
                     [](const Person& a, const Person& b) { return a.box.bottom < b.box.bottom; });
    set_light();
    set_occluders();
    measure_visibility();
}

void Scene::set_light() {
    const auto variation = static_cast<float>(settings_.lighting);
    const double phase = time_ / static_cast<double>(kLightSeconds);
    const double whole = std::floor(phase);
    const int index = static_cast<int>(whole);
    const float share = smooth_step(0.8F, 1.0F, static_cast<float>(phase - whole));
    const Weather now = weather(settings_.seed, index, variation);
    const Weather next = weather(settings_.seed, index + 1, variation);
    light_.from_right = lerp(now.from_right, next.from_right, share);
    light_.from_below = lerp(now.from_below, next.from_below, share);
    light_.strength = lerp(now.strength, next.strength, share);
    light_.warmth = lerp(now.warmth, next.warmth, share);
    exposure_ = lerp(now.exposure, next.exposure, share);
}

Lighting Scene::lighting() const {
    if (exposure_ < 0.80F) return Lighting::kDim;
    if (exposure_ > 1.07F) return Lighting::kBright;
    const float side = light_.from_right * light_.strength;
    if (side > 0.07F) return Lighting::kRight;
    return side < -0.07F ? Lighting::kLeft : Lighting::kEven;
}

void Scene::set_occluders() {
    occluders_.clear();
    const auto height = static_cast<float>(shape_.height);
    for (int slot = 0; slot < settings_.occluders; ++slot) {
        Random pattern(settings_.seed, 9000 + static_cast<uint64_t>(slot));
        const double seconds = static_cast<double>(pattern.between(5, 11));
        const double phase = time_ / seconds + static_cast<double>(pattern.uniform());
        const double pass = std::floor(phase);
        Random random(mix(settings_.seed, 9000 + static_cast<uint64_t>(slot)),
                      static_cast<uint64_t>(pass));
        Occluder thing;
        thing.kind = static_cast<OccluderKind>(random.below(kOccluderKinds));
        const float size = random.between(0.6F, 1.1F) *
                           static_cast<float>(settings_.min_size + settings_.max_size) * 0.5F;
        const auto share = static_cast<float>(phase - pass);
        const float direction = random.chance(0.5F) ? share : 1.0F - share;
        const float x = lerp(-0.7F * size, aspect() + 0.7F * size, direction);
        const float y = random.between(0.2F, 0.9F) + 0.04F * sine(share * 3.0F);
        const float turn = random.between(-0.06F, 0.06F);
        thing.placement = {x * height, y * height, size * height, cosine(turn), sine(turn)};
        const float red = random.between(60, 220);
        const float green = random.between(60, 200);
        const float blue = random.between(60, 200);
        thing.colour = {red, green, blue};
        if (thing.kind == OccluderKind::kPaper) thing.colour = {232, 230, 222};
        if (thing.kind == OccluderKind::kHand)
            thing.colour = skin_colour(random.below(kSkinTones)) * 0.95F;
        if (thing.kind == OccluderKind::kPole)
            thing.placement = {x * height, 0.5F * height, height, 1, 0};
        occluders_.push_back(thing);
    }
}

void Scene::measure_visibility() {
    const auto width = static_cast<float>(shape_.width);
    const auto height = static_cast<float>(shape_.height);
    for (size_t i = 0; i < people_.size(); ++i) {
        Person& person = people_[i];
        int inside = 0;
        int seen = 0;
        for (int probe = 0; probe < kProbes * kProbes; ++probe) {
            const float u = (static_cast<float>(probe % kProbes) + 0.5F) / kProbes * 2.0F - 1.0F;
            const float v = (static_cast<float>(probe / kProbes) + 0.5F) / kProbes * 2.0F - 1.0F;
            if (u * u + v * v > 1.0F) continue;
            ++inside;
            const float x = lerp(person.box.left, person.box.right, (u + 1.0F) * 0.5F);
            const float y = lerp(person.box.top, person.box.bottom, (v + 1.0F) * 0.5F);
            if (x < 0 || y < 0 || x >= width || y >= height) continue;
            const bool hidden =
                std::any_of(people_.begin() + static_cast<ptrdiff_t>(i) + 1, people_.end(),
                            [&](const Person& near) { return covers(near, x, y); }) ||
                std::any_of(occluders_.begin(), occluders_.end(), [&](const Occluder& thing) {
                    return occluder_distance(thing, x, y) < 0;
                });
            if (!hidden) ++seen;
        }
        person.visible = static_cast<float>(seen) / static_cast<float>(inside);
    }
}

}  // namespace facet::drawing
