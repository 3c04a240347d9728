// SPDX-License-Identifier: MIT
// What face_meta writes stands on the buffer as GstAnalytics metas too, for GStreamer >= 1.24.
#include <gst/analytics/analytics.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "gst/face_meta.h"

namespace facet {
namespace {

FaceAttribute attribute(const char* name, const char* label, double confidence) {
    FaceAttribute result;
    result.name = name;
    result.label = label;
    result.confidence = confidence;
    return result;
}

class AnalyticsMeta : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
    void SetUp() override { buffer_ = gst_buffer_new(); }
    void TearDown() override { gst_buffer_unref(buffer_); }

    GstAnalyticsODMtd only_detection() {
        GstAnalyticsODMtd detection{};
        gpointer state = nullptr;
        EXPECT_TRUE(gst_analytics_relation_meta_iterate(
            gst_buffer_get_analytics_relation_meta(buffer_), &state,
            gst_analytics_od_mtd_get_mtd_type(), &detection));
        return detection;
    }

    // The labels that the detection contains.
    std::set<std::string> related_labels(const GstAnalyticsODMtd& detection) {
        std::set<std::string> labels;
        GstAnalyticsRelationMeta* relations = gst_buffer_get_analytics_relation_meta(buffer_);
        gpointer state = nullptr;
        GstAnalyticsClsMtd classification{};
        while (gst_analytics_relation_meta_get_direct_related(
            relations, gst_analytics_mtd_get_id(&detection), GST_ANALYTICS_REL_TYPE_CONTAIN,
            gst_analytics_cls_mtd_get_mtd_type(), &state, &classification))
            labels.insert(g_quark_to_string(gst_analytics_cls_mtd_get_quark(&classification, 0)));
        return labels;
    }

    GstBuffer* buffer_ = nullptr;
};

TEST_F(AnalyticsMeta, AFaceIsADetectionThatContainsItsLabels) {
    const int id = add_face(buffer_, {10, 20, 30, 40, 0.75, 1, "face", "detector"}, 640, 360);
    ASSERT_TRUE(set_attribute(buffer_, id, attribute("gender", "female", 0.9)));
    ASSERT_TRUE(set_attribute(buffer_, id, attribute("mood", "happy", 0.8)));

    const GstAnalyticsODMtd detection = only_detection();
    gint x = 0, y = 0, width = 0, height = 0;
    gfloat confidence = 0;
    ASSERT_TRUE(
        gst_analytics_od_mtd_get_location(&detection, &x, &y, &width, &height, &confidence));
    EXPECT_EQ(x, 10);
    EXPECT_EQ(y, 20);
    EXPECT_EQ(width, 30);
    EXPECT_EQ(height, 40);
    EXPECT_FLOAT_EQ(confidence, 0.75f);
    EXPECT_EQ(related_labels(detection), (std::set<std::string>{"female", "happy"}));
}

TEST_F(AnalyticsMeta, AReplacedLabelIsNoLongerRelated) {
    const int id = add_face(buffer_, {10, 20, 30, 40, 0.75, 1, "face", "detector"}, 640, 360);
    ASSERT_TRUE(set_attribute(buffer_, id, attribute("mood", "sad", 0.6)));
    ASSERT_TRUE(set_attribute(buffer_, id, attribute("mood", "happy", 0.8)));
    EXPECT_EQ(related_labels(only_detection()), (std::set<std::string>{"happy"}));
}

TEST_F(AnalyticsMeta, TheIdsKeptOnTheRegionAreNoAttribute) {
    const int id = add_face(buffer_, {10, 20, 30, 40, 0.75, 1, "face", "detector"}, 640, 360);
    ASSERT_TRUE(set_attribute(buffer_, id, attribute("mood", "sad", 0.6)));
    ASSERT_EQ(read_faces(buffer_).size(), 1u);
    EXPECT_EQ(read_faces(buffer_)[0].attributes.size(), 1u);
}

}  // namespace
}  // namespace facet
