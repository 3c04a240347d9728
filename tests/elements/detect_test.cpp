// SPDX-License-Identifier: MIT
// facetdetect: detections as regions of interest.
#include <gtest/gtest.h>

#include "gst/face_meta.h"
#include "tests/support/filter_fixture.h"

namespace facet {
namespace {

using testing::painted_frame;
using testing::PuppetMode;

class Detect : public testing::FilterFixture {
  protected:
    // Detections at these boxes on every frame.
    void use_boxes(const std::vector<Rect>& boxes) {
        use(PuppetMode::kAtOnce, [boxes](CropBuffer&) {
            ItemResult result;
            for (const Rect& box : boxes) {
                Detection detection;
                detection.box = box;
                detection.confidence = 0.75f;
                detection.label_id = 1;
                detection.label = "face";
                result.detections.push_back(detection);
            }
            return result;
        });
    }
    static std::vector<Face> pull_faces(GstHarness* harness) {
        const Ref<GstBuffer> buffer = adopt(gst_harness_pull(harness));
        return read_faces(buffer.get());
    }
};

TEST_F(Detect, ADetectionBecomesAFaceInPixels) {
    use_boxes({{0.25f, 0.5f, 0.25f, 0.125f}});
    GstHarness* harness = start("facetdetect");
    gst_harness_push(harness, painted_frame(0, {}));
    const auto faces = pull_faces(harness);
    ASSERT_EQ(faces.size(), 1u);
    EXPECT_EQ(faces[0].type, "face");
    EXPECT_EQ(faces[0].x, 8);
    EXPECT_EQ(faces[0].y, 16);
    EXPECT_EQ(faces[0].width, 8);
    EXPECT_EQ(faces[0].height, 4);
    EXPECT_DOUBLE_EQ(faces[0].confidence, 0.75);
    EXPECT_EQ(faces[0].detection_model, "Detect.ADetectionBecomesAFaceInPixels");
}

TEST_F(Detect, BoxesAreClippedToTheFrameAndLostOnesDropped) {
    use_boxes({{-0.5f, -0.5f, 1, 1}, {0.5f, 0.5f, 9, 9}, {2, 2, 1, 1}, {0.5f, 0.5f, 0.001f, 0.5f}});
    GstHarness* harness = start("facetdetect");
    gst_harness_push(harness, painted_frame(0, {}));
    const auto faces = pull_faces(harness);
    ASSERT_EQ(faces.size(), 2u);
    EXPECT_EQ(faces[0].x, 0);
    EXPECT_EQ(faces[0].width, 16);
    EXPECT_EQ(faces[1].x, 16);
    EXPECT_EQ(faces[1].width, 16);
}

TEST_F(Detect, OnlyEveryNthFrameIsLookedAt) {
    use_boxes({{0, 0, 1, 1}});
    GstHarness* harness = start("facetdetect", {{"inference-interval", "3"}});
    std::vector<size_t> faces;
    for (int i = 0; i < 7; ++i) {
        gst_harness_push(harness, painted_frame(i, {}));
        faces.push_back(pull_faces(harness).size());
    }
    EXPECT_EQ(faces, (std::vector<size_t>{1, 0, 0, 1, 0, 0, 1}));
}

TEST_F(Detect, TheWholeFrameIsTheCrop) {
    std::vector<uint8_t> corners;
    use(PuppetMode::kAtOnce, [&](CropBuffer& crops) {
        const auto pixels = crops.pixels(0);
        corners = {pixels[0], pixels[pixels.size() - 1]};
        return ItemResult{};
    });
    GstHarness* harness = start("facetdetect");
    gst_harness_push(harness, painted_frame(0, {{0, 0, 8, 40}, {24, 24, 8, 90}}));
    gst_buffer_unref(gst_harness_pull(harness));
    EXPECT_EQ(corners, (std::vector<uint8_t>{40, 90}));
}

TEST_F(Detect, PrecisionReachesTheSessionByEveryNick) {
    size_t opened = 0;
    for (const PrecisionName& entry : kPrecisionNames) {
        GstHarness* harness = start("facetdetect", {{"precision", std::string(entry.name)}});
        gst_harness_push(harness, painted_frame(0, {}));
        ASSERT_EQ(sessions_opened(), opened + 1) << "sessions of other precisions are not shared";
        EXPECT_EQ(puppet(opened++)->settings().precision, entry.precision) << entry.name;
    }
}

TEST_F(Detect, ThresholdAndModelInfoReachTheSession) {
    GstHarness* harness = start(
        "facetdetect", {{"threshold", "0.25"}, {"model-info", "my.json"}, {"timeout", "2.5"}});
    gst_harness_push(harness, painted_frame(0, {}));
    EXPECT_EQ(puppet()->settings().threshold, std::optional<float>(0.25f));
    EXPECT_EQ(puppet()->settings().models[0].info, "my.json");
    EXPECT_EQ(puppet()->settings().timeout, std::chrono::microseconds(2500));
    EXPECT_EQ(puppet()->settings().max_batch, 4);
}

}  // namespace
}  // namespace facet
