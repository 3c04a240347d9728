// SPDX-License-Identifier: MIT
// Harnesses, painted frames and the log of a pad.
#include "tests/support/filter_fixture.h"

#include <gst/video/video.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "gst/face_meta.h"
#include "gst/session_registry.h"

GST_ELEMENT_REGISTER_DECLARE(facetdetect);
GST_ELEMENT_REGISTER_DECLARE(facetclassify);

namespace facet::testing {

GstBuffer* painted_frame(int index, const std::vector<PaintedFace>& faces) {
    constexpr int kStride = kFrameSize * 3;
    std::vector<uint8_t> pixels(static_cast<size_t>(kStride) * kFrameSize);
    for (const PaintedFace& face : faces)
        for (int y = face.y; y < face.y + face.size; ++y)
            std::memset(&pixels[static_cast<size_t>(y) * kStride + face.x * 3], face.pixel,
                        static_cast<size_t>(face.size) * 3);
    GstBuffer* buffer = gst_buffer_new_memdup(pixels.data(), pixels.size());
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(index) * kFrameTime;
    GST_BUFFER_DURATION(buffer) = kFrameTime;
    for (const PaintedFace& face : faces) {
        DetectedFace region;
        region.x = face.x;
        region.y = face.y;
        region.width = region.height = face.size;
        region.label = face.type;
        add_face(buffer, region, kFrameSize, kFrameSize);
    }
    return buffer;
}

std::string bgr_caps(int size) {
    const std::string side = std::to_string(size);
    return "video/x-raw,format=BGR,framerate=30/1,width=" + side + ",height=" + side;
}

PadLog::PadLog(GstPad* pad) : pad_(share(pad)) {
    probe_ = gst_pad_add_probe(
        pad,
        static_cast<GstPadProbeType>(static_cast<int>(GST_PAD_PROBE_TYPE_BUFFER) |
                                     GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
        [](GstPad*, GstPadProbeInfo* info, gpointer log) {
            static_cast<PadLog*>(log)->add(info);
            return GST_PAD_PROBE_OK;
        },
        this, nullptr);
}

PadLog::~PadLog() {
    gst_pad_remove_probe(pad_.get(), probe_);
}

void PadLog::add(GstPadProbeInfo* info) {
    std::string word;
    if ((info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0) {
        GstBuffer* buffer = gst_pad_probe_info_get_buffer(info);
        word = "buffer ";
        word += std::to_string(GST_BUFFER_PTS(buffer) / kFrameTime);
    } else {
        GstEvent* event = gst_pad_probe_info_get_event(info);
        word = GST_EVENT_TYPE_NAME(event);
        if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
            GstCaps* caps = nullptr;
            gst_event_parse_caps(event, &caps);
            int width = 0;
            gst_structure_get_int(gst_caps_get_structure(caps, 0), "width", &width);
            word += ' ';
            word += std::to_string(width);
        }
    }
    MutexLock lock(mutex_);
    words_.push_back(word);
    changed_.notify_all();
}

void PadLog::wait_for(const std::string& word) {
    MutexLock lock(mutex_);
    while (std::find(words_.begin(), words_.end(), word) == words_.end()) changed_.wait(mutex_);
}

std::vector<std::string> PadLog::words() const {
    MutexLock lock(mutex_);
    return words_;
}

void FilterFixture::SetUpTestSuite() {
    // The elements under test are linked in; the plugin file must not bring them a second time.
    unsetenv("GST_PLUGIN_PATH");
    gst_init(nullptr, nullptr);
    GST_ELEMENT_REGISTER(facetdetect, nullptr);
    GST_ELEMENT_REGISTER(facetclassify, nullptr);
}

void FilterFixture::SetUp() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    model_ = std::filesystem::path(::testing::TempDir()) /
             std::string(test->test_suite_name()).append(".").append(test->name()).append(".xml");
    std::ofstream(model_) << "<puppet/>";
    bus_ = gst_bus_new();
    use(PuppetMode::kAtOnce);
}

void FilterFixture::TearDown() {
    for (GstHarness* harness : harnesses_) gst_harness_teardown(harness);
    gst_bus_set_flushing(bus_, TRUE);
    gst_object_unref(bus_);
    session_registry().replace_opener({});
    std::filesystem::remove(model_);
}

void FilterFixture::use(PuppetMode mode, PuppetAnswer answer) {
    session_registry().replace_opener(
        [this, mode, answer](const SessionSettings& settings,
                             Clock&) -> Result<std::shared_ptr<Session>> {
            auto session = std::make_shared<PuppetSession>(settings, mode, answer);
            puppets_.push_back(session);
            return std::shared_ptr<Session>(session);
        });
}

std::shared_ptr<PuppetSession> FilterFixture::puppet(size_t index) const {
    return puppets_.at(index).lock();
}

GstElement* FilterFixture::make(const char* factory, const Properties& properties) {
    GstElement* element = gst_element_factory_make(factory, nullptr);
    const char* model = std::strcmp(factory, "facetdetect") == 0 ? "model" : "models";
    gst_util_set_object_arg(G_OBJECT(element), model, model_.c_str());
    for (const auto& [name, value] : properties)
        gst_util_set_object_arg(G_OBJECT(element), name.c_str(), value.c_str());
    gst_element_set_bus(element, bus_);
    return element;
}

GstHarness* FilterFixture::start(const char* factory, const Properties& properties) {
    return start(make(factory, properties));
}

GstHarness* FilterFixture::start(GstElement* element) {
    GstHarness* harness = gst_harness_new_with_element(element, "sink", "src");
    gst_object_unref(element);  // the harness holds it now
    gst_harness_set_src_caps_str(harness, bgr_caps(kFrameSize).c_str());
    harnesses_.push_back(harness);
    return harness;
}

std::vector<FilterFixture::BusError> FilterFixture::errors() const {
    std::vector<BusError> found;
    while (GstMessage* message = gst_bus_pop_filtered(bus_, GST_MESSAGE_ERROR)) {
        GError* error = nullptr;
        gst_message_parse_error(message, &error, nullptr);
        found.push_back({error->domain, error->code, error->message});
        g_error_free(error);
        gst_message_unref(message);
    }
    return found;
}

}  // namespace facet::testing
