// SPDX-License-Identifier: MIT
// GstAnalytics metas: the one file that sees gstreamer-analytics-1.0.
#include "gst/analytics_meta.h"

#ifdef FACET_HAVE_ANALYTICS
#include <gst/analytics/analytics.h>

namespace facet::analytics {
namespace {

constexpr const char* kParam = "analytics";
constexpr const char* kDetectionField = "detection";

GstStructure* ids_of(GstVideoRegionOfInterestMeta* region) {
    if (GstStructure* ids = gst_video_region_of_interest_meta_get_param(region, kParam)) return ids;
    GstStructure* ids = gst_structure_new_empty(kParam);
    gst_video_region_of_interest_meta_add_param(region, ids);
    return ids;
}

GstAnalyticsRelationMeta* relations_of(GstBuffer* buffer) {
    GstAnalyticsRelationMeta* relations = gst_buffer_get_analytics_relation_meta(buffer);
    return relations ? relations : gst_buffer_add_analytics_relation_meta(buffer);
}

}  // namespace

void mirror_region(GstBuffer* buffer, GstVideoRegionOfInterestMeta* region, double confidence) {
    GstAnalyticsODMtd detection;
    if (!gst_analytics_relation_meta_add_od_mtd(
            relations_of(buffer), region->roi_type, static_cast<gint>(region->x),
            static_cast<gint>(region->y), static_cast<gint>(region->w),
            static_cast<gint>(region->h), static_cast<gfloat>(confidence), &detection))
        return;
    gst_structure_set(ids_of(region), kDetectionField, G_TYPE_UINT,
                      gst_analytics_mtd_get_id(&detection), nullptr);
}

void mirror_attribute(GstBuffer* buffer, GstVideoRegionOfInterestMeta* region,
                      const std::string& attribute, const std::string& label, double confidence) {
    if (label.empty()) return;
    GstStructure* ids = ids_of(region);
    guint detection = 0;
    if (!gst_structure_get_uint(ids, kDetectionField, &detection)) {
        mirror_region(buffer, region, 0);
        if (!gst_structure_get_uint(ids, kDetectionField, &detection)) return;
    }
    GstAnalyticsRelationMeta* relations = relations_of(buffer);
    guint earlier = 0;
    // An mtd cannot be taken away again; unrelated to the face it says nothing about it.
    if (gst_structure_get_uint(ids, attribute.c_str(), &earlier))
        gst_analytics_relation_meta_set_relation(relations, GST_ANALYTICS_REL_TYPE_NONE, detection,
                                                 earlier);
    GstAnalyticsClsMtd classification;
    if (!gst_analytics_relation_meta_add_one_cls_mtd(relations, static_cast<gfloat>(confidence),
                                                     g_quark_from_string(label.c_str()),
                                                     &classification))
        return;
    const guint id = gst_analytics_mtd_get_id(&classification);
    gst_analytics_relation_meta_set_relation(relations, GST_ANALYTICS_REL_TYPE_CONTAIN, detection,
                                             id);
    gst_structure_set(ids, attribute.c_str(), G_TYPE_UINT, id, nullptr);
}

}  // namespace facet::analytics

#else

namespace facet::analytics {

void mirror_region(GstBuffer*, GstVideoRegionOfInterestMeta*, double) {}
void mirror_attribute(GstBuffer*, GstVideoRegionOfInterestMeta*, const std::string&,
                      const std::string&, double) {}

}  // namespace facet::analytics

#endif
