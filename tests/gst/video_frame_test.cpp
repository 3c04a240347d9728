// SPDX-License-Identifier: MIT
// Mapped frames: every accepted format, the buffer's own layout, no reference taken.
#include "gst/video_frame.h"

#include <gtest/gtest.h>

#include <string>

#include "gst/ref.h"

namespace facet {
namespace {

class VideoFrame : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
};

GstVideoInfo info_of(GstVideoFormat format, int width, int height) {
    GstVideoInfo info;
    gst_video_info_set_format(&info, format, width, height);
    return info;
}

Ref<GstBuffer> buffer_of(const GstVideoInfo& info) {
    return adopt(gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr));
}

TEST_F(VideoFrame, EveryFormatOfTheCapsMapsToTheEnginesFormatWithItsPlanes) {
    const Ref<GstCaps> caps = adopt(accepted_video_caps());
    const GValue* formats =
        gst_structure_get_value(gst_caps_get_structure(caps.get(), 0), "format");
    ASSERT_EQ(gst_value_list_get_size(formats), 18u);
    for (guint i = 0; i < gst_value_list_get_size(formats); ++i) {
        const char* name = g_value_get_string(gst_value_list_get_value(formats, i));
        const GstVideoInfo info = info_of(gst_video_format_from_string(name), 33, 17);
        const Ref<GstBuffer> buffer = buffer_of(info);
        const MappedFrame mapped(buffer.get(), info);
        ASSERT_TRUE(mapped.ok()) << name;
        const ImageView view = mapped.view();
        EXPECT_EQ(view.width, 33) << name;
        EXPECT_EQ(view.height, 17) << name;
        for (guint plane = 0; plane < 4; ++plane)
            EXPECT_EQ(view.planes[plane] != nullptr, plane < GST_VIDEO_INFO_N_PLANES(&info))
                << name << " plane " << plane;
    }
}

// Were it taken, an element could not add metadata while it looks at the pixels.
TEST_F(VideoFrame, MappingTakesNoReferenceSoTheBufferStaysWritable) {
    const GstVideoInfo info = info_of(GST_VIDEO_FORMAT_BGR, 16, 16);
    const Ref<GstBuffer> buffer = buffer_of(info);
    const MappedFrame mapped(buffer.get(), info);
    ASSERT_TRUE(mapped.ok());
    EXPECT_TRUE(gst_buffer_is_writable(buffer.get()));
}

TEST_F(VideoFrame, ABuffersOwnStridesAndOffsetsCount) {
    const GstVideoInfo info = info_of(GST_VIDEO_FORMAT_GRAY8, 16, 4);
    const Ref<GstBuffer> buffer = adopt(gst_buffer_new_allocate(nullptr, 8 + 4 * 64, nullptr));
    gsize offset[GST_VIDEO_MAX_PLANES] = {8};
    gint stride[GST_VIDEO_MAX_PLANES] = {64};
    gst_buffer_add_video_meta_full(buffer.get(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8,
                                   16, 4, 1, offset, stride);
    const MappedFrame mapped(buffer.get(), info);
    ASSERT_TRUE(mapped.ok());
    EXPECT_EQ(mapped.view().strides[0], 64);
}

TEST_F(VideoFrame, ABufferTooSmallForItsCapsIsNotMapped) {
    const GstVideoInfo info = info_of(GST_VIDEO_FORMAT_BGR, 16, 16);
    const Ref<GstBuffer> buffer = adopt(gst_buffer_new_allocate(nullptr, 10, nullptr));
    EXPECT_FALSE(MappedFrame(buffer.get(), info).ok());
}

TEST_F(VideoFrame, ColorimetryChoosesMatrixAndRange) {
    GstVideoInfo info = info_of(GST_VIDEO_FORMAT_NV12, 16, 16);
    const Ref<GstBuffer> buffer = buffer_of(info);
    const auto seen = [&](const char* colorimetry) {
        EXPECT_TRUE(gst_video_colorimetry_from_string(&info.colorimetry, colorimetry));
        const MappedFrame mapped(buffer.get(), info);
        return std::pair(mapped.view().matrix, mapped.view().range);
    };
    EXPECT_EQ(seen("bt601"), std::pair(ColorMatrix::kBt601, ColorRange::kLimited));
    EXPECT_EQ(seen("bt709"), std::pair(ColorMatrix::kBt709, ColorRange::kLimited));
    EXPECT_EQ(seen("bt2020"), std::pair(ColorMatrix::kBt2020, ColorRange::kLimited));
    EXPECT_EQ(seen("1:4:0:0"), std::pair(ColorMatrix::kBt601, ColorRange::kFull));
}

}  // namespace
}  // namespace facet
