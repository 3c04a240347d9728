// SPDX-License-Identifier: MIT
// facetverify in a harness: metadata in; report file, message and statistics out.
#include <gst/check/gstharness.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "gst/face_meta.h"
#include "gst/ground_truth_meta.h"

GST_ELEMENT_REGISTER_DECLARE(facetverify)

namespace facet {
namespace {

class Verify : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        unsetenv("GST_PLUGIN_PATH");  // the element under test is linked in
        gst_init(nullptr, nullptr);
        GST_ELEMENT_REGISTER(facetverify, nullptr);
    }
    void SetUp() override {
        char pattern[] = "/tmp/facet-verify-XXXXXX";
        directory_ = mkdtemp(pattern);
        element_ = gst_element_factory_make("facetverify", "check");
        bus_ = gst_bus_new();
        gst_element_set_bus(element_, bus_);
        g_object_set(element_, "report-path", report().c_str(), nullptr);
    }
    void TearDown() override {
        if (harness_)
            gst_harness_teardown(harness_);
        else
            gst_object_unref(element_);
        gst_object_unref(bus_);
        std::filesystem::remove_all(directory_);
    }

    [[nodiscard]] std::string report() const { return (directory_ / "report.json").string(); }
    [[nodiscard]] nlohmann::json read_report() const {
        std::ifstream file(report());
        return nlohmann::json::parse(file);
    }

    void start() {
        harness_ = gst_harness_new_with_element(element_, "sink", "src");
        gst_object_unref(element_);
        gst_harness_set_src_caps_str(
            harness_, "video/x-raw,format=GRAY8,width=200,height=100,framerate=25/1");
    }

    // Two true faces, drawn in a frame of half the size; the left one found, and taken for a man.
    static GstBuffer* frame() {
        GstBuffer* buffer = gst_buffer_new_allocate(nullptr, 200 * 100, nullptr);
        GST_BUFFER_PTS(buffer) = 0;
        GroundTruth truth;
        for (const double x : {5.0, 55.0}) {
            TrueFace face;
            face.x = x;
            face.y = 5;
            face.width = face.height = 40;
            face.gender = "female";
            face.mood = "sad";
            face.age = 40;
            face.lighting = "dim";
            truth.faces.push_back(face);
        }
        set_ground_truth(buffer, truth, 100, 50);
        DetectedFace detected;
        detected.x = detected.y = 10;
        detected.width = detected.height = 80;
        detected.label = "face";
        const int id = add_face(buffer, detected, 200, 100);
        FaceAttribute gender;
        gender.name = "gender";
        gender.label = "male";
        set_attribute(buffer, id, gender);
        FaceAttribute age;
        age.name = "age";
        age.value = 47.5;
        set_attribute(buffer, id, age);
        return buffer;
    }

    std::filesystem::path directory_;
    GstElement* element_ = nullptr;
    GstHarness* harness_ = nullptr;
    GstBus* bus_ = nullptr;
};

TEST_F(Verify, WritesItsReportBeforeTheEndGoesOn) {
    start();
    gst_harness_push(harness_, frame());
    gst_harness_push(harness_, frame());
    gst_harness_push_event(harness_, gst_event_new_eos());
    const nlohmann::json json = read_report();
    EXPECT_EQ(json["schema"], "facet-verify/1");
    EXPECT_EQ(json["stream"], "check");
    EXPECT_EQ(json["figures"]["recall"], 0.5);
    EXPECT_EQ(json["figures"]["precision"], 1.0);
    EXPECT_EQ(json["figures"]["gender"], 0.0);
    EXPECT_TRUE(json["figures"]["mood"].is_null());
    EXPECT_EQ(json["figures"]["age_mae"], 7.5);
    EXPECT_TRUE(json["figures"]["worst_group_gap"].is_null()) << "four faces make no group";
    EXPECT_EQ(json["counts"]["faces"], 4);
    EXPECT_EQ(json["counts"]["confusion"]["gender"]["female"]["male"], 2);
    EXPECT_EQ(json["counts"]["groups"]["size"]["medium"]["found"]["of"], 4)
        << "heights are those of the frame that is compared";
    EXPECT_EQ(json["counts"]["groups"]["lighting"]["dim"]["age"]["error"], 15.0);
}

TEST_F(Verify, PostsOneMessageAtTheEnd) {
    start();
    gst_harness_push(harness_, frame());
    EXPECT_EQ(gst_bus_pop_filtered(bus_, GST_MESSAGE_ELEMENT), nullptr);
    gst_harness_push_event(harness_, gst_event_new_eos());
    gst_element_set_state(element_, GST_STATE_NULL);
    GstMessage* message = gst_bus_pop_filtered(bus_, GST_MESSAGE_ELEMENT);
    ASSERT_NE(message, nullptr);
    const GstStructure* structure = gst_message_get_structure(message);
    EXPECT_TRUE(gst_structure_has_name(structure, "facet-verify"));
    guint64 faces = 0, found = 0;
    double recall = 0;
    EXPECT_TRUE(gst_structure_get(structure, "faces", G_TYPE_UINT64, &faces, "found", G_TYPE_UINT64,
                                  &found, "recall", G_TYPE_DOUBLE, &recall, nullptr));
    EXPECT_EQ(faces, 2u);
    EXPECT_EQ(found, 1u);
    EXPECT_EQ(recall, 0.5);
    gst_message_unref(message);
    EXPECT_EQ(gst_bus_pop_filtered(bus_, GST_MESSAGE_ELEMENT), nullptr);
}

TEST_F(Verify, AStreamThatIsStoppedIsReported) {
    start();
    gst_harness_push(harness_, frame());
    gst_element_set_state(element_, GST_STATE_NULL);
    EXPECT_EQ(read_report()["counts"]["frames"], 1);
}

TEST_F(Verify, StatisticsCanBeReadWhileItRuns) {
    start();
    gst_harness_push(harness_, frame());
    GstStructure* stats = nullptr;
    g_object_get(element_, "stats", &stats, nullptr);
    guint64 frames = 0;
    EXPECT_TRUE(gst_structure_get_uint64(stats, "frames", &frames));
    EXPECT_EQ(frames, 1u);
    EXPECT_FALSE(gst_structure_has_field(stats, "mood")) << "nothing was said of moods";
    gst_structure_free(stats);
}

TEST_F(Verify, ThresholdsAreThoseOfTheProperties) {
    g_object_set(element_, "min-visible", 1.0, "iou-threshold", 0.999, nullptr);
    start();
    GstBuffer* buffer = frame();
    GroundTruth truth = *read_ground_truth(buffer);
    truth.faces[1].visible = 0.9;
    truth.faces[0].x += 0.5;
    set_ground_truth(buffer, truth, 100, 50);
    gst_harness_push(harness_, buffer);
    gst_harness_push_event(harness_, gst_event_new_eos());
    const nlohmann::json counts = read_report()["counts"];
    EXPECT_EQ(counts["faces"], 1);
    EXPECT_EQ(counts["excused_truths"], 1);
    EXPECT_EQ(counts["found"], 0);
    EXPECT_EQ(counts["invented"], 1);
}

TEST_F(Verify, PassesTheVeryBufferOn) {
    start();
    GstBuffer* given = frame();
    GstBuffer* received = gst_harness_push_and_pull(harness_, gst_buffer_ref(given));
    EXPECT_EQ(received, given);
    gst_buffer_unref(received);
    gst_buffer_unref(given);
}

TEST_F(Verify, AReportThatCannotBeWrittenIsAnErrorThatNamesTheFile) {
    g_object_set(element_, "report-path", "/no/such/folder/report.json", nullptr);
    start();
    gst_harness_push(harness_, frame());
    gst_harness_push_event(harness_, gst_event_new_eos());
    GstMessage* message = gst_bus_pop_filtered(bus_, GST_MESSAGE_ERROR);
    ASSERT_NE(message, nullptr);
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE));
    EXPECT_NE(std::string(error->message).find("/no/such/folder/report.json"), std::string::npos);
    g_error_free(error);
    gst_message_unref(message);
}

}  // namespace
}  // namespace facet
