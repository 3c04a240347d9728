// SPDX-License-Identifier: MIT
// Matching, tallies, signs of mixed-up faces and group gaps, on faces made by hand.
#include <gtest/gtest.h>

#include "elements/verify/verifier.h"

namespace facet {
namespace {

TrueFace true_face(double x, double age = 30, const char* gender = "female",
                   const char* mood = "happy") {
    TrueFace face;
    face.identity = static_cast<uint64_t>(x) + 1;
    face.x = x;
    face.width = face.height = 100;
    face.age = age;
    face.gender = gender;
    face.mood = mood;
    face.lighting = "even";
    return face;
}

// A detection of the same size, `shift` pixels beside a true face at `x`.
Face detection(int x, double confidence = 0.9) {
    Face face;
    face.x = x;
    face.width = face.height = 100;
    face.confidence = confidence;
    return face;
}

FaceAttribute label(const char* name, const char* text) {
    FaceAttribute attribute;
    attribute.name = name;
    attribute.label = text;
    return attribute;
}

Face classified(int x, double age, const char* gender, const char* mood) {
    Face face = detection(x);
    FaceAttribute years = label("age", "");
    years.value = age;
    face.attributes = {years, label("gender", gender), label("mood", mood)};
    return face;
}

Findings findings_of(const std::vector<TrueFace>& truths, const std::vector<Face>& faces,
                     std::optional<uint64_t> pts = std::nullopt) {
    Verifier verifier(0.5, 0.6);
    verifier.add(GroundTruth{0, truths}, faces, pts);
    return verifier.findings();
}

TEST(FaceMatching, OverlapDecidesAtTheThreshold) {
    // Shifted by 33 of 100: 67 / 133 = 0.504. By 34: 66 / 134 = 0.493.
    EXPECT_EQ(match_faces({true_face(0)}, {detection(33)}, 0.5, 0).pairs.size(), 1u);
    const FaceMatching off = match_faces({true_face(0)}, {detection(34)}, 0.5, 0);
    EXPECT_TRUE(off.pairs.empty());
    EXPECT_EQ(off.missed, std::vector<size_t>{0});
    EXPECT_EQ(off.invented, std::vector<size_t>{0});
}

TEST(FaceMatching, TheMoreConfidentOfTwoDetectionsHasTheFace) {
    const FaceMatching matching =
        match_faces({true_face(0)}, {detection(0, 0.6), detection(10, 0.9)}, 0.5, 0);
    ASSERT_EQ(matching.pairs.size(), 1u);
    EXPECT_EQ(matching.pairs[0].face, 1u);
    EXPECT_EQ(matching.invented, std::vector<size_t>{0});
}

TEST(FaceMatching, ADetectionTakesTheFaceItOverlapsMost) {
    const FaceMatching matching =
        match_faces({true_face(0), true_face(30)}, {detection(25)}, 0.5, 0);
    ASSERT_EQ(matching.pairs.size(), 1u);
    EXPECT_EQ(matching.pairs[0].truth, 1u);
    EXPECT_EQ(matching.missed, std::vector<size_t>{0});
}

TEST(FaceMatching, AHiddenFaceIsNobodysMissAndFindingItIsNoInvention) {
    TrueFace hidden = true_face(0);
    hidden.visible = 0.59;
    Face part = detection(0);
    part.width = 20;  // lies within the face, covers a fifth of it
    const FaceMatching matching = match_faces({hidden}, {part}, 0.5, 0.6);
    EXPECT_TRUE(matching.pairs.empty() && matching.missed.empty() && matching.invented.empty());
    EXPECT_EQ(matching.excused_truths, 1u);
    EXPECT_EQ(matching.excused_faces, 1u);
}

TEST(FaceMatching, AFaceOutsideTheFrameExcusesNothing) {
    TrueFace outside = true_face(0);
    outside.width = outside.height = 0;
    const FaceMatching matching = match_faces({outside}, {detection(0)}, 0.5, 0.6);
    EXPECT_EQ(matching.excused_truths, 1u);
    EXPECT_EQ(matching.invented.size(), 1u);
}

TEST(Verifier, RecallAndPrecisionAreOfTheFacesThatCount) {
    // Three faces, two of them found, and one detection of nothing.
    const Findings findings = findings_of({true_face(0), true_face(200), true_face(400)},
                                          {detection(0), detection(200), detection(600)});
    EXPECT_DOUBLE_EQ(*findings.all.found.share(), 2.0 / 3);
    EXPECT_DOUBLE_EQ(*findings.precision(), 2.0 / 3);
    EXPECT_EQ(findings.unclassified, 2u);
    EXPECT_FALSE(findings.all.gender.share().has_value());
}

TEST(Verifier, AttributesAreJudgedOnTheFacesFound) {
    const Findings findings =
        findings_of({true_face(0, 30, "female", "happy"), true_face(200, 50, "male", "sad"),
                     true_face(400, 70, "male", "anger")},
                    {classified(0, 33, "female", "happy"), classified(200, 45, "female", "sad")});
    EXPECT_DOUBLE_EQ(*findings.all.gender.share(), 0.5);
    EXPECT_DOUBLE_EQ(*findings.all.mood.share(), 1.0);
    EXPECT_DOUBLE_EQ(*findings.all.mean_age_error(), 4.0);  // 3 and 5
    EXPECT_EQ(findings.gender.at("male").at("female"), 1u);
    EXPECT_EQ(findings.mood.at("sad").at("sad"), 1u);
    EXPECT_EQ(findings.mood.count("anger"), 0u) << "a missed face has no mood to confuse";
}

TEST(Verifier, ResultsDealtToEachOthersFacesAreSwapped) {
    const std::vector<TrueFace> truths = {true_face(0, 20, "female", "happy"),
                                          true_face(200, 60, "male", "sad")};
    EXPECT_EQ(findings_of(truths, {classified(0, 62, "male", "sad"),
                                   classified(200, 18, "female", "happy")})
                  .swapped,
              2u);
}

TEST(Verifier, AnErrorThatFitsNobodyElseIsNotASwap) {
    const std::vector<TrueFace> truths = {true_face(0, 20, "female", "happy"),
                                          true_face(200, 60, "male", "sad")};
    // One contradiction; then two that fit nobody.
    EXPECT_EQ(findings_of(truths, {classified(0, 20, "male", "happy")}).swapped, 0u);
    EXPECT_EQ(findings_of(truths, {classified(0, 20, "male", "anger")}).swapped, 0u);
}

TEST(Verifier, AResultOfAnotherFrameIsMisplacedUnlessReused) {
    Face face = classified(0, 30, "female", "happy");
    face.attributes[1].provenance.source_pts = 40;
    EXPECT_EQ(findings_of({true_face(0)}, {face}, 80).misplaced, 1u);
    EXPECT_EQ(findings_of({true_face(0)}, {face}, 40).misplaced, 0u);
    EXPECT_EQ(findings_of({true_face(0)}, {face}).misplaced, 0u) << "a frame without a time";
    face.attributes[1].provenance.reused = true;
    EXPECT_EQ(findings_of({true_face(0)}, {face}, 80).misplaced, 0u);
}

TEST(Verifier, ASwitchOfIdentityIsCountedWhenTheFaceComesBackUnderAnotherId) {
    Verifier verifier(0.5, 0.6);
    const auto see = [&](std::optional<int> id) {
        std::vector<Face> faces;
        if (id) faces.push_back(detection(0));
        if (id) faces[0].object_id = id;
        verifier.add(GroundTruth{0, {true_face(0)}}, faces, std::nullopt);
    };
    for (const std::optional<int> id : {std::optional(7), std::optional(7), std::optional<int>(),
                                        std::optional(9), std::optional(9), std::optional(7)})
        see(id);
    EXPECT_EQ(verifier.findings().tracked, 5u);
    EXPECT_EQ(verifier.findings().identity_switches, 2u);
}

TEST(Verifier, FramesWithoutTruthAreCountedAndNothingElseOfThem) {
    Verifier verifier(0.5, 0.6);
    verifier.add(std::nullopt, {detection(0)}, std::nullopt);
    EXPECT_EQ(verifier.findings().unknown_frames, 1u);
    EXPECT_EQ(verifier.findings().frames, 0u);
    EXPECT_EQ(verifier.findings().invented, 0u);
}

TEST(Verifier, SaysWhichFacesHadAReasonForHavingNoResult) {
    Face late = detection(0);
    late.skipped = "late";
    const Findings findings = findings_of({true_face(0), true_face(200)}, {late, detection(200)});
    EXPECT_EQ(findings.skipped, 1u);
    EXPECT_EQ(findings.unclassified, 1u);
}

TEST(WorstGroupGap, IsThatOfTheGroupFurthestBehindWithFacesEnough) {
    Verifier verifier(0.5, 0.6);
    TrueFace dark = true_face(0);
    dark.skin_tone = 5;
    // 300 light faces found, 270 of 300 dark ones; 570 of 600 in all: 95 % against 90 %.
    for (int i = 0; i < 300; ++i) {
        verifier.add(GroundTruth{0, {true_face(0)}}, {detection(0)}, std::nullopt);
        verifier.add(GroundTruth{0, {dark}}, {detection(i < 270 ? 0 : 500)}, std::nullopt);
    }
    // Two small faces, missed: too few to tell.
    TrueFace small = true_face(0);
    small.height = 20;
    verifier.add(GroundTruth{0, {small, small}}, {}, std::nullopt);
    const auto gap = worst_group_gap(verifier.findings());
    ASSERT_TRUE(gap.has_value());
    EXPECT_EQ(gap->group, "skin_tone 5: recall");
    EXPECT_NEAR(gap->points, 100.0 * (570.0 / 602 - 270.0 / 300), 1e-9);
    EXPECT_EQ(verifier.findings().by_size.at("small").found.of, 2u);
}

}  // namespace
}  // namespace facet
