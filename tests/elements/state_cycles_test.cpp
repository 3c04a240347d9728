// SPDX-License-Identifier: MIT
// Elements that start and stop many times leave nothing behind; counted by GStreamer's own tracer.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "tests/support/filter_fixture.h"

namespace facet {
namespace {

using testing::PuppetMode;

// Read by gst_init(), so it is set before main().
[[maybe_unused]] const int kTraced = setenv("GST_TRACERS", "leaks", 1);

class StateCycles : public testing::FilterFixture {
  protected:
    // One face with one attribute on every frame, for either element.
    void use_faces(PuppetMode mode) {
        use(mode, [](CropBuffer& crops) {
            ItemResult result = testing::first_pixel(crops);
            Detection detection;
            detection.box = {0.25f, 0.25f, 0.5f, 0.5f};
            detection.label = "face";
            result.detections.push_back(detection);
            return result;
        });
    }
    [[nodiscard]] GstElement* make_pipeline() const {
        const std::string line =
            "videotestsrc ! video/x-raw,width=64,height=48 ! facetdetect model=" + model_file() +
            " ! facetclassify models=" + model_file() + " ! fakesink";
        return gst_parse_launch(line.c_str(), nullptr);
    }
    static void go(GstElement* pipeline, GstState state) {
        gst_element_set_state(pipeline, state);
        ASSERT_NE(gst_element_get_state(pipeline, nullptr, nullptr, GST_CLOCK_TIME_NONE),
                  GST_STATE_CHANGE_FAILURE);
    }
};

// What was made and not removed since the tracer was told to watch, by type.
std::multiset<std::string> left_behind(GstTracer* tracer) {
    GstStructure* checkpoint = nullptr;
    g_signal_emit_by_name(tracer, "activity-get-checkpoint", &checkpoint);
    std::multiset<std::string> left;
    const auto each = [&](const char* list, auto act) {
        const GValue* objects = gst_structure_get_value(checkpoint, list);
        for (guint i = 0; i < gst_value_list_get_size(objects); ++i)
            act(gst_structure_get_string(
                gst_value_get_structure(gst_value_list_get_value(objects, i)), "type-name"));
    };
    each("objects-created-list", [&](const char* type) { left.insert(type); });
    EXPECT_GT(left.size(), 0u) << "the tracer sees nothing";
    each("objects-removed-list", [&](const char* type) {
        if (const auto found = left.find(type); found != left.end()) left.erase(found);
    });
    gst_structure_free(checkpoint);
    // A task's thread lets go of it a moment after the one that stopped it was told.
    left.erase("GstTask");
    return left;
}

TEST_F(StateCycles, FiftyStartsAndStopsLeakNothing) {
    use_faces(PuppetMode::kAtOnce);
    GstElement* pipeline = make_pipeline();
    go(pipeline, GST_STATE_PLAYING);
    go(pipeline, GST_STATE_NULL);
    GList* tracers = gst_tracing_get_active_tracers();
    ASSERT_NE(tracers, nullptr);
    auto* tracer = GST_TRACER(tracers->data);
    g_signal_emit_by_name(tracer, "activity-start-tracking");
    for (int i = 0; i < 50; ++i) {
        go(pipeline, GST_STATE_PLAYING);
        go(pipeline, i % 2 == 0 ? GST_STATE_NULL : GST_STATE_READY);
    }
    go(pipeline, GST_STATE_NULL);
    EXPECT_EQ(left_behind(tracer), std::multiset<std::string>{});
    g_signal_emit_by_name(tracer, "activity-stop-tracking");
    g_list_free_full(tracers, gst_object_unref);
    gst_object_unref(pipeline);
}

TEST_F(StateCycles, SessionsEndWithTheLastElementThatUsesThem) {
    use_faces(PuppetMode::kAtOnce);
    GstElement* pipeline = make_pipeline();
    go(pipeline, GST_STATE_PLAYING);
    ASSERT_EQ(sessions_opened(), 2u);
    EXPECT_NE(puppet(0), nullptr);
    go(pipeline, GST_STATE_NULL);
    EXPECT_EQ(puppet(0), nullptr);
    EXPECT_EQ(puppet(1), nullptr);
    gst_object_unref(pipeline);
}

TEST_F(StateCycles, SeeksInAFlowingPipelineNeverHang) {
    use_faces(PuppetMode::kAtOnce);
    GstElement* pipeline = make_pipeline();
    go(pipeline, GST_STATE_PAUSED);
    for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(gst_element_seek_simple(pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                            static_cast<gint64>(i % 7) * GST_SECOND));
        if (i % 5 == 4) go(pipeline, i % 2 == 0 ? GST_STATE_PLAYING : GST_STATE_PAUSED);
    }
    go(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

}  // namespace
}  // namespace facet
