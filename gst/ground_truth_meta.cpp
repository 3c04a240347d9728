// SPDX-License-Identifier: MIT
// The ground truth of a frame as a GstMeta that survives every copy.
#include "gst/ground_truth_meta.h"

namespace facet {
namespace {

struct Truth {
    GroundTruth truth;
    int width = 0, height = 0;
};

// GStreamer allocates and frees this; `content` is owned and set while the meta is on a buffer.
struct GroundTruthMeta {
    GstMeta meta;
    Truth* content;
};

GType api_type() {
    // No tags: what is known of a frame stays true in any format and memory.
    static const char* tags[] = {nullptr};
    static const GType type = gst_meta_api_type_register("FacetGroundTruthMetaAPI", tags);
    return type;
}

gboolean init_meta(GstMeta* meta, gpointer, GstBuffer*) {
    reinterpret_cast<GroundTruthMeta*>(meta)->content = new Truth();
    return TRUE;
}

void free_meta(GstMeta* meta, GstBuffer*) {
    delete reinterpret_cast<GroundTruthMeta*>(meta)->content;
}

GroundTruthMeta* find(GstBuffer* buffer) {
    return reinterpret_cast<GroundTruthMeta*>(gst_buffer_get_meta(buffer, api_type()));
}

const GstMetaInfo* meta_info();

Truth& content_of(GstBuffer* buffer) {
    GroundTruthMeta* meta = find(buffer);
    if (!meta)
        meta =
            reinterpret_cast<GroundTruthMeta*>(gst_buffer_add_meta(buffer, meta_info(), nullptr));
    return *meta->content;
}

gboolean transform_meta(GstBuffer* to, GstMeta* meta, GstBuffer*, GQuark type, gpointer) {
    if (!GST_META_TRANSFORM_IS_COPY(type)) return FALSE;
    content_of(to) = *reinterpret_cast<GroundTruthMeta*>(meta)->content;
    return TRUE;
}

const GstMetaInfo* meta_info() {
    static const GstMetaInfo* info =
        gst_meta_register(api_type(), "FacetGroundTruthMeta", sizeof(GroundTruthMeta), init_meta,
                          free_meta, transform_meta);
    return info;
}

}  // namespace

void set_ground_truth(GstBuffer* buffer, const GroundTruth& truth, int frame_width,
                      int frame_height) {
    content_of(buffer) = {truth, frame_width, frame_height};
}

std::optional<GroundTruth> read_ground_truth(GstBuffer* buffer, int frame_width, int frame_height) {
    const GroundTruthMeta* meta = find(buffer);
    if (!meta) return std::nullopt;
    const Truth& content = *meta->content;
    GroundTruth truth = content.truth;
    if (frame_width <= 0 || frame_height <= 0) return truth;
    const double across = static_cast<double>(frame_width) / content.width;
    const double down = static_cast<double>(frame_height) / content.height;
    for (TrueFace& face : truth.faces) {
        face.x *= across;
        face.width *= across;
        face.y *= down;
        face.height *= down;
    }
    return truth;
}

}  // namespace facet
