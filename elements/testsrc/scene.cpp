// SPDX-License-Identifier: MIT
// Arrivals, stays and places of the people in a scene.
#include "elements/testsrc/scene.h"

#include <algorithm>

#include "elements/testsrc/shapes.h"

namespace facet::drawing {
namespace {

// Stays are uniform between these; a queue with infinitely many servers has the same mean and
// distribution of its occupants whatever the stays' distribution.
constexpr double kShortestStay = 4, kLongestStay = 12, kMeanStay = 8;  // seconds
constexpr double kShareSeconds = 2;  // a fractional mean alternates between whole numbers
constexpr float kTideSeconds = 24;
constexpr int kPlacesTried = 24;

}  // namespace

const char* to_string(Lighting lighting) {
    constexpr std::array<const char*, kLightings> kNames = {"even", "left", "right", "dim",
                                                            "bright"};
    return kNames[static_cast<size_t>(lighting)];
}

Scene::Scene(const SceneSettings& settings, const FrameShape& shape)
    : settings_(settings), shape_(shape), random_(settings.seed, 11) {
    populate();
    arrange();
}

void Scene::reshape(const FrameShape& shape) {
    shape_ = shape;
    arrange();
}

void Scene::step() {
    ++frame_;
    time_ += shape_.frame_seconds;
    let_out();
    let_in();
    arrange();
}

float Scene::aspect() const {
    return static_cast<float>(shape_.width) / static_cast<float>(shape_.height);
}

double Scene::stay() {
    return kShortestStay + (kLongestStay - kShortestStay) * static_cast<double>(random_.uniform());
}

// Somebody met at a random moment: a stay as likely as it is long, a uniform share of it over.
void Scene::add_present() {
    double whole = stay();
    while (static_cast<double>(random_.uniform()) > whole / kLongestStay) whole = stay();
    const double over = whole * static_cast<double>(random_.uniform());
    add(time_ - over, time_ - over + whole);
}

// Somebody who came between the last frame and this one: so stays last as long at any rate.
void Scene::add_newcomer() {
    const double arrives = time_ - shape_.frame_seconds * static_cast<double>(random_.uniform());
    add(arrives, arrives + stay());
}

int Scene::wanted() const {
    const double period = std::floor(time_ / kShareSeconds + 1e-9);
    return static_cast<int>(std::floor((period + 1) * settings_.faces + 1e-9) -
                            std::floor(period * settings_.faces + 1e-9));
}

void Scene::populate() {
    if (settings_.arrival == Arrival::kConstant) {
        for (int i = wanted(); i > 0; --i) add_present();
        return;
    }
    if (settings_.arrival != Arrival::kBurst) {
        for (int i = random_.poisson(settings_.faces); i > 0; --i) add_present();
        return;
    }
    const double group = 1 + 2 * settings_.faces;
    for (int groups = random_.poisson(settings_.faces / group); groups > 0; --groups) {
        add_present();
        const double arrives = residents_.back().arrives;
        const double leaves = residents_.back().leaves;
        for (int i = random_.poisson(group - 1); i > 0; --i) add(arrives, leaves);
    }
}

void Scene::let_out() {
    std::erase_if(residents_, [&](const Resident& resident) { return resident.leaves <= time_; });
    if (settings_.arrival != Arrival::kConstant) return;
    while (static_cast<int>(residents_.size()) > wanted())
        residents_.erase(std::min_element(
            residents_.begin(), residents_.end(),
            [](const Resident& a, const Resident& b) { return a.leaves < b.leaves; }));
}

void Scene::let_in() {
    const double share = shape_.frame_seconds / kMeanStay;
    switch (settings_.arrival) {
        case Arrival::kConstant:
            while (static_cast<int>(residents_.size()) < wanted()) add(time_, time_ + stay());
            break;
        case Arrival::kPoisson:
            for (int i = random_.poisson(settings_.faces * share); i > 0; --i) add_newcomer();
            break;
        case Arrival::kBurst: {
            const double group = 1 + 2 * settings_.faces;
            for (int i = random_.poisson(settings_.faces / group * share); i > 0; --i) {
                add_newcomer();
                const double arrives = residents_.back().arrives;
                const double leaves = residents_.back().leaves;
                for (int more = random_.poisson(group - 1); more > 0; --more) add(arrives, leaves);
            }
            break;
        }
        case Arrival::kCrowd: {
            const auto turns = static_cast<float>(time_) / kTideSeconds;
            const double tide = 1 + 0.8 * static_cast<double>(sine(turns));
            for (int i = random_.poisson(settings_.faces * share * tide); i > 0; --i)
                add_newcomer();
            break;
        }
    }
}

void Scene::add(double arrives, double leaves) {
    Resident resident;
    const uint64_t number = people_so_far_++;
    resident.traits.identity = mix(settings_.seed, number + 1000) >> 1U;
    Random random(resident.traits.identity, 12);
    resident.traits.age = random.between(kYoungest, kOldest);
    resident.traits.gender = random.chance(0.5F) ? Gender::kMale : Gender::kFemale;
    resident.traits.skin_tone = random.below(kSkinTones);
    resident.look = look_of(resident.traits);
    resident.arrives = arrives;
    resident.leaves = leaves;
    resident.yaw = random.around(0, 0.22F);
    resident.pitch = random.around(0, 0.18F);
    resident.roll = random.around(0, 0.012F);
    for (float& phase : resident.phase) phase = random.uniform();
    resident.pace = random.between(0.7F, 1.3F);
    resident.mood_phase = random.uniform();
    resident.first_mood = random.below(kMoods);
    resident.mood_step = 1 + random.below(kMoods - 1);
    place(resident);
    residents_.push_back(resident);
}

// Tries some places and sizes; takes the first where nobody is in the way, else the freest.
void Scene::place(Resident& resident) {
    Random random(resident.traits.identity, 13);
    const bool crowd = settings_.arrival == Arrival::kCrowd;
    const float low = static_cast<float>(settings_.min_size);
    const float high = std::max(static_cast<float>(settings_.max_size), low);
    const float sway = 0.36F * std::min(static_cast<float>(settings_.motion), 2.0F);
    float least = 1e9F;
    Resident trial = resident;
    for (int i = 0; i < kPlacesTried && least > 0; ++i) {
        const float draw = random.uniform();
        trial.size = lerp(low, high, draw);
        const float margin_x = std::min((0.42F + sway) * trial.size / aspect(), 0.5F);
        const float margin_top = std::min((0.72F + 0.3F * sway) * trial.size, 0.5F);
        const float margin_bottom = std::min((0.55F + 0.3F * sway) * trial.size, 0.5F);
        const float across = random.uniform();
        trial.x = lerp(margin_x, 1.0F - margin_x, across);
        // In a crowd who stands further down is nearer, and so larger.
        const float down =
            crowd ? unit_clamp(draw + random.between(-0.25F, 0.25F)) : random.uniform();
        trial.y = lerp(margin_top, 1.0F - margin_bottom, down);
        const float crowded = crowding(trial);
        if (crowded >= least) continue;
        least = crowded;
        resident = trial;
    }
    resident.side = resident.x < 0.5F ? -1.0F : 1.0F;
}

// How far the candidate's face would overlap others', summed; 0 when all are clear.
float Scene::crowding(const Resident& candidate) const {
    const float room = settings_.arrival == Arrival::kCrowd ? 0.85F : 1.05F;
    const float sway = 0.30F * static_cast<float>(std::min(settings_.motion, 1.0));
    float overlap = 0;
    for (const Resident& other : residents_) {
        const float sizes = (candidate.size + other.size) * 0.5F;
        const float dx = std::fabs(candidate.x - other.x) * aspect() / (sizes * (room + sway));
        const float dy = std::fabs(candidate.y - other.y) / (sizes * (room + 0.25F));
        overlap += std::max(1.0F - std::max(dx, dy), 0.0F);
    }
    return overlap;
}

}  // namespace facet::drawing
