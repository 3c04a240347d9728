// SPDX-License-Identifier: MIT
// Which boxes non-maximum suppression keeps.
#include "engine/vision/nms.h"

#include <gtest/gtest.h>

namespace facet {
namespace {

Detection detection(Rect box, float confidence, int label_id = 1) {
    Detection made;
    made.box = box;
    made.confidence = confidence;
    made.label_id = label_id;
    return made;
}

std::vector<float> confidences(const std::vector<Detection>& detections) {
    std::vector<float> found;
    for (const Detection& one : detections) found.push_back(one.confidence);
    return found;
}

TEST(NonMaximumSuppression, KeepsTheStrongestOfOverlappingBoxes) {
    std::vector<Detection> detections{detection({0, 0, 10, 10}, 0.5f),
                                      detection({1, 0, 10, 10}, 0.9f),
                                      detection({20, 20, 10, 10}, 0.6f)};
    non_maximum_suppression(detections, 0.3f);
    EXPECT_EQ(confidences(detections), (std::vector<float>{0.9f, 0.6f}));
    EXPECT_FLOAT_EQ(detections[0].box.x, 1);
}

TEST(NonMaximumSuppression, DropsOnlyBeyondTheThreshold) {
    // IoU of the two is exactly 1/3.
    const std::vector<Detection> both{detection({0, 0, 10, 10}, 0.9f),
                                      detection({5, 0, 10, 10}, 0.8f)};
    std::vector<Detection> detections = both;
    non_maximum_suppression(detections, 1.0f / 3);
    EXPECT_EQ(detections.size(), 2u);
    detections = both;
    non_maximum_suppression(detections, 0.33f);
    EXPECT_EQ(detections.size(), 1u);
}

TEST(NonMaximumSuppression, ABoxThatWentSuppressesNoOther) {
    // Each overlaps its neighbour by 1/3; the middle one goes, so the last stays.
    std::vector<Detection> detections{detection({0, 0, 10, 10}, 0.9f),
                                      detection({5, 0, 10, 10}, 0.8f),
                                      detection({10, 0, 10, 10}, 0.7f)};
    non_maximum_suppression(detections, 0.3f);
    EXPECT_EQ(confidences(detections), (std::vector<float>{0.9f, 0.7f}));
}

TEST(NonMaximumSuppression, LeavesOtherLabelsAlone) {
    std::vector<Detection> detections{detection({0, 0, 10, 10}, 0.9f, 1),
                                      detection({0, 0, 10, 10}, 0.8f, 2)};
    non_maximum_suppression(detections, 0.3f);
    EXPECT_EQ(detections.size(), 2u);
}

}  // namespace
}  // namespace facet
