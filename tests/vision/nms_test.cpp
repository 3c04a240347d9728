// SPDX-License-Identifier: MIT
// Which boxes non-maximum suppression keeps.
#include "engine/vision/nms.h"

#include <gtest/gtest.h>

namespace facet {
namespace {

BoxCandidate candidate(Rect box, float confidence, int label_id = 1, size_t source = 0) {
    return {box, confidence, label_id, source};
}

std::vector<float> confidences(const std::vector<BoxCandidate>& candidates) {
    std::vector<float> found;
    for (const BoxCandidate& one : candidates) found.push_back(one.confidence);
    return found;
}

TEST(NonMaximumSuppression, KeepsTheStrongestOfOverlappingBoxes) {
    std::vector<BoxCandidate> candidates{candidate({0, 0, 10, 10}, 0.5f),
                                         candidate({1, 0, 10, 10}, 0.9f),
                                         candidate({20, 20, 10, 10}, 0.6f)};
    non_maximum_suppression(candidates, 0.3f);
    EXPECT_EQ(confidences(candidates), (std::vector<float>{0.9f, 0.6f}));
    EXPECT_FLOAT_EQ(candidates[0].box.x, 1);
}

TEST(NonMaximumSuppression, DropsOnlyBeyondTheThreshold) {
    // IoU of the two is exactly 1/3.
    const std::vector<BoxCandidate> both{candidate({0, 0, 10, 10}, 0.9f),
                                         candidate({5, 0, 10, 10}, 0.8f)};
    std::vector<BoxCandidate> candidates = both;
    non_maximum_suppression(candidates, 1.0f / 3);
    EXPECT_EQ(candidates.size(), 2u);
    candidates = both;
    non_maximum_suppression(candidates, 0.33f);
    EXPECT_EQ(candidates.size(), 1u);
}

TEST(NonMaximumSuppression, ABoxThatWentSuppressesNoOther) {
    // Each overlaps its neighbour by 1/3; the middle one goes, so the last stays.
    std::vector<BoxCandidate> candidates{candidate({0, 0, 10, 10}, 0.9f),
                                         candidate({5, 0, 10, 10}, 0.8f),
                                         candidate({10, 0, 10, 10}, 0.7f)};
    non_maximum_suppression(candidates, 0.3f);
    EXPECT_EQ(confidences(candidates), (std::vector<float>{0.9f, 0.7f}));
}

TEST(NonMaximumSuppression, LeavesOtherLabelsAlone) {
    std::vector<BoxCandidate> candidates{candidate({0, 0, 10, 10}, 0.9f, 1),
                                         candidate({0, 0, 10, 10}, 0.8f, 2)};
    non_maximum_suppression(candidates, 0.3f);
    EXPECT_EQ(candidates.size(), 2u);
}

TEST(NonMaximumSuppression, GoesByTheSourceWhereConfidencesAreEqual) {
    std::vector<BoxCandidate> candidates{candidate({0, 0, 10, 10}, 0.9f, 1, 7),
                                         candidate({1, 0, 10, 10}, 0.9f, 1, 3)};
    non_maximum_suppression(candidates, 0.3f);
    ASSERT_EQ(candidates.size(), 1u);
    EXPECT_EQ(candidates[0].source, 3u);
}

}  // namespace
}  // namespace facet
