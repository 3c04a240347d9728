// SPDX-License-Identifier: MIT
// Prior boxes and detection lists of the reference backend, worked out by hand.
#include <gmock/gmock.h>

#include <cmath>

#include "tests/backends/reference_evaluation.h"

namespace facet::testing {
namespace {

using ::testing::FloatNear;
using ::testing::Pointwise;
using Floats = std::vector<float>;

TEST(ReferencePriorBoxClustered, PutsEachBoxOnEachCell) {
    PriorBoxClusteredParams params;
    params.width = {20, 40};
    params.height = {10, 30};
    params.variance = {0.1f, 0.1f, 0.2f, 0.3f};
    params.step = 16;
    params.offset = 0.5f;
    // Image 50 high, 100 wide; cells at (8, 8) and (24, 8).
    const Tensor priors = result_of(params, {integers({1, 2}), integers({50, 100})});
    EXPECT_EQ(priors.shape(), (Shape{2, 16}));
    const Floats expected{-0.02f, 0.06f, 0.18f, 0.26f, -0.12f, -0.14f, 0.28f, 0.46f,
                          0.14f,  0.06f, 0.34f, 0.26f, 0.04f,  -0.14f, 0.44f, 0.46f,
                          0.1f,   0.1f,  0.2f,  0.3f,  0.1f,   0.1f,   0.2f,  0.3f,
                          0.1f,   0.1f,  0.2f,  0.3f,  0.1f,   0.1f,   0.2f,  0.3f};
    EXPECT_THAT(floats_of(priors), Pointwise(FloatNear(1e-6f), expected));
}

TEST(ReferencePriorBoxClustered, DerivesTheStepAndClips) {
    PriorBoxClusteredParams params;
    params.width = {80};
    params.height = {10};
    params.clip = true;
    params.offset = 0.5f;
    const Tensor priors = result_of(params, {integers({2, 1}), integers({40, 60})});
    // One column of 60 pixels, two rows of 20: centres (30, 10) and (30, 30).
    EXPECT_THAT(floats_of(priors),
                Pointwise(FloatNear(1e-6f), Floats{0, 0.125f, 1, 0.375f, 0, 0.625f, 1, 0.875f, 0.1f,
                                                   0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f, 0.1f}));
}

TEST(ReferencePriorBox, AddsTheMaximalSquareAndFlippedRatios) {
    PriorBoxParams params;
    params.min_size = {16};
    params.max_size = {36};
    params.aspect_ratio = {4, 1};
    params.flip = true;
    params.step = 20;
    params.offset = 0.5f;
    params.variance = {0.1f};
    const Tensor priors = result_of(params, {integers({1, 1}), integers({100, 100})});
    ASSERT_EQ(priors.shape(), (Shape{2, 16}));
    // Centre (10, 10): 16x16, then sqrt(16 * 36) = 24 squared, then 32x8 and 8x32.
    const Floats expected{0.02f,  0.02f, 0.18f, 0.18f, -0.02f, -0.02f, 0.22f, 0.22f,
                          -0.06f, 0.06f, 0.26f, 0.14f, 0.06f,  -0.06f, 0.14f, 0.26f};
    EXPECT_THAT(floats_of(priors.reshaped(Shape{32})), Pointwise(FloatNear(1e-6f), [&] {
                    Floats all = expected;
                    all.resize(32, 0.1f);
                    return all;
                }()));
}

TEST(ReferencePriorBox, SpreadsDenseBoxesOverTheirSize) {
    PriorBoxParams params;
    params.fixed_size = {32};
    params.density = {2};
    params.step = 64;
    params.offset = 0.5f;
    params.variance = {0.1f};
    const Tensor priors = result_of(params, {integers({1, 1}), integers({64, 64})});
    ASSERT_EQ(priors.shape(), (Shape{2, 16}));
    // Centre 32; centres of the boxes at 32 - 16 + 8 = 24 and 40; half size 16.
    const Floats expected{0.125f, 0.125f, 0.625f, 0.625f, 0.375f, 0.125f, 0.875f, 0.625f,
                          0.125f, 0.375f, 0.625f, 0.875f, 0.375f, 0.375f, 0.875f, 0.875f};
    const Floats all = floats_of(priors);
    EXPECT_THAT(Floats(all.begin(), all.begin() + 16), Pointwise(FloatNear(1e-6f), expected));
}

// Three priors: A, B overlapping A by 3/5 of their union, and C apart.
class ReferenceDetectionOutput : public ::testing::Test {
  protected:
    ReferenceDetectionOutput() {
        params_.num_classes = 2;
        params_.keep_top_k = 3;
        params_.variance_encoded_in_target = true;
        params_.nms_threshold = 0.5f;
        params_.confidence_threshold = 0.1f;
    }
    // Scores of class 1 per prior; the background gets the rest.
    Tensor scores(const Floats& faces, int64_t rows = 1) const {
        Floats values;
        for (const float face : faces) values.insert(values.end(), {1 - face, face});
        return floats({rows, static_cast<int64_t>(values.size()) / rows}, values);
    }
    Floats detect(const Floats& faces, int64_t rows = 1) const {
        const Tensor logits = Tensor::allocate(DataType::kF32, Shape{rows, 12});
        return floats_of(params_, {logits, scores(faces, rows), priors_});
    }
    static Floats image_ids(const Floats& list) {
        Floats ids;
        for (size_t i = 0; i < list.size(); i += 7) ids.push_back(list[i]);
        return ids;
    }

    DetectionOutputParams params_;
    const Tensor priors_ = floats(
        {1, 1, 12}, {0.0f, 0.0f, 0.4f, 0.4f, 0.1f, 0.0f, 0.5f, 0.4f, 0.6f, 0.6f, 0.9f, 0.8f});
    const Floats none_{-1, 0, 0, 0, 0, 0, 0};
};

TEST_F(ReferenceDetectionOutput, KeepsTheBestOfOverlappingBoxes) {
    const Floats list = detect({0.5f, 0.9f, 0.7f});
    Floats expected{0, 1, 0.9f, 0.1f, 0, 0.5f, 0.4f, 0, 1, 0.7f, 0.6f, 0.6f, 0.9f, 0.8f};
    expected.insert(expected.end(), none_.begin(), none_.end());
    EXPECT_THAT(list, Pointwise(FloatNear(1e-6f), expected));
}

TEST_F(ReferenceDetectionOutput, KeepsOverlapsUpToTheThreshold) {
    params_.nms_threshold = 0.61f;
    EXPECT_EQ(image_ids(detect({0.5f, 0.9f, 0.7f})), (Floats{0, 0, 0}));
}

TEST_F(ReferenceDetectionOutput, WantsScoresAboveTheThreshold) {
    params_.confidence_threshold = 0.5f;
    EXPECT_EQ(image_ids(detect({0.5f, 0.2f, 0.7f})), (Floats{0, -1, -1}));
}

TEST_F(ReferenceDetectionOutput, TopKCutsBeforeSuppressionAndKeepTopKAfter) {
    params_.top_k = 2;
    // C, the third best, is cut although B is then suppressed.
    EXPECT_EQ(image_ids(detect({0.9f, 0.8f, 0.3f})), (Floats{0, -1, -1}));
    params_.top_k = -1;
    params_.keep_top_k = 1;
    const Floats best = detect({0.5f, 0.2f, 0.7f});
    ASSERT_EQ(best.size(), 7u);
    EXPECT_FLOAT_EQ(best[2], 0.7f);
}

TEST_F(ReferenceDetectionOutput, GivesEachRowOfABatchItsOwnList) {
    const Floats list = detect({0.9f, 0, 0, 0.2f, 0, 0.8f}, 2);
    EXPECT_EQ(image_ids(list), (Floats{0, -1, -1, 1, 1, -1}));
    EXPECT_FLOAT_EQ(list[3 * 7 + 2], 0.8f);
    EXPECT_FLOAT_EQ(list[4 * 7 + 2], 0.2f);
}

TEST_F(ReferenceDetectionOutput, DecodesCentreAndSizeWithVariances) {
    params_.variance_encoded_in_target = false;
    params_.code_type = DetectionOutputParams::CodeType::kCenterSize;
    params_.clip_after_nms = true;
    const Tensor priors = floats({1, 2, 4}, {0.2f, 0.4f, 0.6f, 0.6f, 0.1f, 0.1f, 0.2f, 0.2f});
    const Tensor logits = floats({1, 4}, {5, -10, 5 * std::log(2.0f), 5 * std::log(6.0f)});
    // Centre (0.4, 0.5) moves by (0.5 * 0.4, -1 * 0.2); 0.4 x 0.2 grows to 0.8 x 1.2, and is cut.
    const Floats list = floats_of(params_, {logits, scores({0.9f}), priors});
    Floats expected{0, 1, 0.9f, 0.2f, 0, 1, 0.9f};
    for (int i = 0; i < 2; ++i) expected.insert(expected.end(), none_.begin(), none_.end());
    EXPECT_THAT(list, Pointwise(FloatNear(1e-6f), expected));
}

TEST_F(ReferenceDetectionOutput, OrdersByLabelAndLetsClassesOverlap) {
    params_.num_classes = 3;
    params_.keep_top_k = 2;
    const Tensor logits = Tensor::allocate(DataType::kF32, Shape{1, 12});
    const Tensor three = floats({1, 9}, {0, 0.3f, 0.9f, 0, 0.6f, 0, 0, 0, 0.5f});
    const Floats list = floats_of(params_, {logits, three, priors_});
    // Label 1 keeps B (0.6) over A (0.3); label 2 keeps A and C; the best two of all stay.
    EXPECT_EQ(list[1], 1.0f);
    EXPECT_FLOAT_EQ(list[2], 0.6f);
    EXPECT_EQ(list[7 + 1], 2.0f);
    EXPECT_FLOAT_EQ(list[7 + 2], 0.9f);
}

TEST_F(ReferenceDetectionOutput, BestClassOnlyWhenLabelsAreDecreased) {
    params_.num_classes = 3;
    params_.decrease_label_id = true;
    const Tensor logits = Tensor::allocate(DataType::kF32, Shape{1, 12});
    const Tensor three = floats({1, 9}, {0, 0.3f, 0.9f, 0, 0.6f, 0.2f, 0, 0, 0.05f});
    const Floats list = floats_of(params_, {logits, three, priors_});
    EXPECT_EQ(image_ids(list), (Floats{0, 0, -1}));
    EXPECT_EQ(list[1], 0.0f);
    EXPECT_FLOAT_EQ(list[2], 0.6f);
    EXPECT_EQ(list[7 + 1], 1.0f);
    EXPECT_FLOAT_EQ(list[7 + 2], 0.9f);
}

}  // namespace
}  // namespace facet::testing
