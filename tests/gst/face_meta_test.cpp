// SPDX-License-Identifier: MIT
// Faces survive the way onto a buffer and back, and others' metas never hurt.
#include "gst/face_meta.h"

#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace facet {
namespace {

struct BufferUnref {
    void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};
using BufferPtr = std::unique_ptr<GstBuffer, BufferUnref>;

class FaceMeta : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

    GstVideoRegionOfInterestMeta* add_region(guint x, guint y, guint width, guint height) {
        return gst_buffer_add_video_region_of_interest_meta(buffer(), "face", x, y, width, height);
    }
    GstBuffer* buffer() { return buffer_.get(); }

    BufferPtr buffer_{gst_buffer_new()};
};

FaceAttribute full_attribute() {
    FaceAttribute age;
    age.name = "age";
    age.label = "31";
    age.label_id = 4;
    age.confidence = 0.75;
    age.value = 31.4;
    age.values = {0.25, -3.5};
    age.model_name = "age-gender";
    age.layer_name = "age_conv3";
    age.provenance.device = "CPU";
    age.provenance.batch_id = uint64_t{1} << 60;
    age.provenance.batch_size = 6;
    age.provenance.batch_streams = 3;
    age.provenance.wait_us = int64_t{1} << 40;
    age.provenance.infer_us = 4200;
    age.provenance.reused = true;
    age.provenance.source_pts = 680 * GST_MSECOND;
    return age;
}

void expect_same(const FaceAttribute& actual, const FaceAttribute& expected) {
    EXPECT_EQ(actual.name, expected.name);
    EXPECT_EQ(actual.label, expected.label);
    EXPECT_EQ(actual.label_id, expected.label_id);
    EXPECT_EQ(actual.confidence, expected.confidence);
    EXPECT_EQ(actual.value, expected.value);
    EXPECT_EQ(actual.values, expected.values);
    EXPECT_EQ(actual.model_name, expected.model_name);
    EXPECT_EQ(actual.layer_name, expected.layer_name);
    EXPECT_EQ(actual.provenance.device, expected.provenance.device);
    EXPECT_EQ(actual.provenance.batch_id, expected.provenance.batch_id);
    EXPECT_EQ(actual.provenance.batch_size, expected.provenance.batch_size);
    EXPECT_EQ(actual.provenance.batch_streams, expected.provenance.batch_streams);
    EXPECT_EQ(actual.provenance.wait_us, expected.provenance.wait_us);
    EXPECT_EQ(actual.provenance.infer_us, expected.provenance.infer_us);
    EXPECT_EQ(actual.provenance.reused, expected.provenance.reused);
    EXPECT_EQ(actual.provenance.source_pts, expected.provenance.source_pts);
}

TEST_F(FaceMeta, RoundTripsEveryField) {
    const int id = add_face(buffer(), {10, 20, 30, 40, 0.99, 1, "face", "ultraface"}, 640, 360);
    FaceAttribute mood;
    mood.name = "mood";
    ASSERT_TRUE(set_attribute(buffer(), id, full_attribute()));
    ASSERT_TRUE(set_attribute(buffer(), id, mood));
    ASSERT_TRUE(set_skipped(buffer(), id, SkipReason::kLate, "40 ms after its deadline"));
    const std::vector<Face> faces = read_faces(buffer());
    ASSERT_EQ(faces.size(), 1u);
    const Face& face = faces[0];
    EXPECT_EQ(face.roi_id, id);
    EXPECT_EQ(face.type, "face");
    EXPECT_EQ(std::vector({face.x, face.y, face.width, face.height}),
              std::vector({10, 20, 30, 40}));
    EXPECT_EQ(face.confidence, 0.99);
    EXPECT_EQ(face.detection_model, "ultraface");
    EXPECT_EQ(face.skipped, "late");
    EXPECT_EQ(face.skipped_detail, "40 ms after its deadline");
    EXPECT_FALSE(face.object_id);
    ASSERT_EQ(face.attributes.size(), 2u);
    expect_same(face.attributes[0], full_attribute());
    expect_same(face.attributes[1], mood);
    EXPECT_EQ(face.attribute("mood"), &face.attributes[1]);
    EXPECT_EQ(face.attribute("gender"), nullptr);
}

TEST_F(FaceMeta, DetectionParamHoldsFractionsOfTheFrame) {
    add_face(buffer(), {160, 90, 320, 180, 0.5, 1, "face", "m"}, 640, 360);
    auto* region = gst_buffer_get_video_region_of_interest_meta(buffer());
    const GstStructure* detection =
        gst_video_region_of_interest_meta_get_param(region, "detection");
    double x_min = 0, x_max = 0, y_min = 0, y_max = 0;
    ASSERT_TRUE(gst_structure_get(detection, "x_min", G_TYPE_DOUBLE, &x_min, "x_max", G_TYPE_DOUBLE,
                                  &x_max, "y_min", G_TYPE_DOUBLE, &y_min, "y_max", G_TYPE_DOUBLE,
                                  &y_max, nullptr));
    EXPECT_EQ(std::vector({x_min, x_max, y_min, y_max}), std::vector({0.25, 0.75, 0.25, 0.75}));
}

TEST_F(FaceMeta, BoxesAreCutToTheFrameWhenWritten) {
    add_face(buffer(), {-10, 350, 30, 40, 0.5, 1, "face", "m"}, 640, 360);
    const Face face = read_faces(buffer()).at(0);
    EXPECT_EQ(std::vector({face.x, face.y, face.width, face.height}),
              std::vector({0, 350, 20, 10}));
}

TEST_F(FaceMeta, BoxesOfOthersAreCutToTheFrameWhenRead) {
    gst_buffer_add_video_meta(buffer(), GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 640,
                              360);
    add_region(static_cast<guint>(-5), 300, 20, 4000000000u);
    add_region(700, 0, 20, 20);
    const std::vector<Face> faces = read_faces(buffer());
    EXPECT_EQ(std::vector({faces[0].x, faces[0].y, faces[0].width, faces[0].height}),
              std::vector({0, 300, 15, 60}));
    EXPECT_EQ(faces[1].width, 0);
    EXPECT_EQ(read_faces(buffer(), "", 320, 310).at(0).height, 10);
}

TEST_F(FaceMeta, SecondSetAttributeReplacesTheFirstInPlace) {
    const int id = add_face(buffer(), {0, 0, 8, 8, 0.5, 1, "face", "m"}, 64, 64);
    FaceAttribute mood;
    mood.name = "mood";
    mood.label = "sad";
    mood.value = 3;
    set_attribute(buffer(), id, mood);
    set_attribute(buffer(), id, full_attribute());
    mood.label = "happy";
    mood.value.reset();
    set_attribute(buffer(), id, mood);
    set_skipped(buffer(), id, SkipReason::kLate, "");
    set_skipped(buffer(), id, SkipReason::kFailed, "");
    const Face face = read_faces(buffer()).at(0);
    ASSERT_EQ(face.attributes.size(), 2u);
    EXPECT_EQ(face.attributes[0].label, "happy");
    EXPECT_FALSE(face.attributes[0].value);
    EXPECT_EQ(face.skipped, "failed");
}

TEST_F(FaceMeta, RefusesUnknownRegionsAndNamesThatAreNone) {
    const int id = add_face(buffer(), {0, 0, 8, 8, 0.5, 1, "face", "m"}, 64, 64);
    FaceAttribute attribute;
    attribute.name = "mood";
    EXPECT_FALSE(set_attribute(buffer(), id + 1, attribute));
    EXPECT_FALSE(set_skipped(buffer(), id + 1, SkipReason::kLate, ""));
    for (const char* name : {"", "2nd", "my mood", "detection", "skipped", "object_id"}) {
        attribute.name = name;
        EXPECT_FALSE(set_attribute(buffer(), id, attribute)) << name;
    }
    EXPECT_TRUE(read_faces(buffer()).at(0).attributes.empty());
}

TEST_F(FaceMeta, IdsAreUniqueBesideRegionsOfOthers) {
    for (const int id : {2, 0, std::numeric_limits<int>::max(), -1})
        add_region(0, 0, 1, 1)->id = id;
    std::set<int> ids = {2, 0, std::numeric_limits<int>::max(), -1};
    for (int i = 0; i < 4; ++i)
        ids.insert(add_face(buffer(), {0, 0, 8, 8, 0.5, 1, "face", "m"}, 64, 64));
    EXPECT_EQ(ids.size(), 8u);
}

TEST_F(FaceMeta, GiveUniqueIdsKeepsFirstOwnersAndSeparatesTheRest) {
    for (int i = 0; i < 3; ++i) add_region(0, 0, 1, 1)->id = 0;
    add_region(0, 0, 1, 1)->id = 2;
    give_unique_ids(buffer());
    std::set<int> ids;
    for (const Face& face : read_faces(buffer())) ids.insert(face.roi_id);
    EXPECT_EQ(ids.size(), 4u);
    EXPECT_EQ(read_faces(buffer()).at(0).roi_id, 0);
    EXPECT_EQ(read_faces(buffer()).at(3).roi_id, 2);
}

TEST_F(FaceMeta, CopiesOfTheBufferKeepEverything) {
    const int id = add_face(buffer(), {10, 20, 30, 40, 0.99, 1, "face", "m"}, 640, 360);
    set_attribute(buffer(), id, full_attribute());
    set_skipped(buffer(), id, SkipReason::kLate, "why");
    BufferPtr copy(gst_buffer_copy(buffer()));
    BufferPtr shared(gst_buffer_ref(buffer()));
    BufferPtr writable(gst_buffer_make_writable(shared.release()));
    ASSERT_NE(writable.get(), buffer());
    FaceAttribute changed = full_attribute();
    changed.label = "99";
    set_attribute(buffer(), id, changed);
    for (GstBuffer* other : {copy.get(), writable.get()}) {
        const Face face = read_faces(other).at(0);
        EXPECT_EQ(face.roi_id, id);
        EXPECT_EQ(face.skipped_detail, "why");
        ASSERT_EQ(face.attributes.size(), 1u);
        expect_same(face.attributes[0], full_attribute());
    }
}

TEST_F(FaceMeta, ReadsDlStreamerParams) {
    auto* region = add_region(1, 2, 3, 4);
    const auto add = [&](const char* text) {
        GstStructure* structure = gst_structure_from_string(text, nullptr);
        ASSERT_NE(structure, nullptr) << text;
        gst_video_region_of_interest_meta_add_param(region, structure);
    };
    add("detection, label_id=(int)1, confidence=(double)0.5, x_min=(double)0.1");
    add("object_id, id=(int)7");
    add("classification_layer_name:prob, attribute_name=gender, label=Female, label_id=(int)0,"
        "confidence=(double)0.9, model_name=age-gender, layer_name=prob");
    add("age, label=(string)31, layer_name=age_conv3");
    add("plate, label=(string)17, label_id=(int)3");
    add("tensor, layer_name=fc, precision=FP32");
    const Face face = read_faces(buffer()).at(0);
    EXPECT_EQ(face.confidence, 0.5);
    EXPECT_EQ(face.object_id, 7);
    ASSERT_EQ(face.attributes.size(), 3u);
    EXPECT_EQ(face.attribute("gender")->label, "Female");
    EXPECT_EQ(face.attribute("gender")->confidence, 0.9);
    EXPECT_EQ(face.attribute("age")->value, 31);
    EXPECT_EQ(face.attribute("plate")->label_id, 3);
    EXPECT_FALSE(face.attribute("plate")->value);
    EXPECT_EQ(face.attribute("age")->provenance.source_pts, GST_CLOCK_TIME_NONE);
}

TEST_F(FaceMeta, SurvivesFieldsOfOtherTypes) {
    auto* region = add_region(1, 2, 3, 4);
    region->roi_type = 0;
    const auto add = [&](GstStructure* structure) {
        gst_video_region_of_interest_meta_add_param(region, structure);
    };
    add(gst_structure_new("detection", "confidence", G_TYPE_STRING, "high", nullptr));
    add(gst_structure_new("object_id", "id", G_TYPE_UINT64, ~guint64{0}, nullptr));
    add(gst_structure_new("skipped", "reason", G_TYPE_INT, 3, nullptr));
    add(gst_structure_new("age", "value", G_TYPE_INT, 30, "label", G_TYPE_INT, 30, "label_id",
                          G_TYPE_STRING, "one", "confidence", G_TYPE_FLOAT, 0.5f, "reused",
                          G_TYPE_INT, 1, "batch_id", G_TYPE_INT, -4, "values", G_TYPE_STRING, "x",
                          "attribute_name", G_TYPE_DOUBLE, 1.0, nullptr));
    add(gst_structure_new("mood", "label", G_TYPE_STRING, nullptr, "value", G_TYPE_DOUBLE,
                          std::numeric_limits<double>::quiet_NaN(), nullptr));
    add(gst_structure_new_empty("age2"));
    const Face face = read_faces(buffer()).at(0);
    EXPECT_EQ(face.type, "");
    EXPECT_EQ(face.confidence, 0);
    EXPECT_FALSE(face.object_id);
    EXPECT_EQ(face.skipped, "");
    ASSERT_EQ(face.attributes.size(), 2u);
    EXPECT_EQ(face.attributes[0].name, "age");
    EXPECT_EQ(face.attributes[0].value, 30);
    EXPECT_EQ(face.attributes[0].confidence, 0.5);
    EXPECT_EQ(face.attributes[0].provenance.batch_id, 0u);
    EXPECT_FALSE(face.attributes[0].provenance.reused);
    EXPECT_FALSE(face.attributes[1].value);
}

TEST_F(FaceMeta, ReadsOnlyTheTypeAskedFor) {
    add_face(buffer(), {0, 0, 8, 8, 0.5, 1, "face", "m"}, 64, 64);
    add_face(buffer(), {0, 0, 9, 9, 0.5, 2, "car", "m"}, 64, 64);
    EXPECT_EQ(read_faces(buffer()).size(), 2u);
    ASSERT_EQ(read_faces(buffer(), "car").size(), 1u);
    EXPECT_EQ(read_faces(buffer(), "car")[0].width, 9);
}

}  // namespace
}  // namespace facet
