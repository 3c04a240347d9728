// SPDX-License-Identifier: MIT
// facetpublish in a harness: files, errors, flushing, messages.
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <vector>

#include "elements/publish/line_output.h"
#include "gst/face_meta.h"

GST_ELEMENT_REGISTER_DECLARE(facetpublish)

namespace facet {
namespace {

using nlohmann::json;

class Publish : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        gst_init(nullptr, nullptr);
        GST_ELEMENT_REGISTER(facetpublish, nullptr);
    }
    void SetUp() override {
        char pattern[] = "/tmp/facet-publish-XXXXXX";
        directory_ = mkdtemp(pattern);
    }
    void TearDown() override {
        if (harness_) gst_harness_teardown(harness_);
        if (bus_) gst_object_unref(bus_);
        std::filesystem::remove_all(directory_);
    }

    std::string path(const char* name) { return (directory_ / name).string(); }

    // Not started yet: the caller sets properties, then calls start().
    GstElement* make(const std::string& location) {
        GstElement* element = gst_element_factory_make("facetpublish", "cam0");
        g_object_set(element, "location", location.c_str(), nullptr);
        bus_ = gst_bus_new();
        gst_element_set_bus(element, bus_);
        return element;
    }
    void start(GstElement* element) {
        harness_ = gst_harness_new_with_element(element, "sink", "src");
        gst_object_unref(element);
        gst_harness_set_src_caps_str(harness_,
                                     "video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1");
    }

    static GstBuffer* frame(GstClockTime pts, int faces = 0) {
        GstBuffer* buffer = gst_buffer_new_allocate(nullptr, 64 * 48, nullptr);
        GST_BUFFER_PTS(buffer) = pts;
        for (int i = 0; i < faces; ++i)
            add_face(buffer, {4 * i, 2, 10, 12, 0.5, 1, "face", "m"}, 64, 48);
        return buffer;
    }
    GstFlowReturn push(GstBuffer* buffer) { return gst_harness_push(harness_, buffer); }

    std::vector<json> lines(const char* name) {
        std::ifstream file(path(name));
        std::vector<json> parsed;
        for (std::string line; std::getline(file, line);) parsed.push_back(json::parse(line));
        return parsed;
    }
    // Every error on the bus as "code: text".
    std::vector<std::string> errors() {
        std::vector<std::string> found;
        while (GstMessage* message = gst_bus_pop_filtered(bus_, GST_MESSAGE_ERROR)) {
            GError* error = nullptr;
            gst_message_parse_error(message, &error, nullptr);
            EXPECT_EQ(error->domain, GST_RESOURCE_ERROR);
            found.push_back(std::to_string(error->code) + ": " + error->message);
            g_error_free(error);
            gst_message_unref(message);
        }
        return found;
    }

    std::filesystem::path directory_;
    GstHarness* harness_ = nullptr;
    GstBus* bus_ = nullptr;
};

TEST_F(Publish, WritesOneLinePerFrameAndIsFlushedAtEos) {
    start(make(path("faces.jsonl")));
    ASSERT_EQ(push(frame(0, 2)), GST_FLOW_OK);
    ASSERT_EQ(push(frame(GST_CLOCK_TIME_NONE)), GST_FLOW_OK);
    ASSERT_TRUE(gst_harness_push_event(harness_, gst_event_new_eos()));
    const std::vector<json> written = lines("faces.jsonl");
    ASSERT_EQ(written.size(), 2u);
    EXPECT_EQ(written[0]["stream"], "cam0");
    EXPECT_EQ(written[0]["frame"], 0);
    EXPECT_EQ(written[0]["pts"], 0);
    EXPECT_EQ(written[0]["width"], 64);
    EXPECT_EQ(written[0]["height"], 48);
    EXPECT_EQ(written[0]["faces"].size(), 2u);
    EXPECT_EQ(written[0]["faces"][1]["box"], json({{"x", 4}, {"y", 2}, {"w", 10}, {"h", 12}}));
    EXPECT_EQ(written[1]["frame"], 1);
    EXPECT_TRUE(written[1]["pts"].is_null());
    EXPECT_TRUE(written[1]["faces"].empty());
}

TEST_F(Publish, PassesTheVeryBufferOn) {
    start(make(path("faces.jsonl")));
    GstBuffer* given = frame(0, 1);
    GstBuffer* received = gst_harness_push_and_pull(harness_, gst_buffer_ref(given));
    EXPECT_EQ(received, given);
    gst_buffer_unref(received);
    gst_buffer_unref(given);
}

TEST_F(Publish, FrameCounterOutlivesAFlush) {
    start(make(path("faces.jsonl")));
    push(frame(0));
    gst_harness_push_event(harness_, gst_event_new_flush_start());
    gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(harness_, gst_event_new_segment(&segment));
    push(frame(0));
    gst_harness_push_event(harness_, gst_event_new_eos());
    EXPECT_EQ(lines("faces.jsonl").at(1)["frame"], 1);
}

TEST_F(Publish, StreamIdDefaultsToTheElementsNameAndCanBeSet) {
    GstElement* element = make(path("faces.jsonl"));
    gchar* effective = nullptr;
    g_object_get(element, "stream-id", &effective, nullptr);
    EXPECT_STREQ(effective, "cam0");
    g_free(effective);
    g_object_set(element, "stream-id", "door", nullptr);
    start(element);
    push(frame(0));
    gst_harness_push_event(harness_, gst_event_new_eos());
    EXPECT_EQ(lines("faces.jsonl").at(0)["stream"], "door");
}

TEST_F(Publish, UnwritableLocationIsOneErrorThatNamesIt) {
    GstElement* element = make(path("no/such/folder.jsonl"));
    EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    const std::vector<std::string> posted = errors();
    ASSERT_EQ(posted.size(), 1u);
    EXPECT_EQ(posted[0], std::to_string(GST_RESOURCE_ERROR_OPEN_WRITE) + ": '" +
                             path("no/such/folder.jsonl") +
                             "': cannot be opened for writing: No such file or directory");
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
}

TEST_F(Publish, FullDiskMidwayIsOneErrorThatNamesIt) {
    start(make("/dev/full"));
    EXPECT_EQ(push(frame(0)), GST_FLOW_ERROR);
    EXPECT_EQ(push(frame(1)), GST_FLOW_ERROR);
    gst_harness_push_event(harness_, gst_event_new_eos());
    const std::vector<std::string> posted = errors();
    ASSERT_EQ(posted.size(), 1u);
    EXPECT_EQ(posted[0], std::to_string(GST_RESOURCE_ERROR_WRITE) +
                             ": '/dev/full': cannot be written: No space left on device");
}

TEST_F(Publish, PostsTheLineAndTheNumbersWhenAsked) {
    GstElement* element = make(path("faces.jsonl"));
    g_object_set(element, "post-messages", TRUE, nullptr);
    start(element);
    push(frame(40 * GST_MSECOND, 1));
    GstMessage* message = gst_bus_pop_filtered(bus_, GST_MESSAGE_ELEMENT);
    ASSERT_NE(message, nullptr);
    const GstStructure* structure = gst_message_get_structure(message);
    EXPECT_STREQ(gst_structure_get_name(structure), "facet-frame");
    guint64 pts = 0;
    int faces = 0, width = 0;
    ASSERT_TRUE(gst_structure_get(structure, "pts", G_TYPE_UINT64, &pts, "faces", G_TYPE_INT,
                                  &faces, "width", G_TYPE_INT, &width, nullptr));
    EXPECT_EQ(pts, 40 * GST_MSECOND);
    EXPECT_EQ(faces, 1);
    EXPECT_EQ(width, 64);
    EXPECT_EQ(json::parse(gst_structure_get_string(structure, "json"))["pts"], 40000000);
    gst_message_unref(message);
}

TEST_F(Publish, ElementsOfOneLocationNeverCutIntoEachOthersLines) {
    const std::string shared = path("shared.jsonl");
    constexpr int kWriters = 4, kLines = 500;
    std::vector<std::thread> writers;
    std::vector<std::shared_ptr<LineOutput>> outputs;
    for (int i = 0; i < kWriters; ++i) outputs.push_back(*LineOutput::open(shared));
    for (int i = 0; i < kWriters; ++i)
        writers.emplace_back([&, i] {
            const std::string line = json({{"writer", i}, {"text", std::string(300, 'x')}}).dump();
            for (int n = 0; n < kLines; ++n) ASSERT_TRUE(outputs[i]->write_line(line).ok());
            ASSERT_TRUE(outputs[i]->flush().ok());
        });
    for (std::thread& writer : writers) writer.join();
    std::vector<int> counts(kWriters);
    for (const json& line : lines("shared.jsonl")) ++counts.at(line["writer"]);
    EXPECT_EQ(counts, std::vector<int>(kWriters, kLines));
}

TEST_F(Publish, AReopenedFileStartsEmpty) {
    for (int run = 0; run < 2; ++run) {
        start(make(path("faces.jsonl")));
        push(frame(0));
        gst_harness_teardown(std::exchange(harness_, nullptr));
        gst_object_unref(std::exchange(bus_, nullptr));
        EXPECT_EQ(lines("faces.jsonl").size(), 1u);
    }
}

}  // namespace
}  // namespace facet
