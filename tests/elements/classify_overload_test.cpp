// SPDX-License-Identifier: MIT
// facetclassify when not every face can, or need, be classified: known faces, overload, lateness;
// and the figures it gives.
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "gst/face_meta.h"
#include "tests/support/filter_fixture.h"

namespace facet {
namespace {

using testing::kFrameTime;
using testing::painted_frame;
using testing::PaintedFace;
using testing::PuppetMode;

class ClassifyOverload : public testing::FilterFixture {
  protected:
    // The faces of one frame after the element.
    static std::vector<Face> faces_of(GstHarness* harness, int index,
                                      const std::vector<PaintedFace>& faces, int object_id = -1) {
        GstBuffer* frame = painted_frame(index, faces);
        if (object_id >= 0) {
            gpointer state = nullptr;
            while (GstMeta* meta = gst_buffer_iterate_meta_filtered(
                       frame, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))
                gst_video_region_of_interest_meta_add_param(
                    reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta),
                    gst_structure_new("object_id", "id", G_TYPE_INT, object_id, nullptr));
        }
        EXPECT_EQ(gst_harness_push(harness, frame), GST_FLOW_OK);
        const Ref<GstBuffer> out = adopt(gst_harness_pull(harness));
        return read_faces(out.get());
    }
    // Items whose first pixel is this one are shed.
    void use_shedding(uint8_t pixel) {
        use(PuppetMode::kAtOnce, [pixel](CropBuffer& crops) {
            if (crops.pixels(0)[0] != pixel) return testing::first_pixel(crops);
            ItemResult result;
            result.error = Error{ErrorCode::kOverload, "the device cannot keep up"};
            return result;
        });
    }
    static void tell_late(GstHarness* harness, GstClockTime time, GstClockTimeDiff lateness) {
        gst_harness_push_upstream_event(
            harness, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.0, lateness, time));
    }
};

TEST_F(ClassifyOverload, AKnownFaceKeepsItsAttributesUntilTheIntervalIsOver) {
    GstHarness* harness = start("facetclassify", {{"reclassify-interval", "100"}});
    // Each frame is 33 ms after the one before; the face moves, and its colour changes.
    for (int i = 0; i < 8; ++i) {
        const auto faces = faces_of(harness, i, {{i, 2, 12, static_cast<uint8_t>(10 + i)}});
        const FaceAttribute* pixel = faces[0].attribute("pixel");
        ASSERT_NE(pixel, nullptr) << i;
        const int classified = i < 4 ? 0 : 4;
        EXPECT_EQ(pixel->value, std::optional<double>(10 + classified)) << i;
        EXPECT_EQ(pixel->provenance.reused, i != classified) << i;
        EXPECT_EQ(pixel->provenance.source_pts, classified * kFrameTime) << i;
    }
    EXPECT_EQ(puppet()->batch_sizes().size(), 2u);
    EXPECT_EQ(puppet()->fillers(), 1u) << "only the second look can wait for room";
}

TEST_F(ClassifyOverload, AFaceSomewhereElseIsAnotherFace) {
    GstHarness* harness = start("facetclassify", {{"reclassify-interval", "1000"}});
    faces_of(harness, 0, {{0, 0, 8, 10}});
    const auto faces = faces_of(harness, 1, {{20, 20, 8, 20}});
    EXPECT_EQ(faces[0].attribute("pixel")->value, std::optional<double>(20));
    EXPECT_FALSE(faces[0].attribute("pixel")->provenance.reused);
}

TEST_F(ClassifyOverload, ATrackedFaceIsKnownWhereverItIs) {
    GstHarness* harness = start("facetclassify", {{"reclassify-interval", "1000"}});
    faces_of(harness, 0, {{0, 0, 8, 10}}, 7);
    faces_of(harness, 1, {});
    const auto same = faces_of(harness, 2, {{20, 20, 8, 20}}, 7);
    EXPECT_EQ(same[0].attribute("pixel")->value, std::optional<double>(10));
    const auto other = faces_of(harness, 3, {{20, 20, 8, 30}}, 8);
    EXPECT_EQ(other[0].attribute("pixel")->value, std::optional<double>(30));
}

TEST_F(ClassifyOverload, AFaceWhoseInferenceBroughtNothingIsDueAgain) {
    use_shedding(10);
    GstHarness* harness =
        start("facetclassify", {{"reclassify-interval", "1000"}, {"overload", "skip"}});
    EXPECT_EQ(faces_of(harness, 0, {{0, 0, 8, 10}})[0].skipped, "overload");
    const auto faces = faces_of(harness, 1, {{0, 0, 8, 20}});
    EXPECT_EQ(faces[0].attribute("pixel")->value, std::optional<double>(20));
}

TEST_F(ClassifyOverload, AFaceThatWasShedIsSkippedWithItsReason) {
    use_shedding(20);
    GstHarness* harness = start("facetclassify", {{"overload", "skip"}});
    const auto faces = faces_of(harness, 0, {{0, 0, 8, 10}, {20, 20, 8, 20}});
    EXPECT_NE(faces[0].attribute("pixel"), nullptr);
    EXPECT_EQ(faces[1].skipped, "overload");
    EXPECT_TRUE(faces[1].attributes.empty());
    EXPECT_TRUE(errors().empty());
}

TEST_F(ClassifyOverload, AFaceThatWasShedReusesWhatWasSaidOfItLast) {
    use_shedding(20);
    GstHarness* harness = start("facetclassify", {{"overload", "reuse"}});
    faces_of(harness, 0, {{0, 0, 8, 10}});
    const auto faces = faces_of(harness, 1, {{1, 1, 8, 20}, {20, 20, 8, 20}});
    const FaceAttribute* pixel = faces[0].attribute("pixel");
    ASSERT_NE(pixel, nullptr);
    EXPECT_EQ(pixel->value, std::optional<double>(10));
    EXPECT_TRUE(pixel->provenance.reused);
    EXPECT_EQ(pixel->provenance.source_pts, 0u);
    EXPECT_TRUE(faces[0].skipped.empty());
    EXPECT_EQ(faces[1].skipped, "overload") << "nothing was said of it before";
}

TEST_F(ClassifyOverload, FramesThatDownstreamCallsLateAreNotClassifiedUntilItHasCaughtUp) {
    GstHarness* harness = start("facetclassify", {{"overload", "skip"}});
    faces_of(harness, 0, {{0, 0, 8, 10}});
    tell_late(harness, 0, static_cast<GstClockTimeDiff>(kFrameTime));
    EXPECT_EQ(faces_of(harness, 1, {{0, 0, 8, 10}})[0].skipped, "late");
    EXPECT_EQ(faces_of(harness, 2, {{0, 0, 8, 10}})[0].skipped, "");
    tell_late(harness, 2 * kFrameTime, static_cast<GstClockTimeDiff>(5 * kFrameTime));
    EXPECT_EQ(faces_of(harness, 3, {{0, 0, 8, 10}})[0].skipped, "late");
    tell_late(harness, 3 * kFrameTime, -1);
    EXPECT_EQ(faces_of(harness, 4, {{0, 0, 8, 10}})[0].skipped, "");
}

TEST_F(ClassifyOverload, AnElementThatBlocksClassifiesLateFramesToo) {
    GstHarness* harness = start("facetclassify");
    faces_of(harness, 0, {{0, 0, 8, 10}});
    tell_late(harness, 0, GST_SECOND);
    EXPECT_NE(faces_of(harness, 1, {{0, 0, 8, 10}})[0].attribute("pixel"), nullptr);
}

TEST_F(ClassifyOverload, AFlushForgetsFacesAndLateness) {
    GstHarness* harness =
        start("facetclassify", {{"overload", "skip"}, {"reclassify-interval", "1000"}});
    faces_of(harness, 0, {{0, 0, 8, 10}});
    tell_late(harness, 0, 10 * GST_SECOND);
    gst_harness_push_event(harness, gst_event_new_flush_start());
    gst_harness_push_event(harness, gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(harness, gst_event_new_segment(&segment));
    const auto faces = faces_of(harness, 1, {{0, 0, 8, 20}});
    EXPECT_EQ(faces[0].attribute("pixel")->value, std::optional<double>(20));
}

TEST_F(ClassifyOverload, FiguresAreReadAnyTimePostedAndWritten) {
    const std::string file = model_file() + ".prom";
    GstHarness* harness =
        start("facetclassify", {{"stats-interval", "1"}, {"stats-path", file}, {"timeout", "7"}});
    GstMessage* message = nullptr;
    for (int i = 0; message == nullptr; ++i) {
        faces_of(harness, i, {{0, 0, 8, 10}});
        message = gst_bus_pop_filtered(bus(), GST_MESSAGE_ELEMENT);
    }
    EXPECT_TRUE(gst_message_has_name(message, "facet-stats"));
    gst_message_unref(message);
    const Ref<GstElement> element = adopt(gst_harness_find_element(harness, "facetclassify"));
    GstStructure* stats = nullptr;
    g_object_get(element.get(), "stats", &stats, nullptr);
    guint64 frames = 0;
    double timeout = 0;
    EXPECT_TRUE(gst_structure_get_uint64(stats, "stream-frames", &frames));
    EXPECT_TRUE(gst_structure_get_double(stats, "timeout-ms", &timeout));
    EXPECT_GT(frames, 0u);
    EXPECT_EQ(timeout, 7);
    gst_structure_free(stats);
    std::ifstream stream(file);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    EXPECT_NE(text.find("facet_stream_frames{element=\""), std::string::npos);
    std::filesystem::remove(file);
}

TEST_F(ClassifyOverload, AFileOfFiguresThatCannotBeWrittenIsAnErrorOfItsProperty) {
    GstElement* element = make("facetclassify", {{"stats-path", "/no/such/folder/x.prom"}});
    EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    const auto posted = errors();
    ASSERT_EQ(posted.size(), 1u);
    EXPECT_NE(posted[0].text.find("property 'stats-path'"), std::string::npos);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
}

}  // namespace
}  // namespace facet
