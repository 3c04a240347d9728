// SPDX-License-Identifier: MIT
// The table of formats, and how a mapped GstVideoFrame is read.
#include "gst/video_frame.h"

#include <array>

namespace facet {

namespace {

struct FormatRow {
    GstVideoFormat gst;
    PixelFormat facet;
};

// The one list of accepted formats, preferred ones first: those decoders make and crop() reads
// without a detour.
constexpr std::array kFormats = {
    FormatRow{GST_VIDEO_FORMAT_NV12, PixelFormat::kNv12},
    FormatRow{GST_VIDEO_FORMAT_I420, PixelFormat::kI420},
    FormatRow{GST_VIDEO_FORMAT_BGR, PixelFormat::kBgr},
    FormatRow{GST_VIDEO_FORMAT_RGB, PixelFormat::kRgb},
    FormatRow{GST_VIDEO_FORMAT_BGRx, PixelFormat::kBgrx},
    FormatRow{GST_VIDEO_FORMAT_BGRA, PixelFormat::kBgrx},
    FormatRow{GST_VIDEO_FORMAT_RGBx, PixelFormat::kRgbx},
    FormatRow{GST_VIDEO_FORMAT_RGBA, PixelFormat::kRgbx},
    FormatRow{GST_VIDEO_FORMAT_xRGB, PixelFormat::kXrgb},
    FormatRow{GST_VIDEO_FORMAT_ARGB, PixelFormat::kXrgb},
    FormatRow{GST_VIDEO_FORMAT_xBGR, PixelFormat::kXbgr},
    FormatRow{GST_VIDEO_FORMAT_ABGR, PixelFormat::kXbgr},
    FormatRow{GST_VIDEO_FORMAT_YV12, PixelFormat::kYv12},
    FormatRow{GST_VIDEO_FORMAT_NV21, PixelFormat::kNv21},
    FormatRow{GST_VIDEO_FORMAT_YUY2, PixelFormat::kYuy2},
    FormatRow{GST_VIDEO_FORMAT_UYVY, PixelFormat::kUyvy},
    FormatRow{GST_VIDEO_FORMAT_Y444, PixelFormat::kY444},
    FormatRow{GST_VIDEO_FORMAT_GRAY8, PixelFormat::kGray8},
};

// Matrices without a name of their own in the engine are closest to BT.601 (FCC) or BT.709 (SMPTE
// 240M); RGB frames have none and never look at it.
ColorMatrix color_matrix(GstVideoColorMatrix matrix) {
    switch (matrix) {
        case GST_VIDEO_COLOR_MATRIX_BT709:
        case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
            return ColorMatrix::kBt709;
        case GST_VIDEO_COLOR_MATRIX_BT2020:
            return ColorMatrix::kBt2020;
        default:
            return ColorMatrix::kBt601;
    }
}

}  // namespace

std::optional<PixelFormat> pixel_format(GstVideoFormat format) {
    for (const FormatRow& row : kFormats)
        if (row.gst == format) return row.facet;
    return std::nullopt;
}

GstCaps* accepted_video_caps() {
    std::array<GstVideoFormat, kFormats.size()> formats{};
    for (size_t i = 0; i < kFormats.size(); ++i) formats[i] = kFormats[i].gst;
    return gst_video_make_raw_caps(formats.data(), formats.size());
}

MappedFrame::MappedFrame(GstBuffer* buffer, const GstVideoInfo& info) {
    const auto flags =
        static_cast<GstMapFlags>(static_cast<int>(GST_MAP_READ) | GST_VIDEO_FRAME_MAP_FLAG_NO_REF);
    mapped_ = gst_video_frame_map(&frame_, &info, buffer, flags) != FALSE;
}

MappedFrame::~MappedFrame() {
    if (mapped_) gst_video_frame_unmap(&frame_);
}

ImageView MappedFrame::view() const {
    ImageView image;
    image.format = *pixel_format(GST_VIDEO_FRAME_FORMAT(&frame_));
    image.width = GST_VIDEO_FRAME_WIDTH(&frame_);
    image.height = GST_VIDEO_FRAME_HEIGHT(&frame_);
    for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&frame_); ++plane) {
        image.planes[plane] =
            static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame_, plane));
        image.strides[plane] = GST_VIDEO_FRAME_PLANE_STRIDE(&frame_, plane);
    }
    const GstVideoColorimetry& colorimetry = frame_.info.colorimetry;
    image.matrix = color_matrix(colorimetry.matrix);
    image.range =
        colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255 ? ColorRange::kFull : ColorRange::kLimited;
    return image;
}

}  // namespace facet
