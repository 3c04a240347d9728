// SPDX-License-Identifier: MIT
// facetclassify: which faces are run, and what is written on them.
#include <gst/video/gstvideometa.h>
#include <gtest/gtest.h>

#include "gst/face_meta.h"
#include "tests/support/filter_fixture.h"

namespace facet {
namespace {

using testing::painted_frame;
using testing::PuppetMode;

class Classify : public testing::FilterFixture {};

std::vector<Face> pull_faces(GstHarness* harness) {
    const Ref<GstBuffer> buffer = adopt(gst_harness_pull(harness));
    return buffer ? read_faces(buffer.get()) : std::vector<Face>{};
}

double pixel(const Face& face) {
    const FaceAttribute* attribute = face.attribute("pixel");
    return attribute != nullptr && attribute->value ? *attribute->value : -1;
}

TEST_F(Classify, EachFaceGetsTheResultOfItsOwnPixelsWhateverTheOrderOfResults) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetclassify");
    gst_harness_push(harness, painted_frame(0, {{0, 0, 8, 10}, {16, 16, 8, 20}}));
    gst_harness_push(harness, painted_frame(1, {{0, 0, 8, 30}}));
    ASSERT_EQ(puppet()->waiting(), 3u);
    puppet()->finish(2);
    puppet()->finish(1);
    puppet()->finish(0);
    const auto first = pull_faces(harness);
    ASSERT_EQ(first.size(), 2u);
    EXPECT_EQ(pixel(first[0]), 10);
    EXPECT_EQ(pixel(first[1]), 20);
    const auto second = pull_faces(harness);
    ASSERT_EQ(second.size(), 1u);
    EXPECT_EQ(pixel(second[0]), 30);
}

TEST_F(Classify, FacesOfTheSameRectangleKeepTheirOwnResults) {
    int answers = 0;
    use(PuppetMode::kAtOnce, [&](CropBuffer& crops) {
        ItemResult result = testing::first_pixel(crops);
        result.attributes.front().value = static_cast<float>(++answers);
        return result;
    });
    GstHarness* harness = start("facetclassify");
    gst_harness_push(harness, painted_frame(0, {{0, 0, 8, 10}, {0, 0, 8, 10}}));
    const auto faces = pull_faces(harness);
    ASSERT_EQ(faces.size(), 2u);
    EXPECT_EQ(pixel(faces[0]), 1);
    EXPECT_EQ(pixel(faces[1]), 2);
}

TEST_F(Classify, AttributesSayHowTheyCameAbout) {
    GstHarness* harness = start("facetclassify");
    gst_harness_push(harness, painted_frame(2, {{0, 0, 8, 10}, {8, 8, 8, 11}}));
    const auto faces = pull_faces(harness);
    ASSERT_EQ(faces.size(), 2u);
    const FaceAttribute* attribute = faces[1].attribute("pixel");
    ASSERT_NE(attribute, nullptr);
    EXPECT_EQ(attribute->model_name, "puppet");
    EXPECT_EQ(attribute->provenance.device, "PUPPET");
    EXPECT_EQ(attribute->provenance.batch_id, 1u);
    EXPECT_EQ(attribute->provenance.batch_size, 2);
    EXPECT_EQ(attribute->provenance.batch_streams, 1);
    EXPECT_EQ(attribute->provenance.source_pts, 2 * testing::kFrameTime);
    EXPECT_FALSE(attribute->provenance.reused);
}

TEST_F(Classify, SmallFacesAreSkippedAndSaySo) {
    GstHarness* harness = start("facetclassify", {{"min-size", "8"}});
    gst_harness_push(harness, painted_frame(0, {{0, 0, 7, 10}, {16, 16, 8, 20}}));
    const auto faces = pull_faces(harness);
    ASSERT_EQ(faces.size(), 2u);
    EXPECT_EQ(faces[0].skipped, "too-small");
    EXPECT_EQ(faces[0].skipped_detail, "7x7 pixels, min-size is 8");
    EXPECT_EQ(pixel(faces[0]), -1);
    EXPECT_EQ(faces[1].skipped, "");
    EXPECT_EQ(pixel(faces[1]), 20);
}

TEST_F(Classify, OnlyRegionsOfTheClassAreRunAndTheClassMayChangeWhilePlaying) {
    GstHarness* harness = start("facetclassify");
    gst_harness_push(harness, painted_frame(0, {{0, 0, 8, 10}, {16, 16, 8, 20, "car"}}));
    auto faces = pull_faces(harness);
    EXPECT_EQ(pixel(faces[0]), 10);
    EXPECT_EQ(pixel(faces[1]), -1);
    gst_harness_set(harness, "facetclassify", "object-class", "", nullptr);
    gst_harness_push(harness, painted_frame(1, {{0, 0, 8, 10}, {16, 16, 8, 20, "car"}}));
    faces = pull_faces(harness);
    EXPECT_EQ(pixel(faces[0]), 10);
    EXPECT_EQ(pixel(faces[1]), 20);
}

TEST_F(Classify, RoiScaleWidensTheCrop) {
    GstHarness* harness = start("facetclassify", {{"roi-scale", "3"}});
    // The face is 4 pixels of 200 inside a larger patch of 50, which the widened crop starts in.
    GstBuffer* frame = painted_frame(0, {{4, 4, 16, 50, "patch"}, {10, 10, 4, 200}});
    gst_harness_push(harness, frame);
    EXPECT_EQ(pixel(pull_faces(harness)[1]), 50);
}

TEST_F(Classify, AFaceWithoutResultSaysWhyAndTheOthersHaveTheirs) {
    use(PuppetMode::kAtOnce, [](CropBuffer& crops) {
        ItemResult result = testing::first_pixel(crops);
        if (crops.pixels(0)[0] == 10) result.error = Error{ErrorCode::kDevice, "puppet tripped"};
        return result;
    });
    GstHarness* harness = start("facetclassify");
    gst_harness_push(harness, painted_frame(0, {{0, 0, 8, 10}, {16, 16, 8, 20}}));
    const auto faces = pull_faces(harness);
    EXPECT_EQ(faces[0].skipped, "failed");
    EXPECT_EQ(faces[0].skipped_detail, "Device error: puppet tripped");
    EXPECT_EQ(pixel(faces[1]), 20);
    EXPECT_TRUE(errors().empty());
}

TEST_F(Classify, ADeviceThatKeepsFailingPostsOneError) {
    use(PuppetMode::kAtOnce, [](CropBuffer&) {
        ItemResult result;
        result.error = Error{ErrorCode::kDevice, "puppet lies flat"};
        return result;
    });
    GstHarness* harness = start("facetclassify");
    GstFlowReturn flow = GST_FLOW_OK;
    for (int i = 0; flow == GST_FLOW_OK; ++i)
        flow = gst_harness_push(harness, painted_frame(i, {{0, 0, 8, 10}}));
    EXPECT_EQ(flow, GST_FLOW_ERROR);
    const auto posted = errors();
    ASSERT_EQ(posted.size(), 1u);
    EXPECT_EQ(posted[0].domain, GST_RESOURCE_ERROR);
    EXPECT_EQ(posted[0].text, "Device error: puppet lies flat");
}

TEST_F(Classify, ARegionOutsideTheFrameIsSkippedAsFailed) {
    GstHarness* harness = start("facetclassify");
    GstBuffer* frame = painted_frame(0, {});
    gst_buffer_add_video_region_of_interest_meta(frame, "face", 100, 100, 8, 8);
    gst_harness_push(harness, frame);
    const auto faces = pull_faces(harness);
    ASSERT_EQ(faces.size(), 1u);
    EXPECT_EQ(faces[0].skipped, "failed");
}

}  // namespace
}  // namespace facet
