// SPDX-License-Identifier: MIT
// facetdetect: detections as regions of interest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

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

std::string caps_of(int width, int height) {
    return "video/x-raw, format=GRAY8, framerate=30/1, width=" + std::to_string(width) +
           ", height=" + std::to_string(height);
}

// As the stats say.
std::string size_in_use(GstHarness* harness) {
    GstStructure* stats = nullptr;
    g_object_get(harness->element, "stats", &stats, nullptr);
    guint64 width = 0, height = 0;
    gst_structure_get(stats, "image-width", G_TYPE_UINT64, &width, "image-height", G_TYPE_UINT64,
                      &height, nullptr);
    gst_structure_free(stats);
    return std::to_string(width) + "x" + std::to_string(height);
}

// The size in use for a frame of that size, which is pulled unless its result is for later.
std::string size_in_use(GstHarness* harness, int width, int height, bool pull = true) {
    gst_harness_set_src_caps_str(harness, caps_of(width, height).c_str());
    const auto bytes = static_cast<gsize>(width) * static_cast<gsize>(height);
    gst_harness_push(harness, gst_buffer_new_allocate(nullptr, bytes, nullptr));
    if (pull) gst_buffer_unref(gst_harness_pull(harness));
    return size_in_use(harness);
}

TEST_F(Detect, EachStreamRunsAtTheImageSizeThatFitsItsCapsAndMovesWithThem) {
    GstHarness* harness = start("facetdetect", {{"image-size-profiles", "320x192, 640x384"}});
    ASSERT_EQ(sessions_opened(), 2u);
    EXPECT_EQ(size_in_use(harness, 640, 360), "640x384");
    EXPECT_EQ(size_in_use(harness, 160, 90), "320x192");
    EXPECT_EQ(size_in_use(harness, 64, 36), "320x192");
    EXPECT_EQ(puppet(0)->batch_sizes().size(), 2u);
    EXPECT_EQ(puppet(1)->batch_sizes().size(), 1u);
}

TEST_F(Detect, StreamsOfOneImageSizeShareABatchAndOthersAreNotWaitedFor) {
    use(PuppetMode::kInBatch);
    const Properties properties = {{"image-size-profiles", "320x192,640x384"}, {"max-batch", "2"}};
    GstHarness* small = start("facetdetect", properties);
    GstHarness* large = start("facetdetect", properties);
    GstHarness* other_large = start("facetdetect", properties);
    ASSERT_EQ(sessions_opened(), 2u);
    EXPECT_EQ(size_in_use(large, 640, 360, false), "640x384");
    EXPECT_EQ(size_in_use(other_large, 1280, 720), "640x384");
    gst_buffer_unref(gst_harness_pull(large));
    EXPECT_EQ(puppet(1)->batch_sizes(), std::vector<size_t>{2});

    // Nobody else runs at the small size: its frame starts once its own stream is blocked.
    EXPECT_EQ(size_in_use(small, 320, 180, false), "320x192");
    EXPECT_EQ(size_in_use(small, 640, 360, false), "640x384");
    gst_buffer_unref(gst_harness_pull(small));
    EXPECT_EQ(puppet(0)->batch_sizes(), std::vector<size_t>{1});
}

TEST_F(Detect, AFrameUnderWayEndsAtItsImageSizeBeforeTheStreamMoves) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetdetect", {{"image-size-profiles", "320x192,640x384"}});
    EXPECT_EQ(size_in_use(harness, 320, 180, false), "320x192");
    std::thread mover([&] { size_in_use(harness, 640, 360, false); });
    puppet(0)->wait_for_state(OwnerState::kBlocked);
    EXPECT_EQ(size_in_use(harness), "320x192");
    puppet(0)->finish(0);
    puppet(1)->wait_for_waiting(1);
    puppet(1)->finish(0);
    mover.join();
    gst_buffer_unref(gst_harness_pull(harness));
    gst_buffer_unref(gst_harness_pull(harness));
}

TEST_F(Detect, AFlushWhileTheStreamMovesLeavesItPlaying) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetdetect", {{"image-size-profiles", "320x192,640x384"}});
    EXPECT_EQ(size_in_use(harness, 320, 180, false), "320x192");
    std::thread mover([&] {
        const Ref<GstCaps> caps = adopt(gst_caps_from_string(caps_of(640, 360).c_str()));
        gst_pad_push_event(harness->srcpad, gst_event_new_caps(caps.get()));
    });
    puppet(0)->wait_for_state(OwnerState::kBlocked);
    gst_harness_push_event(harness, gst_event_new_flush_start());
    mover.join();
    gst_harness_push_event(harness, gst_event_new_flush_stop(TRUE));
    EXPECT_EQ(puppet(0)->waiting(), 0u) << "withdrawn";
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(harness, gst_event_new_segment(&segment));
    EXPECT_EQ(size_in_use(harness, 640, 360, false), "640x384");
    puppet(1)->finish(0);
    gst_buffer_unref(gst_harness_pull(harness));
}

TEST_F(Detect, ImageSizesThatAreNoneAreErrorsOfTheProperty) {
    const auto refusal = [&](const Properties& properties) {
        GstElement* element = make("facetdetect", properties);
        EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
        gst_element_set_state(element, GST_STATE_NULL);
        gst_object_unref(element);
        const std::vector<BusError> found = errors();
        return found.size() == 1 ? found[0].text : std::to_string(found.size()) + " errors";
    };
    const auto of_sizes = [&](const std::string& sizes) {
        return refusal({{"image-size-profiles", sizes}});
    };
    using ::testing::HasSubstr;
    EXPECT_THAT(of_sizes("320x192,640"), HasSubstr("property 'image-size-profiles': '640' is no "
                                                   "image size; supported: a list as 320x192"));
    EXPECT_THAT(of_sizes("64x64,32x32,64x64"),
                HasSubstr("property 'image-size-profiles': 64x64 comes twice"));
    EXPECT_THAT(of_sizes("0x64"), HasSubstr("0x64 has a side outside 1..16384"));
    std::string many = "1x1";
    for (int i = 2; i <= 101; ++i) many += "," + std::to_string(i) + "x1";
    EXPECT_THAT(of_sizes(many), HasSubstr("101 sizes; supported: at most 100"));
    EXPECT_THAT(refusal({{"image-size-profiles", "64x64"}, {"batch-profiles", "1,2"}}),
                HasSubstr("property 'image-size-profiles': not together with 'batch-profiles'"));
    EXPECT_EQ(sessions_opened(), 0u);
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
