// SPDX-License-Identifier: MIT
// facettestsrc in a harness: times, live behaviour, renegotiation, ground truth, properties.
#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gst/ground_truth_meta.h"

GST_ELEMENT_REGISTER_DECLARE(facettestsrc)

namespace facet {
namespace {

constexpr const char* kSmall = "video/x-raw,format=I420,width=160,height=90,framerate=30/1";

class FacetTestSrc : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        gst_init(nullptr, nullptr);
        GST_ELEMENT_REGISTER(facettestsrc, nullptr);
    }
    void SetUp() override { element_ = gst_element_factory_make("facettestsrc", nullptr); }
    void TearDown() override {
        if (harness_)
            gst_harness_teardown(harness_);
        else
            gst_object_unref(element_);
    }

    void start(const char* caps) {
        harness_ = gst_harness_new_with_element(element_, nullptr, "src");
        gst_object_unref(element_);
        gst_harness_set_sink_caps_str(harness_, caps);
        gst_harness_play(harness_);
    }

    // The next frame's bytes.
    std::vector<uint8_t> pull_bytes() {
        GstBuffer* buffer = gst_harness_pull(harness_);
        GstMapInfo map;
        gst_buffer_map(buffer, &map, GST_MAP_READ);
        std::vector<uint8_t> bytes(map.data, map.data + map.size);
        gst_buffer_unmap(buffer, &map);
        gst_buffer_unref(buffer);
        return bytes;
    }

    GstElement* element_ = nullptr;
    GstHarness* harness_ = nullptr;
};

TEST_F(FacetTestSrc, StampsFramesExactlyAtTheirRate) {
    g_object_set(element_, "num-buffers", 40, nullptr);
    start("video/x-raw,format=I420,width=64,height=48,framerate=30000/1001");
    GstClockTime end = 0;
    for (guint64 i = 0; i < 40; ++i) {
        GstBuffer* buffer = gst_harness_pull(harness_);
        ASSERT_EQ(GST_BUFFER_PTS(buffer), gst_util_uint64_scale(i, 1001 * GST_SECOND, 30000));
        ASSERT_EQ(GST_BUFFER_PTS(buffer), end);
        ASSERT_EQ(GST_BUFFER_OFFSET(buffer), i);
        end = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
        gst_buffer_unref(buffer);
    }
}

TEST_F(FacetTestSrc, EndsAfterNumBuffers) {
    g_object_set(element_, "num-buffers", 3, nullptr);
    start(kSmall);
    for (int i = 0; i < 3; ++i) gst_buffer_unref(gst_harness_pull(harness_));
    bool ended = false;
    while (GstEvent* event = gst_harness_pull_event(harness_)) {
        ended = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
        gst_event_unref(event);
        if (ended) break;
    }
    EXPECT_TRUE(ended);
    EXPECT_EQ(gst_harness_buffers_received(harness_), 3U);
}

TEST_F(FacetTestSrc, DrawsTheDefaultSizeWhereAnyIsAccepted) {
    start("video/x-raw");
    gst_buffer_unref(gst_harness_pull(harness_));
    GstCaps* caps = gst_pad_get_current_caps(harness_->sinkpad);
    GstVideoInfo info;
    ASSERT_TRUE(gst_video_info_from_caps(&info, caps));
    gst_caps_unref(caps);
    EXPECT_EQ(GST_VIDEO_INFO_FORMAT(&info), GST_VIDEO_FORMAT_I420);
    EXPECT_EQ(info.width, 640);
    EXPECT_EQ(info.height, 360);
    EXPECT_EQ(info.fps_n, 25);
}

TEST_F(FacetTestSrc, LiveFramesWaitForThePipelinesClock) {
    g_object_set(element_, "is-live", TRUE, "num-buffers", 3, nullptr);
    harness_ = gst_harness_new_with_element(element_, nullptr, "src");
    gst_object_unref(element_);
    gst_harness_use_testclock(harness_);
    gst_harness_set_sink_caps_str(harness_, kSmall);
    gst_harness_play(harness_);
    GstTestClock* clock = gst_harness_get_testclock(harness_);
    const GstClockTime base = gst_element_get_base_time(element_);
    for (guint received = 0; received < 3; ++received) {
        ASSERT_TRUE(gst_harness_wait_for_clock_id_waits(harness_, 1, 60));
        EXPECT_EQ(gst_harness_buffers_received(harness_), received);
        ASSERT_TRUE(gst_harness_crank_single_clock_wait(harness_));
        GstBuffer* buffer = gst_harness_pull(harness_);
        ASSERT_NE(buffer, nullptr);
        EXPECT_EQ(GST_BUFFER_PTS(buffer), gst_util_uint64_scale(received, GST_SECOND, 30));
        EXPECT_EQ(gst_clock_get_time(GST_CLOCK(clock)) - base, GST_BUFFER_PTS(buffer));
        gst_buffer_unref(buffer);
    }
    gst_object_unref(clock);
}

TEST_F(FacetTestSrc, AnswersLatencyOfOneFrameWhenLive) {
    g_object_set(element_, "is-live", TRUE, nullptr);
    harness_ = gst_harness_new_with_element(element_, nullptr, "src");
    gst_object_unref(element_);
    gst_harness_use_testclock(harness_);
    gst_harness_set_sink_caps_str(harness_, kSmall);
    gst_harness_play(harness_);
    ASSERT_TRUE(gst_harness_wait_for_clock_id_waits(harness_, 1, 60));
    EXPECT_EQ(gst_harness_query_latency(harness_), gst_util_uint64_scale(1, GST_SECOND, 30));
}

TEST_F(FacetTestSrc, RepeatsItsFilmAfterARestart) {
    g_object_set(element_, "seed", G_GUINT64_CONSTANT(5), "num-buffers", 2, nullptr);
    start(kSmall);
    const auto first = pull_bytes();
    const auto second = pull_bytes();
    EXPECT_NE(first, second);
    gst_element_set_state(element_, GST_STATE_NULL);
    gst_harness_set_sink_caps_str(harness_, kSmall);
    gst_harness_play(harness_);
    EXPECT_EQ(pull_bytes(), first);
    EXPECT_EQ(pull_bytes(), second);
}

// Pulls until frames of the new size arrive; frames under way may still have the old one.
TEST_F(FacetTestSrc, RenegotiatesSizeAndRateWithTheSamePeople) {
    g_object_set(element_, "motion", 0.0, "mood-interval", 0, nullptr);
    start(kSmall);
    GstBuffer* before = gst_harness_pull(harness_);
    const GroundTruth small = *read_ground_truth(before);
    GstClockTime end = GST_BUFFER_PTS(before) + GST_BUFFER_DURATION(before);
    gst_buffer_unref(before);
    gst_harness_set_sink_caps_str(harness_,
                                  "video/x-raw,format=NV12,width=320,height=180,framerate=10/1");
    gst_harness_push_upstream_event(harness_, gst_event_new_reconfigure());
    GstBuffer* after = nullptr;
    for (int i = 0; i < 200 && !after; ++i) {
        GstBuffer* buffer = gst_harness_pull(harness_);
        ASSERT_NE(buffer, nullptr);
        EXPECT_EQ(GST_BUFFER_PTS(buffer), end);
        end += GST_BUFFER_DURATION(buffer);
        if (gst_buffer_get_size(buffer) == 320 * 180 * 3 / 2)
            after = buffer;
        else
            gst_buffer_unref(buffer);
    }
    ASSERT_NE(after, nullptr);
    EXPECT_EQ(GST_BUFFER_DURATION(after), GST_SECOND / 10);
    const GroundTruth large = *read_ground_truth(after);
    ASSERT_EQ(large.faces.size(), small.faces.size());
    for (size_t i = 0; i < large.faces.size(); ++i) {
        EXPECT_EQ(large.faces[i].identity, small.faces[i].identity);
        EXPECT_NEAR(large.faces[i].width, 2 * small.faces[i].width, 0.5);
    }
    gst_buffer_unref(after);
}

TEST_F(FacetTestSrc, WritesTheTruthOfEveryFace) {
    g_object_set(element_, "faces", 6.0, nullptr);
    start("video/x-raw,format=BGRx,width=320,height=180,framerate=30/1");
    for (guint64 frame = 0; frame < 20; ++frame) {
        GstBuffer* buffer = gst_harness_pull(harness_);
        const auto truth = read_ground_truth(buffer);
        ASSERT_TRUE(truth.has_value());
        EXPECT_EQ(truth->frame, frame);
        ASSERT_EQ(truth->faces.size(), 6U);
        for (const TrueFace& face : truth->faces) {
            EXPECT_GE(face.x, 0);
            EXPECT_LE(face.x + face.width, 320.001);
            EXPECT_LE(face.y + face.height, 180.001);
            EXPECT_GE(face.age, 1);
            EXPECT_LE(face.age, 90);
            EXPECT_TRUE(face.gender == "female" || face.gender == "male");
            EXPECT_FALSE(face.mood.empty());
        }
        gst_buffer_unref(buffer);
    }
}

TEST_F(FacetTestSrc, TruthSurvivesCopiesAndIsReadAtAnySize) {
    start(kSmall);
    GstBuffer* buffer = gst_harness_pull(harness_);
    GstBuffer* copy = gst_buffer_copy(buffer);
    GstBuffer* deep = gst_buffer_copy_deep(buffer);
    const GroundTruth truth = *read_ground_truth(buffer);
    ASSERT_EQ(truth.faces.size(), 3U);
    gst_buffer_unref(buffer);
    EXPECT_EQ(read_ground_truth(copy)->faces, truth.faces);
    EXPECT_EQ(read_ground_truth(deep)->faces, truth.faces);
    const auto doubled = read_ground_truth(copy, 320, 180);
    EXPECT_DOUBLE_EQ(doubled->faces[1].x, 2 * truth.faces[1].x);
    EXPECT_DOUBLE_EQ(doubled->faces[1].height, 2 * truth.faces[1].height);
    gst_buffer_unref(copy);
    gst_buffer_unref(deep);
}

TEST(GroundTruth, ABufferWithoutTruthIsNotAFrameWithoutFaces) {
    gst_init(nullptr, nullptr);
    GstBuffer* buffer = gst_buffer_new();
    EXPECT_FALSE(read_ground_truth(buffer).has_value());
    set_ground_truth(buffer, {}, 64, 48);
    ASSERT_TRUE(read_ground_truth(buffer).has_value());
    EXPECT_TRUE(read_ground_truth(buffer)->faces.empty());
    gst_buffer_unref(buffer);
}

TEST_F(FacetTestSrc, TruthPassesConversionAndScaling) {
    gst_object_unref(element_);
    harness_ = gst_harness_new_parse(
        "facettestsrc num-buffers=2 ! capsfilter caps=video/x-raw,format=I420,width=160,height=120 "
        "! videoconvert ! videoscale ! capsfilter "
        "caps=video/x-raw,format=RGBA,width=320,height=240");
    gst_harness_play(harness_);
    GstBuffer* buffer = gst_harness_pull(harness_);
    const auto truth = read_ground_truth(buffer, 320, 240);
    ASSERT_TRUE(truth.has_value());
    const auto drawn = read_ground_truth(buffer);
    EXPECT_DOUBLE_EQ(truth->faces[0].x, 2 * drawn->faces[0].x);
    gst_buffer_unref(buffer);
    element_ = nullptr;
}

TEST_F(FacetTestSrc, PropertiesHoldWhatIsSetAndRefuseWhatIsOutOfRange) {
    gdouble number = 0;
    g_object_set(element_, "faces", 7.5, "min-size", 0.05, "mood-interval", 1234, nullptr);
    g_object_get(element_, "faces", &number, nullptr);
    EXPECT_EQ(number, 7.5);
    guint interval = 0;
    g_object_get(element_, "mood-interval", &interval, nullptr);
    EXPECT_EQ(interval, 1234U);
    gst_util_set_object_arg(G_OBJECT(element_), "arrival", "burst");
    gint arrival = -1;
    g_object_get(element_, "arrival", &arrival, nullptr);
    EXPECT_EQ(arrival, 2);
    const auto* faces =
        G_PARAM_SPEC_DOUBLE(g_object_class_find_property(G_OBJECT_GET_CLASS(element_), "faces"));
    EXPECT_EQ(faces->minimum, 0);
    EXPECT_EQ(faces->default_value, 3);
    const auto* size =
        G_PARAM_SPEC_DOUBLE(g_object_class_find_property(G_OBJECT_GET_CLASS(element_), "max-size"));
    EXPECT_EQ(size->maximum, 1);
    EXPECT_GT(size->minimum, 0);
}

TEST(TestSrcRange, AValueOutOfRangeFailsTheStart) {
    gst_init(nullptr, nullptr);
    GST_ELEMENT_REGISTER(facettestsrc, nullptr);
    GstElement* element = gst_element_factory_make("facettestsrc", nullptr);
    ASSERT_NE(element, nullptr);
    g_object_set(element, "faces", 1e6, nullptr);
    EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
}

}  // namespace
}  // namespace facet
