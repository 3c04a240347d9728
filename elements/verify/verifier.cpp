// SPDX-License-Identifier: MIT
// Truth against results, face by face.
#include "elements/verify/verifier.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace facet {
namespace {

constexpr double kOtherAge = 10;  // years: further off is somebody else's age
// Heights of faces in pixels: what models shrink, what they see as it is, what they enlarge.
constexpr double kSmallBelow = 48, kLargeFrom = 96;

const char* size_class(const TrueFace& truth) {
    if (truth.height < kSmallBelow) return "small";
    return truth.height < kLargeFrom ? "medium" : "large";
}

struct Said {
    const FaceAttribute* gender;
    const FaceAttribute* mood;
    const FaceAttribute* age;  // with a value

    explicit Said(const Face& face)
        : gender(face.attribute("gender")),
          mood(face.attribute("mood")),
          age(face.attribute("age")) {
        if (age && !age->value) age = nullptr;
    }
    [[nodiscard]] bool all() const { return gender && mood && age; }
    // Of gender, mood and age. Precondition: all().
    [[nodiscard]] int contradictions(const TrueFace& truth) const {
        return (gender->label != truth.gender ? 1 : 0) + (mood->label != truth.mood ? 1 : 0) +
               (std::abs(*age->value - truth.age) > kOtherAge ? 1 : 0);
    }
};

bool is_swapped(const std::vector<TrueFace>& truths, const TrueFace& own, const Said& said) {
    return said.all() && said.contradictions(own) >= 2 &&
           std::any_of(truths.begin(), truths.end(),
                       [&](const TrueFace& truth) { return said.contradictions(truth) == 0; });
}

bool is_misplaced(const Face& face, uint64_t pts) {
    return std::any_of(face.attributes.begin(), face.attributes.end(), [&](const auto& attribute) {
        const FaceProvenance& source = attribute.provenance;
        return !source.reused && source.source_pts != GST_CLOCK_TIME_NONE &&
               source.source_pts != pts;
    });
}

void look_behind(const char* kind, const Groups& groups, const Tally& all, GroupGap& worst) {
    const std::pair<const char*, Score Tally::*> measures[] = {
        {"recall", &Tally::found}, {"gender", &Tally::gender}, {"mood", &Tally::mood}};
    for (const auto& [name, group] : groups)
        for (const auto& [measure, score] : measures) {
            if ((group.*score).of < kLeastGroup) continue;
            const double behind = 100 * (*(all.*score).share() - *(group.*score).share());
            if (behind <= worst.points) continue;
            worst = {behind, std::string(kind) + " " + name + ": " + measure};
        }
}

}  // namespace

std::optional<double> Score::share() const {
    if (of == 0) return std::nullopt;
    return static_cast<double>(right) / static_cast<double>(of);
}

std::optional<double> Tally::mean_age_error() const {
    if (aged == 0) return std::nullopt;
    return age_error / static_cast<double>(aged);
}

std::optional<double> Findings::precision() const {
    return Score{all.found.right + invented, all.found.right}.share();
}

std::optional<GroupGap> worst_group_gap(const Findings& findings) {
    if (findings.all.found.of < kLeastGroup) return std::nullopt;
    GroupGap worst;
    look_behind("skin_tone", findings.by_skin_tone, findings.all, worst);
    look_behind("size", findings.by_size, findings.all, worst);
    look_behind("lighting", findings.by_lighting, findings.all, worst);
    return worst;
}

void Verifier::add(const std::optional<GroundTruth>& truth, const std::vector<Face>& faces,
                   std::optional<uint64_t> pts) {
    if (!truth) {
        ++findings_.unknown_frames;
        return;
    }
    ++findings_.frames;
    const std::vector<TrueFace>& truths = truth->faces;
    const FaceMatching matching = match_faces(truths, faces, least_iou_, least_visible_);
    findings_.excused_truths += matching.excused_truths;
    findings_.excused_detections += matching.excused_faces;
    findings_.invented += matching.invented.size();
    for (const size_t missed : matching.missed)
        for (Tally* tally : tallies(truths[missed])) ++tally->found.of;
    for (const FaceMatching::Pair& pair : matching.pairs)
        add_found(truths, truths[pair.truth], faces[pair.face], pts);
}

void Verifier::add_found(const std::vector<TrueFace>& truths, const TrueFace& truth,
                         const Face& face, std::optional<uint64_t> pts) {
    for (Tally* tally : tallies(truth)) {
        ++tally->found.of;
        ++tally->found.right;
    }
    if (!face.skipped.empty()) ++findings_.skipped;
    if (face.attributes.empty() && face.skipped.empty()) ++findings_.unclassified;
    if (is_swapped(truths, truth, Said(face))) ++findings_.swapped;
    if (pts && is_misplaced(face, *pts)) ++findings_.misplaced;
    add_attributes(truth, face);
    add_identity(truth, face);
}

void Verifier::add_attributes(const TrueFace& truth, const Face& face) {
    const Said said(face);
    for (Tally* tally : tallies(truth)) {
        if (said.gender) {
            ++tally->gender.of;
            tally->gender.right += said.gender->label == truth.gender ? 1 : 0;
        }
        if (said.mood) {
            ++tally->mood.of;
            tally->mood.right += said.mood->label == truth.mood ? 1 : 0;
        }
        if (said.age) {
            ++tally->aged;
            tally->age_error += std::abs(*said.age->value - truth.age);
        }
    }
    if (said.gender) ++findings_.gender[truth.gender][said.gender->label];
    if (said.mood) ++findings_.mood[truth.mood][said.mood->label];
}

void Verifier::add_identity(const TrueFace& truth, const Face& face) {
    if (!face.object_id) return;
    ++findings_.tracked;
    const auto [last, first_time] = last_track_.try_emplace(truth.identity, *face.object_id);
    if (!first_time && last->second != *face.object_id) ++findings_.identity_switches;
    last->second = *face.object_id;
}

std::vector<Tally*> Verifier::tallies(const TrueFace& truth) {
    return {&findings_.all, &findings_.by_skin_tone[std::to_string(truth.skin_tone)],
            &findings_.by_size[size_class(truth)], &findings_.by_lighting[truth.lighting]};
}

}  // namespace facet
