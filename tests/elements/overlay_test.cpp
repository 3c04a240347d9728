// SPDX-License-Identifier: MIT
// facetoverlay in a harness: every format, untouched frames, attaching instead of blending.
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "gst/face_meta.h"

GST_ELEMENT_REGISTER_DECLARE(facetoverlay)

namespace facet {
namespace {

constexpr int kWidth = 160, kHeight = 120;
constexpr guint8 kGrey = 90;

class Overlay : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        gst_init(nullptr, nullptr);
        GST_ELEMENT_REGISTER(facetoverlay, nullptr);
    }
    void TearDown() override { stop(); }

    void start(const std::string& format) {
        stop();
        harness_ = gst_harness_new("facetoverlay");
        const std::string caps =
            "video/x-raw,format=" + format + ",width=160,height=120," + "framerate=25/1";
        gst_harness_set_src_caps_str(harness_, caps.c_str());
        GstCaps* parsed = gst_caps_from_string(caps.c_str());
        ASSERT_TRUE(gst_video_info_from_caps(&info_, parsed));
        gst_caps_unref(parsed);
    }
    void stop() {
        if (harness_) gst_harness_teardown(std::exchange(harness_, nullptr));
    }

    GstBuffer* frame() {
        GstBuffer* buffer = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info_), nullptr);
        gst_buffer_memset(buffer, 0, kGrey, GST_VIDEO_INFO_SIZE(&info_));
        return buffer;
    }
    // With a face whose box is 40..80 x 60..100.
    GstBuffer* frame_with_face() {
        GstBuffer* buffer = frame();
        const int id = add_face(buffer, {40, 60, 40, 40, 0.9, 1, "face", "m"}, kWidth, kHeight);
        FaceAttribute mood;
        mood.name = "mood";
        mood.label = "happy";
        set_attribute(buffer, id, mood);
        return buffer;
    }
    static std::vector<guint8> bytes_of(GstBuffer* buffer) {
        std::vector<guint8> bytes(gst_buffer_get_size(buffer));
        gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
        return bytes;
    }
    std::string output_features() {
        GstPad* pad = gst_element_get_static_pad(harness_->element, "src");
        GstCaps* caps = gst_pad_get_current_caps(pad);
        gchar* text = gst_caps_features_to_string(gst_caps_get_features(caps, 0));
        const std::string features = text;
        g_free(text);
        gst_caps_unref(caps);
        gst_object_unref(pad);
        return features;
    }
    void downstream_blends() {
        gst_harness_add_propose_allocation_meta(
            harness_, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, nullptr);
    }

    GstHarness* harness_ = nullptr;
    GstVideoInfo info_;
};

TEST_F(Overlay, BlendsEveryFormatOfItsCaps) {
    GstCaps* all =
        gst_caps_from_string(GST_VIDEO_CAPS_MAKE(GST_VIDEO_OVERLAY_COMPOSITION_BLEND_FORMATS));
    const GValue* formats = gst_structure_get_value(gst_caps_get_structure(all, 0), "format");
    ASSERT_GT(gst_value_list_get_size(formats), 20u);
    for (guint i = 0; i < gst_value_list_get_size(formats); ++i) {
        const std::string format = g_value_get_string(gst_value_list_get_value(formats, i));
        SCOPED_TRACE(format);
        start(format);
        GstBuffer* given = frame_with_face();
        const std::vector<guint8> before = bytes_of(given);
        GstBuffer* received = gst_harness_push_and_pull(harness_, given);
        ASSERT_NE(received, nullptr);
        EXPECT_NE(bytes_of(received), before);
        EXPECT_EQ(read_faces(received).size(), 1u);
        gst_buffer_unref(received);
    }
    gst_caps_unref(all);
}

TEST_F(Overlay, ChangesTheBoxesEdgeAndNothingOutsideOrWellInside) {
    start("BGRx");
    g_object_set(harness_->element, "show", 1 /* boxes */, nullptr);
    GstBuffer* received = gst_harness_push_and_pull(harness_, frame_with_face());
    GstVideoFrame mapped;
    ASSERT_TRUE(gst_video_frame_map(&mapped, &info_, received, GST_MAP_READ));
    const auto changed = [&](int x, int y) {
        const auto* pixels = static_cast<const guint8*>(GST_VIDEO_FRAME_PLANE_DATA(&mapped, 0));
        return pixels[y * GST_VIDEO_FRAME_PLANE_STRIDE(&mapped, 0) + 4 * x] != kGrey;
    };
    EXPECT_TRUE(changed(60, 60) && changed(60, 61)) << "upper edge";
    EXPECT_TRUE(changed(60, 98) && changed(60, 99)) << "lower edge";
    EXPECT_TRUE(changed(40, 80) && changed(79, 80)) << "sides";
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) {
            const bool outside = x < 39 || x > 80 || y < 59 || y > 100;
            const bool inside = x > 46 && x < 73 && y > 66 && y < 93;
            ASSERT_FALSE((outside || inside) && changed(x, y)) << x << "," << y;
        }
    gst_video_frame_unmap(&mapped);
    gst_buffer_unref(received);
}

TEST_F(Overlay, AFrameWithoutFacesIsPassedOnUncopied) {
    start("I420");
    GstBuffer* given = frame();
    // Our own reference makes it read-only: drawing would need a copy.
    GstBuffer* received = gst_harness_push_and_pull(harness_, gst_buffer_ref(given));
    EXPECT_EQ(received, given);
    gst_buffer_unref(received);
    gst_buffer_unref(given);
}

TEST_F(Overlay, ASharedFrameIsCopiedNotDrawnOver) {
    start("I420");
    GstBuffer* given = frame_with_face();
    const std::vector<guint8> before = bytes_of(given);
    GstBuffer* received = gst_harness_push_and_pull(harness_, gst_buffer_ref(given));
    EXPECT_NE(bytes_of(received), before);
    EXPECT_EQ(bytes_of(given), before);
    gst_buffer_unref(received);
    gst_buffer_unref(given);
}

TEST_F(Overlay, AttachesWhenDownstreamBlendsAndLeavesThePixelsAlone) {
    start("NV12");
    downstream_blends();
    GstBuffer* given = frame_with_face();
    const std::vector<guint8> before = bytes_of(given);
    GstBuffer* received = gst_harness_push_and_pull(harness_, given);
    EXPECT_EQ(output_features(), "memory:SystemMemory, meta:GstVideoOverlayComposition");
    GstVideoOverlayCompositionMeta* meta = gst_buffer_get_video_overlay_composition_meta(received);
    ASSERT_NE(meta, nullptr);
    EXPECT_GT(gst_video_overlay_composition_n_rectangles(meta->overlay), 1u);
    EXPECT_EQ(bytes_of(received), before);
    gst_buffer_unref(received);
}

TEST_F(Overlay, BlendsWhenDownstreamAcceptsTheCapsButDoesNotBlend) {
    start("NV12");
    GstBuffer* given = frame_with_face();
    const std::vector<guint8> before = bytes_of(given);
    GstBuffer* received = gst_harness_push_and_pull(harness_, given);
    EXPECT_EQ(gst_buffer_get_video_overlay_composition_meta(received), nullptr);
    EXPECT_NE(bytes_of(received), before);
    gst_buffer_unref(received);
}

TEST_F(Overlay, BlendsWhenDownstreamTakesPlainCapsOnly) {
    harness_ = gst_harness_new("facetoverlay");
    downstream_blends();
    const char* caps = "video/x-raw,format=NV12,width=160,height=120,framerate=25/1";
    gst_harness_set_sink_caps_str(harness_, caps);
    gst_harness_set_src_caps_str(harness_, caps);
    gst_video_info_set_format(&info_, GST_VIDEO_FORMAT_NV12, kWidth, kHeight);
    GstBuffer* given = frame_with_face();
    const std::vector<guint8> before = bytes_of(given);
    GstBuffer* received = gst_harness_push_and_pull(harness_, given);
    ASSERT_NE(received, nullptr);
    EXPECT_EQ(output_features(), "memory:SystemMemory");
    EXPECT_NE(bytes_of(received), before);
    gst_buffer_unref(received);
}

TEST_F(Overlay, KeepsWhatAnEarlierElementAttached) {
    harness_ = gst_harness_new("facetoverlay");
    downstream_blends();
    gst_harness_set_src_caps_str(harness_,
                                 "video/x-raw(memory:SystemMemory,meta:GstVideoOverlayComposition),"
                                 "format=NV12,width=160,height=120,framerate=25/1");
    gst_video_info_set_format(&info_, GST_VIDEO_FORMAT_NV12, kWidth, kHeight);
    GstBuffer* given = frame_with_face();
    GstBuffer* pixels = gst_buffer_new_allocate(nullptr, 16, nullptr);
    gst_buffer_add_video_meta(pixels, GST_VIDEO_FRAME_FLAG_NONE,
                              GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, 2, 2);
    GstVideoOverlayRectangle* earlier =
        gst_video_overlay_rectangle_new_raw(pixels, 0, 0, 2, 2, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
    GstVideoOverlayComposition* composition = gst_video_overlay_composition_new(earlier);
    gst_buffer_add_video_overlay_composition_meta(given, composition);
    gst_video_overlay_composition_unref(composition);
    gst_video_overlay_rectangle_unref(earlier);
    gst_buffer_unref(pixels);
    GstBuffer* received = gst_harness_push_and_pull(harness_, given);
    ASSERT_NE(received, nullptr);
    GstVideoOverlayCompositionMeta* meta = gst_buffer_get_video_overlay_composition_meta(received);
    ASSERT_NE(meta, nullptr);
    EXPECT_GT(gst_video_overlay_composition_n_rectangles(meta->overlay), 1u);
    guint width = 0;
    gst_video_overlay_rectangle_get_render_rectangle(
        gst_video_overlay_composition_get_rectangle(meta->overlay, 0), nullptr, nullptr, &width,
        nullptr);
    EXPECT_EQ(width, 2u);
    EXPECT_EQ(gst_buffer_get_n_meta(received, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE), 1u);
    gst_buffer_unref(received);
}

}  // namespace
}  // namespace facet
