// SPDX-License-Identifier: MIT
// GstVideoOverlayComposition from images.
#include "elements/overlay/composition.h"

namespace facet {
namespace {

GstVideoOverlayRectangle* make_rectangle(const PlacedImage& placed) {
    const Image& image = *placed.image;
    const gsize bytes = image.argb.size() * sizeof(uint32_t);
    GstBuffer* pixels = gst_buffer_new_wrapped_full(
        GST_MEMORY_FLAG_READONLY, const_cast<uint32_t*>(image.argb.data()), bytes, 0, bytes,
        new ImagePtr(placed.image), [](gpointer held) { delete static_cast<ImagePtr*>(held); });
    gst_buffer_add_video_meta(pixels, GST_VIDEO_FRAME_FLAG_NONE,
                              GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB,
                              static_cast<guint>(image.width), static_cast<guint>(image.height));
    GstVideoOverlayRectangle* rectangle = gst_video_overlay_rectangle_new_raw(
        pixels, placed.x, placed.y, static_cast<guint>(image.width),
        static_cast<guint>(image.height), GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
    gst_buffer_unref(pixels);
    return rectangle;
}

}  // namespace

GstVideoOverlayComposition* make_composition(const std::vector<PlacedImage>& images) {
    GstVideoOverlayComposition* composition = gst_video_overlay_composition_new(nullptr);
    for (const PlacedImage& placed : images) {
        GstVideoOverlayRectangle* rectangle = make_rectangle(placed);
        gst_video_overlay_composition_add_rectangle(composition, rectangle);
        gst_video_overlay_rectangle_unref(rectangle);
    }
    return composition;
}

void attach_composition(GstBuffer* buffer, GstVideoOverlayComposition* composition) {
    GstVideoOverlayCompositionMeta* present = gst_buffer_get_video_overlay_composition_meta(buffer);
    if (!present) {
        gst_buffer_add_video_overlay_composition_meta(buffer, composition);
        return;
    }
    // Sinks draw one composition: the earlier one is taken over, below ours.
    GstVideoOverlayComposition* merged = gst_video_overlay_composition_copy(present->overlay);
    for (guint i = 0; i < gst_video_overlay_composition_n_rectangles(composition); ++i)
        gst_video_overlay_composition_add_rectangle(
            merged, gst_video_overlay_composition_get_rectangle(composition, i));
    gst_video_overlay_composition_unref(present->overlay);
    present->overlay = merged;
}

}  // namespace facet
