// SPDX-License-Identifier: MIT
// What befalls one stream of a shared session leaves the others their deadlines and results: real
// sessions on a puppet device, under a clock that stands still.
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gst/face_meta.h"
#include "gst/session_registry.h"
#include "tests/support/filter_fixture.h"
#include "tests/support/manual_clock.h"
#include "tests/support/puppet_backend.h"

namespace facet {
namespace {

using std::chrono::milliseconds;
using testing::kFrameSize;
using testing::kFrameTime;
using testing::painted_frame;

constexpr uint8_t kPoison = 66;  // a batch with such a crop fails

Converted middle_pixel(std::span<const uint8_t> pixels) {
    Attribute attribute;
    attribute.name = "pixel";
    attribute.value = static_cast<float>(pixels[pixels.size() / 2]);
    Converted said;
    said.attributes.push_back(std::move(attribute));
    return said;
}

class Isolation : public testing::FilterFixture {
  protected:
    void SetUp() override {
        FilterFixture::SetUp();
        puppet_.fail_rows(
            [](std::span<const uint8_t> pixels) { return pixels[pixels.size() / 2] == kPoison; });
        device_.emplace(std::map<std::string, testing::Puppet>{
            {std::filesystem::path(model_file()).stem().string(), puppet_}});
        session_registry().replace_opener([this](const SessionSettings& settings, Clock&) {
            return Session::open(settings, clock_);
        });
    }

    // All elements of one name batch together.
    GstHarness* start_stream(const std::string& session) {
        return start("facetclassify", properties(session));
    }
    static Properties properties(const std::string& session) {
        return {{"device", "PUPPET"}, {"session", session}, {"max-batch", "4"}, {"timeout", "100"}};
    }
    static GstFlowReturn push(GstHarness* harness, int index, uint8_t pixel) {
        return gst_harness_push(harness, painted_frame(index, {{0, 0, kFrameSize, pixel}}));
    }
    static Face pull(GstHarness* harness) {
        const Ref<GstBuffer> buffer = adopt(gst_harness_pull(harness));
        return read_faces(buffer.get()).at(0);
    }

    testing::Puppet puppet_{{8, 8}, middle_pixel};
    std::optional<testing::PuppetDevice> device_;
    testing::ManualClock clock_;
};

void new_segment(GstHarness* harness) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(harness, gst_event_new_segment(&segment));
}

struct Disturbance {
    const char* name;
    std::function<void(GstHarness*)> strike;
    bool withdraws;  // what the stream had waiting
    bool goes_on;    // the stream takes frames afterwards
};

std::vector<Disturbance> disturbances() {
    const auto flush = [](GstHarness* harness) {
        gst_harness_push_event(harness, gst_event_new_flush_start());
        gst_harness_push_event(harness, gst_event_new_flush_stop(TRUE));
        new_segment(harness);
    };
    const auto seek = [](GstHarness* harness) {
        // What a source does when it is sought while it flows.
        gst_harness_push_event(harness, gst_event_new_flush_start());
        gst_harness_push_event(harness, gst_event_new_flush_stop(TRUE));
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        segment.start = segment.position = segment.time = 40 * kFrameTime;
        gst_harness_push_event(harness, gst_event_new_segment(&segment));
    };
    const auto new_caps = [](GstHarness* harness) {
        const Ref<GstCaps> caps =
            adopt(gst_caps_from_string(testing::bgr_caps(kFrameSize).append(",a=b").c_str()));
        gst_harness_push_event(harness, gst_event_new_caps(caps.get()));
    };
    const auto broken_frame = [](GstHarness* harness) {
        GstBuffer* frame = painted_frame(1, {{0, 0, kFrameSize, 1}});
        gst_buffer_resize(frame, 0, 10);
        EXPECT_EQ(gst_harness_push(harness, frame), GST_FLOW_ERROR);
    };
    const auto lose_downstream = [](GstHarness* harness) {
        const Ref<GstPad> source = adopt(gst_pad_get_peer(harness->sinkpad));
        gst_pad_unlink(source.get(), harness->sinkpad);
    };
    const auto stop = [](GstHarness* harness) {
        const Ref<GstElement> element = adopt(gst_harness_find_element(harness, "facetclassify"));
        gst_element_set_state(element.get(), GST_STATE_NULL);
    };
    return {{"flush", flush, true, true},
            {"seek", seek, true, true},
            {"new caps", new_caps, false, true},
            {"a broken frame", broken_frame, false, false},
            {"removal of the pad it feeds", lose_downstream, false, false},
            {"state change", stop, true, false}};
}

TEST_F(Isolation, WhatBefallsOneStreamLeavesTheOthersDeadlinesAndCrops) {
    for (const Disturbance& disturbance : disturbances()) {
        SCOPED_TRACE(disturbance.name);
        GstHarness* struck = start_stream(disturbance.name);
        GstHarness* other = start_stream(disturbance.name);
        push(struck, 0, 10);
        clock_.advance(milliseconds(40));
        push(other, 0, 20);
        disturbance.strike(struck);

        clock_.advance(milliseconds(60));  // the struck stream's crop is due, if it is there
        if (disturbance.withdraws) {
            clock_.wait_for_waiters(1);
            clock_.advance(milliseconds(40));
        }
        const Face face = pull(other);
        ASSERT_NE(face.attribute("pixel"), nullptr) << face.skipped;
        EXPECT_EQ(face.attribute("pixel")->value, std::optional<double>(20));
        const FaceProvenance& provenance = face.attribute("pixel")->provenance;
        EXPECT_EQ(provenance.wait_us, disturbance.withdraws ? 100'000 : 60'000)
            << "its own deadline, or that of the crop before it";
        EXPECT_EQ(provenance.batch_size, disturbance.withdraws ? 1 : 2);

        if (!disturbance.goes_on) continue;
        if (!disturbance.withdraws) {
            EXPECT_EQ(pull(struck).attribute("pixel")->value, std::optional<double>(10));
        }
        EXPECT_EQ(push(struck, 41, 30), GST_FLOW_OK);
        clock_.advance(milliseconds(100));
        EXPECT_EQ(pull(struck).attribute("pixel")->value, std::optional<double>(30))
            << "nothing old comes after it";
    }
}

TEST_F(Isolation, TheEndOfOneStreamStartsWhatItLeavesAndNobodyWaitsLongerForIt) {
    GstHarness* ends = start_stream("end");
    GstHarness* other = start_stream("end");
    push(ends, 0, 10);
    gst_harness_push_event(ends, gst_event_new_eos());
    EXPECT_EQ(pull(ends).attribute("pixel")->provenance.wait_us, 0);
    push(other, 0, 20);
    clock_.advance(milliseconds(100));
    EXPECT_EQ(pull(other).attribute("pixel")->provenance.wait_us, 100'000);
}

TEST_F(Isolation, ACropThatFailsABatchFailsAlone) {
    GstHarness* poisons = start_stream("poison");
    GstHarness* other = start_stream("poison");
    push(poisons, 0, kPoison);
    push(other, 0, 20);
    clock_.advance(milliseconds(100));
    EXPECT_NE(pull(poisons).skipped, "");
    const Face face = pull(other);
    EXPECT_EQ(face.skipped, "");
    EXPECT_EQ(face.attribute("pixel")->value, std::optional<double>(20));
    EXPECT_EQ(puppet_.batch_sizes().front(), 2) << "they ran together first";
}

TEST_F(Isolation, AStreamThatJoinsOrLeavesWhileOthersWaitChangesNothingForThem) {
    GstHarness* first = start_stream("join");
    push(first, 0, 10);
    clock_.advance(milliseconds(30));
    GstHarness* second = start_stream("join");
    GstElement* leaves = make("facetclassify", properties("join"));
    gst_object_ref(leaves);
    GstHarness* third = start(leaves);
    push(second, 0, 20);
    push(third, 0, 30);
    gst_element_set_state(leaves, GST_STATE_NULL);
    gst_object_unref(leaves);
    clock_.advance(milliseconds(70));
    const Face face = pull(first);
    EXPECT_EQ(face.attribute("pixel")->value, std::optional<double>(10));
    EXPECT_EQ(face.attribute("pixel")->provenance.wait_us, 100'000);
    EXPECT_EQ(face.attribute("pixel")->provenance.batch_streams, 2);
    EXPECT_EQ(pull(second).attribute("pixel")->value, std::optional<double>(20));
}

TEST_F(Isolation, ATraceThatCannotBeWrittenIsOneErrorOfTheElementThatAskedForIt) {
    GstHarness* other = start_stream("traced");
    Properties traced = properties("");
    traced["trace-path"] = "/no/such/folder/trace";
    GstElement* element = make("facetclassify", traced);
    EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    const auto posted = errors();
    ASSERT_EQ(posted.size(), 1u);
    EXPECT_NE(posted[0].text.find("property 'trace-path': /no/such/folder/trace: "),
              std::string::npos)
        << posted[0].text;
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
    EXPECT_EQ(push(other, 0, 20), GST_FLOW_OK);
    clock_.advance(milliseconds(100));
    EXPECT_EQ(pull(other).skipped, "");
}

// Chains of a pipeline that plays all the time.
class PlayingPipeline {
  public:
    explicit PlayingPipeline(std::string classify) : classify_(std::move(classify)) {
        gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);
    }
    ~PlayingPipeline() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }

    GstElement* add() {
        const std::string line =
            "appsrc name=in format=time caps=" + testing::bgr_caps(kFrameSize) + " ! " + classify_ +
            " ! appsink name=out sync=false async=false";
        GstElement* chain = gst_parse_bin_from_description(line.c_str(), FALSE, nullptr);
        gst_bin_add(GST_BIN(pipeline_.get()), chain);
        gst_element_sync_state_with_parent(chain);
        return chain;
    }
    void remove(GstElement* chain) {
        const Ref<GstElement> held = share(chain);
        gst_bin_remove(GST_BIN(pipeline_.get()), chain);
        gst_element_set_state(chain, GST_STATE_NULL);
    }
    static void push(GstElement* chain, int index, uint8_t pixel) {
        const Ref<GstElement> source = adopt(gst_bin_get_by_name(GST_BIN(chain), "in"));
        const Ref<GstBuffer> frame = adopt(painted_frame(index, {{0, 0, kFrameSize, pixel}}));
        GstFlowReturn flow = GST_FLOW_OK;
        g_signal_emit_by_name(source.get(), "push-buffer", frame.get(), &flow);
        EXPECT_EQ(flow, GST_FLOW_OK);
    }
    static Face pull(GstElement* chain) {
        const Ref<GstElement> sink = adopt(gst_bin_get_by_name(GST_BIN(chain), "out"));
        GstSample* sample = nullptr;
        g_signal_emit_by_name(sink.get(), "pull-sample", &sample);
        const Face face = read_faces(gst_sample_get_buffer(sample)).at(0);
        gst_sample_unref(sample);
        return face;
    }

  private:
    const std::string classify_;
    const Ref<GstElement> pipeline_ =
        adopt(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
};

TEST_F(Isolation, ElementsAreAddedToAndRemovedFromAPlayingPipeline) {
    PlayingPipeline pipeline("facetclassify device=PUPPET max-batch=2 timeout=100 models=" +
                             model_file());
    GstElement* stays = pipeline.add();
    for (int round = 0; round < 5; ++round) {
        GstElement* guest = pipeline.add();
        const auto shade = static_cast<uint8_t>(10 + round);
        // Full with one crop of each, so that no clock is needed.
        PlayingPipeline::push(stays, round, shade);
        PlayingPipeline::push(guest, 0, static_cast<uint8_t>(100 + round));
        const Face face = PlayingPipeline::pull(stays);
        EXPECT_EQ(face.attribute("pixel")->value, std::optional<double>(shade));
        EXPECT_EQ(face.attribute("pixel")->provenance.batch_streams, 2);
        EXPECT_EQ(PlayingPipeline::pull(guest).attribute("pixel")->value,
                  std::optional<double>(100 + round));
        // It goes with a crop still waiting.
        PlayingPipeline::push(guest, 1, kPoison);
        pipeline.remove(guest);
    }
}

}  // namespace
}  // namespace facet
