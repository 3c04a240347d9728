// SPDX-License-Identifier: MIT
// facetclassify as an element among others: flows, flushes, ends, caps, queries, sharing, errors.
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <thread>

#include "gst/face_meta.h"
#include "gst/latency_meter.h"
#include "tests/support/filter_fixture.h"

namespace facet {
namespace {

using testing::kFrameTime;
using testing::PadLog;
using testing::painted_frame;
using testing::PuppetMode;

GstBuffer* frame_with_face(int index) {
    return painted_frame(index, {{0, 0, 8, 10}});
}

class ClassifyStream : public testing::FilterFixture {
  protected:
    // What comes after the stream's beginning.
    static std::vector<std::string> since_segment(const PadLog& log) {
        std::vector<std::string> words = log.words();
        const auto last = std::find(words.rbegin(), words.rend(), "segment").base();
        return {last, words.end()};
    }
};

TEST_F(ClassifyStream, FramesAndEventsLeaveInTheOrderTheyCame) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetclassify");
    PadLog log(harness->sinkpad);
    gst_harness_push(harness, frame_with_face(0));
    gst_harness_push_event(harness, gst_event_new_gap(kFrameTime, kFrameTime));
    gst_harness_push(harness, painted_frame(2, {}));
    gst_harness_push(harness, frame_with_face(3));
    gst_harness_push_event(harness, gst_event_new_eos());
    puppet()->finish(1);
    puppet()->finish(0);
    log.wait_for("eos");
    const std::vector<std::string> words = log.words();
    const auto first = std::find(words.begin(), words.end(), "buffer 0");
    EXPECT_EQ(std::vector<std::string>(first, words.end()),
              (std::vector<std::string>{"buffer 0", "gap", "buffer 2", "buffer 3", "eos"}));
}

TEST_F(ClassifyStream, NewCapsTakeTheirPlaceBetweenOldAndNewFrames) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetclassify");
    PadLog log(harness->sinkpad);
    gst_harness_push(harness, frame_with_face(0));
    const Ref<GstCaps> caps = adopt(gst_caps_from_string(testing::bgr_caps(16).c_str()));
    gst_harness_push_event(harness, gst_event_new_caps(caps.get()));
    GstBuffer* small = gst_buffer_new_allocate(nullptr, 16 * 16 * 3, nullptr);
    gst_buffer_memset(small, 0, 77, 16 * 16 * 3);
    GST_BUFFER_PTS(small) = kFrameTime;
    DetectedFace face;
    face.width = face.height = 16;
    face.label = "face";
    add_face(small, face, 16, 16);
    gst_harness_push(harness, small);
    puppet()->wait_for_waiting(2);
    puppet()->finish(1);
    puppet()->finish(0);
    log.wait_for("buffer 1");
    const std::vector<std::string> words = log.words();
    const auto first = std::find(words.begin(), words.end(), "buffer 0");
    EXPECT_EQ(std::vector<std::string>(first, words.end()),
              (std::vector<std::string>{"buffer 0", "caps 16", "buffer 1"}));
    gst_buffer_unref(gst_harness_pull(harness));
    const Ref<GstBuffer> second = adopt(gst_harness_pull(harness));
    EXPECT_EQ(read_faces(second.get())[0].attribute("pixel")->value, std::optional<double>(77));
}

TEST_F(ClassifyStream, AFlushDropsWhatWaitedAndNothingOldComesAfterIt) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetclassify");
    gst_harness_push(harness, frame_with_face(0));
    gst_harness_push(harness, frame_with_face(1));
    ASSERT_EQ(puppet()->waiting(), 2u);
    PadLog log(harness->sinkpad);
    gst_harness_push_event(harness, gst_event_new_flush_start());
    EXPECT_EQ(puppet()->waiting(), 0u) << "what waited was not withdrawn";
    gst_harness_push_event(harness, gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(harness, gst_event_new_segment(&segment));
    EXPECT_EQ(gst_harness_push(harness, frame_with_face(5)), GST_FLOW_OK);
    puppet()->finish_all();
    log.wait_for("buffer 5");
    EXPECT_EQ(since_segment(log), (std::vector<std::string>{"buffer 5"}));
}

TEST_F(ClassifyStream, CapsThatAFlushCaughtOnTheirWayAreNotLost) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetclassify");
    gst_harness_push(harness, frame_with_face(0));
    const Ref<GstCaps> caps = adopt(gst_caps_from_string(testing::bgr_caps(16).c_str()));
    gst_harness_push_event(harness, gst_event_new_caps(caps.get()));
    PadLog log(harness->sinkpad);
    gst_harness_push_event(harness, gst_event_new_flush_start());
    gst_harness_push_event(harness, gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(harness, gst_event_new_segment(&segment));
    GstBuffer* small = gst_buffer_new_allocate(nullptr, 16 * 16 * 3, nullptr);
    GST_BUFFER_PTS(small) = 0;
    gst_harness_push(harness, small);
    log.wait_for("buffer 0");
    const std::vector<std::string> words = log.words();
    EXPECT_NE(std::find(words.begin(), words.end(), "caps 16"), words.end());
}

TEST_F(ClassifyStream, AFlushWakesAStreamThatWaitsForRoom) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetclassify", {{"queue-depth", "1"}});
    gst_harness_push(harness, frame_with_face(0));
    auto second = std::async(std::launch::async,
                             [&] { return gst_harness_push(harness, frame_with_face(1)); });
    puppet()->wait_for_state(OwnerState::kBlocked);
    gst_harness_push_event(harness, gst_event_new_flush_start());
    EXPECT_EQ(second.get(), GST_FLOW_FLUSHING);
}

TEST_F(ClassifyStream, AFullWindowHoldsUpstreamBackUntilAFrameHasLeft) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetclassify", {{"queue-depth", "2"}});
    gst_harness_push(harness, frame_with_face(0));
    gst_harness_push(harness, frame_with_face(1));
    std::atomic<bool> finished{false};
    auto third = std::async(std::launch::async, [&] {
        const GstFlowReturn flow = gst_harness_push(harness, frame_with_face(2));
        EXPECT_TRUE(finished) << "the third frame got in before the first had left";
        return flow;
    });
    puppet()->wait_for_state(OwnerState::kBlocked);
    EXPECT_EQ(puppet()->waiting(), 2u);
    finished = true;
    puppet()->finish(0);
    EXPECT_EQ(third.get(), GST_FLOW_OK);
    puppet()->finish_all();
}

TEST_F(ClassifyStream, TheEndRunsAHalfFullBatchAndComesAfterTheLastFrame) {
    use(PuppetMode::kInBatch);
    GstHarness* harness = start("facetclassify");
    PadLog log(harness->sinkpad);
    for (int i = 0; i < 3; ++i) gst_harness_push(harness, frame_with_face(i));
    EXPECT_EQ(puppet()->waiting(), 3u);
    gst_harness_push_event(harness, gst_event_new_eos());
    log.wait_for("eos");
    EXPECT_EQ(log.words().back(), "eos");
    EXPECT_EQ(gst_harness_buffers_received(harness), 3u);
    EXPECT_EQ(puppet()->batch_sizes(), (std::vector<size_t>{3}));
}

TEST_F(ClassifyStream, ANewStreamAfterTheEndContributesAgain) {
    use(PuppetMode::kInBatch);
    GstHarness* harness = start("facetclassify");
    PadLog log(harness->sinkpad);
    gst_harness_push_event(harness, gst_event_new_eos());
    log.wait_for("eos");
    gst_harness_push_event(harness, gst_event_new_stream_start("again"));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(harness, gst_event_new_segment(&segment));
    EXPECT_EQ(gst_harness_push(harness, frame_with_face(7)), GST_FLOW_OK);
    EXPECT_EQ(puppet()->waiting(), 1u) << "still taken for drained";
    puppet()->finish_all();
    log.wait_for("buffer 7");
}

// The answer of the next element to each buffer.
GstFlowReturn answer = GST_FLOW_OK;

TEST_F(ClassifyStream, WhatDownstreamAnswersReachesUpstream) {
    for (const GstFlowReturn flow : {GST_FLOW_EOS, GST_FLOW_ERROR, GST_FLOW_NOT_LINKED}) {
        GstHarness* harness = start("facetclassify");
        answer = flow;
        gst_pad_set_chain_function(harness->sinkpad, [](GstPad*, GstObject*, GstBuffer* buffer) {
            gst_buffer_unref(buffer);
            return answer;
        });
        GstFlowReturn seen = GST_FLOW_OK;
        for (int i = 0; seen == GST_FLOW_OK; ++i)
            seen = gst_harness_push(harness, frame_with_face(i));
        EXPECT_EQ(seen, flow) << gst_flow_get_name(flow);
        EXPECT_TRUE(errors().empty()) << "while buffers come, upstream does the telling";
    }
}

// Blocked would mean that the device holds it up, and the others would batch as under back
// pressure.
TEST_F(ClassifyStream, AStreamThatHasStoppedIsNobodysBackPressure) {
    use(PuppetMode::kInBatch);
    GstHarness* harness = start("facetclassify");
    answer = GST_FLOW_ERROR;
    gst_pad_set_chain_function(harness->sinkpad, [](GstPad*, GstObject*, GstBuffer* buffer) {
        gst_buffer_unref(buffer);
        return answer;
    });
    for (int i = 0; gst_harness_push(harness, frame_with_face(i)) == GST_FLOW_OK;) ++i;
    puppet()->wait_for_state(OwnerState::kDraining);
}

TEST_F(ClassifyStream, AFailureThatNoBufferCarriesUpstreamIsPostedOnce) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetclassify");
    answer = GST_FLOW_ERROR;
    gst_pad_set_chain_function(harness->sinkpad, [](GstPad*, GstObject*, GstBuffer* buffer) {
        gst_buffer_unref(buffer);
        return answer;
    });
    PadLog log(harness->sinkpad);
    gst_harness_push(harness, frame_with_face(0));
    gst_harness_push_event(harness, gst_event_new_eos());
    puppet()->finish_all();
    log.wait_for("eos");
    EXPECT_EQ(errors().size(), 1u);
}

TEST_F(ClassifyStream, ALinkMadeLaterIsTriedAgain) {
    GstHarness* harness = start("facetclassify");
    const GstPadChainFunction receive = GST_PAD_CHAINFUNC(harness->sinkpad);
    gst_pad_set_chain_function(harness->sinkpad, [](GstPad*, GstObject*, GstBuffer* buffer) {
        gst_buffer_unref(buffer);
        return GST_FLOW_NOT_LINKED;
    });
    GstFlowReturn seen = GST_FLOW_OK;
    for (int i = 0; seen == GST_FLOW_OK; ++i) seen = gst_harness_push(harness, frame_with_face(i));
    gst_pad_set_chain_function(harness->sinkpad, receive);
    gst_harness_push_upstream_event(harness, gst_event_new_reconfigure());
    EXPECT_EQ(gst_harness_push(harness, frame_with_face(40)), GST_FLOW_OK);
    const Ref<GstBuffer> buffer = adopt(gst_harness_pull(harness));
    EXPECT_EQ(GST_BUFFER_PTS(buffer.get()), 40 * kFrameTime);
}

TEST_F(ClassifyStream, LatencyIsUpstreamsPlusTheTimeout) {
    GstHarness* harness = start("facetclassify", {{"timeout", "7.5"}});
    gst_harness_set_upstream_latency(harness, 20 * GST_MSECOND);
    EXPECT_EQ(gst_harness_query_latency(harness),
              20 * GST_MSECOND + 7'500 * GST_USECOND +
                  static_cast<GstClockTime>(LatencyMeter::kWakeUps.count()));
}

TEST_F(ClassifyStream, LatencyThatGrewIsPosted) {
    use(PuppetMode::kAtOnce, [](CropBuffer& crops) { return testing::first_pixel(crops); });
    GstElement* element = make("facetclassify", {{"timeout", "500"}});
    GstHarness* harness = start(element);
    gst_harness_push(harness, frame_with_face(0));
    gst_buffer_unref(gst_harness_pull(harness));
    EXPECT_EQ(gst_bus_pop_filtered(bus(), GST_MESSAGE_LATENCY), nullptr);
    puppet()->set_infer_us(40'000);
    gst_harness_push(harness, frame_with_face(1));
    gst_buffer_unref(gst_harness_pull(harness));
    GstMessage* message = gst_bus_pop_filtered(bus(), GST_MESSAGE_LATENCY);
    ASSERT_NE(message, nullptr);
    gst_message_unref(message);
    EXPECT_GE(gst_harness_query_latency(harness), 540 * GST_MSECOND);
}

TEST_F(ClassifyStream, AllocationIsAnsweredByDownstreamWithRoomForTheFramesUnderWay) {
    GstHarness* harness = start("facetclassify", {{"queue-depth", "3"}});
    gst_harness_add_propose_allocation_meta(harness, GST_VIDEO_META_API_TYPE, nullptr);
    const Ref<GstCaps> caps =
        adopt(gst_caps_from_string(testing::bgr_caps(testing::kFrameSize).c_str()));
    const Ref<GstQuery> query = adopt(gst_query_new_allocation(caps.get(), TRUE));
    ASSERT_TRUE(gst_pad_peer_query(harness->srcpad, query.get()));
    EXPECT_TRUE(gst_query_find_allocation_meta(query.get(), GST_VIDEO_META_API_TYPE, nullptr));
    ASSERT_EQ(gst_query_get_n_allocation_pools(query.get()), 1u);
    guint least = 0;
    gst_query_parse_nth_allocation_pool(query.get(), 0, nullptr, nullptr, &least, nullptr);
    EXPECT_GE(least, 3u);
}

TEST_F(ClassifyStream, AllocationIsAskedOnlyOnceDownstreamKnowsTheCaps) {
    use(PuppetMode::kOnWord);
    GstHarness* harness = start("facetclassify");
    PadLog log(harness->sinkpad);
    gst_harness_push(harness, frame_with_face(0));
    const Ref<GstCaps> caps = adopt(gst_caps_from_string(testing::bgr_caps(16).c_str()));
    gst_harness_push_event(harness, gst_event_new_caps(caps.get()));
    auto answered = std::async(std::launch::async, [&] {
        const Ref<GstQuery> query = adopt(gst_query_new_allocation(caps.get(), TRUE));
        gst_pad_peer_query(harness->srcpad, query.get());
        const std::vector<std::string> words = log.words();
        return std::find(words.begin(), words.end(), "caps 16") != words.end();
    });
    puppet()->wait_for_state(OwnerState::kBlocked);
    puppet()->finish_all();
    EXPECT_TRUE(answered.get());
}

TEST_F(ClassifyStream, EqualElementsShareASessionAndBatchTogether) {
    use(PuppetMode::kInBatch);
    GstHarness* one = start("facetclassify", {{"max-batch", "2"}});
    GstHarness* other = start("facetclassify", {{"max-batch", "2"}});
    EXPECT_EQ(sessions_opened(), 1u);
    gst_harness_push(one, frame_with_face(0));
    gst_harness_push(other, frame_with_face(0));
    for (GstHarness* harness : {one, other}) {
        const Ref<GstBuffer> buffer = adopt(gst_harness_pull(harness));
        const auto faces = read_faces(buffer.get());
        EXPECT_EQ(faces[0].attribute("pixel")->provenance.batch_streams, 2);
    }
    EXPECT_EQ(puppet()->batch_sizes(), (std::vector<size_t>{2}));
}

TEST_F(ClassifyStream, StreamsOfASharedSessionEndOneByOne) {
    use(PuppetMode::kInBatch);
    GstHarness* one = start("facetclassify");
    GstElement* other = make("facetclassify");
    ASSERT_EQ(gst_element_set_state(other, GST_STATE_PAUSED), GST_STATE_CHANGE_SUCCESS);
    EXPECT_EQ(puppet()->owners(), 2u);
    gst_element_set_state(other, GST_STATE_NULL);
    gst_object_unref(other);
    EXPECT_EQ(puppet()->owners(), 1u);
    PadLog log(one->sinkpad);
    gst_harness_push(one, frame_with_face(0));
    gst_harness_push_event(one, gst_event_new_eos());
    log.wait_for("eos");
}

TEST_F(ClassifyStream, ANamedSessionWithOtherSettingsIsRefusedByProperty) {
    start("facetclassify", {{"session", "faces"}, {"timeout", "5"}});
    GstElement* second = make("facetclassify", {{"session", "faces"}, {"timeout", "10"}});
    EXPECT_EQ(gst_element_set_state(second, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    const auto posted = errors();
    ASSERT_EQ(posted.size(), 1u);
    EXPECT_EQ(posted[0].domain, GST_LIBRARY_ERROR);
    EXPECT_EQ(posted[0].code, GST_LIBRARY_ERROR_SETTINGS);
    EXPECT_NE(posted[0].text.find("timeout is 10 ms here, 5 ms there"), std::string::npos);
    gst_element_set_state(second, GST_STATE_NULL);
    gst_object_unref(second);
}

TEST_F(ClassifyStream, AMissingModelIsOneErrorThatNamesIt) {
    for (const char* models : {"/no/such.xml", "no-such-name", ""}) {
        GstElement* element = make("facetclassify", {{"models", models}});
        EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
        const auto posted = errors();
        ASSERT_EQ(posted.size(), 1u) << models;
        EXPECT_NE(posted[0].text.find(*models != '\0' ? models : "'models'"), std::string::npos);
        gst_element_set_state(element, GST_STATE_NULL);
        gst_object_unref(element);
    }
    EXPECT_EQ(sessions_opened(), 0u);
}

TEST_F(ClassifyStream, PropertiesSayWhenTheyMayChangeAndHoldToIt) {
    for (const char* factory : {"facetdetect", "facetclassify"}) {
        GstHarness* harness = start(factory);
        const Ref<GstElement> element = adopt(gst_harness_find_element(harness, factory));
        guint count = 0;
        GParamSpec** specs =
            g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
        for (guint i = 0; i < count; ++i) {
            if (specs[i]->owner_type != G_OBJECT_TYPE(element.get())) continue;
            const bool ready = (specs[i]->flags & GST_PARAM_MUTABLE_READY) != 0;
            const bool playing = (specs[i]->flags & GST_PARAM_MUTABLE_PLAYING) != 0;
            EXPECT_NE(ready, playing) << specs[i]->name;
            EXPECT_GT(std::string(g_param_spec_get_blurb(specs[i])).size(), 20u) << specs[i]->name;
        }
        g_free(specs);
        int before = 0, after = 0;
        g_object_get(element.get(), "max-batch", &before, nullptr);
        g_object_set(element.get(), "max-batch", before + 1, nullptr);
        g_object_get(element.get(), "max-batch", &after, nullptr);
        EXPECT_EQ(after, before) << "what is read back is what is in effect";
    }
}

TEST_F(ClassifyStream, AValueOutOfRangeIsOneErrorAtStartThatNamesThePropertyAndItsRange) {
    const std::vector<std::array<const char*, 3>> cases{
        {"max-batch", "5000", "property 'max-batch': 5000 is outside "},
        {"timeout", "-1", "property 'timeout': -1 is outside 0..3.6e+06"},
        {"timeout", "nan", "property 'timeout': nan is outside "},
        {"batch-profiles", "1,two",
         "property 'batch-profiles': 'two' is no batch size; supported: a list as 1,2,4,8"},
        {"processors", "0-x",
         "property 'processors': '0-x' is no processor or range of them; supported: a list as "
         "0-3,6"},
        {"batch-profiles", "1,,2",
         "property 'batch-profiles': '' is no batch size; supported: a list as 1,2,4,8"},
        {"roi-scale", "0", "property 'roi-scale': 0 is outside 0.1..10"}};
    for (const auto& [property, value, text] : cases) {
        GstElement* element = make("facetclassify", {{property, value}});
        EXPECT_EQ(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
        const auto posted = errors();
        ASSERT_EQ(posted.size(), 1u) << property;
        EXPECT_EQ(posted[0].code, GST_LIBRARY_ERROR_SETTINGS);
        EXPECT_NE(posted[0].text.find(text), std::string::npos) << posted[0].text;
        gst_element_set_state(element, GST_STATE_NULL);
        gst_object_unref(element);
    }
    EXPECT_EQ(sessions_opened(), 0u);
}

TEST_F(ClassifyStream, BatchProfilesReachTheSessionAndTheirLargestIsTheMost) {
    for (const char* factory : {"facetclassify", "facetdetect"}) {
        start(factory, {{"batch-profiles", "1, 4,32"}});
        const SessionSettings& settings = puppet(sessions_opened() - 1)->settings();
        EXPECT_EQ(settings.batch_profiles, (std::vector<int>{1, 4, 32})) << factory;
        EXPECT_EQ(settings.max_batch, 32) << factory;
    }
}

TEST_F(ClassifyStream, AValueOutOfRangeWhilePlayingIsAWarningAndChangesNothing) {
    GstHarness* harness = start("facetclassify", {{"roi-scale", "2"}});
    const Ref<GstElement> element = adopt(gst_harness_find_element(harness, "facetclassify"));
    g_object_set(element.get(), "roi-scale", 50.0, nullptr);
    double after = 0;
    g_object_get(element.get(), "roi-scale", &after, nullptr);
    EXPECT_EQ(after, 2);
    GstMessage* warning = gst_bus_pop_filtered(bus(), GST_MESSAGE_WARNING);
    ASSERT_NE(warning, nullptr);
    gst_message_unref(warning);
    EXPECT_TRUE(errors().empty());
}

TEST_F(ClassifyStream, OneFileIsOneModelHoweverItsPathIsWritten) {
    const std::filesystem::path file = model_file();
    const std::filesystem::path roundabout =
        file.parent_path() / "." / ".." / file.parent_path().filename() / file.filename();
    start("facetclassify");
    start("facetclassify", {{"models", roundabout.string()}});
    EXPECT_EQ(sessions_opened(), 1u);
}

TEST_F(ClassifyStream, EveryAcceptedFormatPassesThroughAndIsRead) {
    GstHarness* formats = start("facetclassify");
    const Ref<GstElement> element = adopt(gst_harness_find_element(formats, "facetclassify"));
    const Ref<GstPad> sink = adopt(gst_element_get_static_pad(element.get(), "sink"));
    const Ref<GstCaps> caps = adopt(gst_pad_get_pad_template_caps(sink.get()));
    const GValue* list = gst_structure_get_value(gst_caps_get_structure(caps.get(), 0), "format");
    for (guint i = 0; i < gst_value_list_get_size(list); ++i) {
        const char* name = g_value_get_string(gst_value_list_get_value(list, i));
        GstVideoInfo info;
        gst_video_info_set_format(&info, gst_video_format_from_string(name), 34, 18);
        const Ref<GstCaps> format_caps = adopt(gst_video_info_to_caps(&info));
        GstHarness* harness = start("facetclassify");
        gst_harness_set_src_caps(harness, gst_caps_ref(format_caps.get()));
        GstBuffer* frame = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
        gst_buffer_memset(frame, 0, 128, GST_VIDEO_INFO_SIZE(&info));
        DetectedFace face;
        face.width = face.height = 16;
        face.label = "face";
        add_face(frame, face, 34, 18);
        ASSERT_EQ(gst_harness_push(harness, frame), GST_FLOW_OK) << name;
        const Ref<GstBuffer> out = adopt(gst_harness_pull(harness));
        const auto faces = read_faces(out.get());
        ASSERT_NE(faces[0].attribute("pixel"), nullptr) << name << ": " << faces[0].skipped_detail;
        EXPECT_NEAR(*faces[0].attribute("pixel")->value, 128, 5) << name;
    }
}

TEST_F(ClassifyStream, AFrameTooSmallForItsCapsIsOneError) {
    GstHarness* harness = start("facetclassify");
    GstBuffer* frame = gst_buffer_new_allocate(nullptr, 10, nullptr);
    DetectedFace face;
    face.width = face.height = 8;
    face.label = "face";
    add_face(frame, face, testing::kFrameSize, testing::kFrameSize);
    EXPECT_EQ(gst_harness_push(harness, frame), GST_FLOW_ERROR);
    EXPECT_EQ(errors().size(), 1u);
}

TEST_F(ClassifyStream, StopsWithResultsStillOut) {
    use(PuppetMode::kOnWord);
    GstElement* element = make("facetclassify", {{"queue-depth", "2"}});
    gst_object_ref(element);
    GstHarness* harness = start(element);
    const auto held = puppet();
    gst_harness_push(harness, frame_with_face(0));
    gst_harness_push(harness, frame_with_face(1));
    auto third = std::async(std::launch::async,
                            [&] { return gst_harness_push(harness, frame_with_face(2)); });
    held->wait_for_state(OwnerState::kBlocked);
    EXPECT_EQ(gst_element_set_state(element, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    EXPECT_NE(third.get(), GST_FLOW_OK);
    EXPECT_EQ(held->owners(), 0u);
    EXPECT_EQ(held->waiting(), 0u);
    gst_object_unref(element);
}

}  // namespace
}  // namespace facet
