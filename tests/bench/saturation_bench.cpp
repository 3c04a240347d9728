// SPDX-License-Identifier: MIT
// What facetclassify leaves of the engine's speed: crops per second of two saturated streams
// against the engine alone at the same batch size, and with a puppet that takes next to no time.
#include <gst/gst.h>
#include <gst/video/video.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <semaphore>
#include <thread>
#include <vector>

#include "gst/model_path.h"
#include "gst/ref.h"
#include "tests/support/puppet_backend.h"

GST_ELEMENT_REGISTER_DECLARE(facetclassify);

namespace facet {
namespace {

constexpr int kBatch = 16;
constexpr int kStreams = 2;
constexpr int kFaces = 32;  // per frame
constexpr int kWidth = 640, kHeight = 360, kFaceSize = 40;

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Crops per second of a session without an element: ready crops, three batches under way.
Result<double> bare_rate(const std::filesystem::path& model, double seconds) {
    SessionSettings settings;
    settings.models = {{model, ""}};
    settings.info_directories = model_info_directories();
    settings.max_batch = kBatch;
    settings.timeout = std::chrono::milliseconds(100);
    FACET_ASSIGN(const auto session, Session::open(settings));
    const OwnerId owner = session->open_owner();
    std::counting_semaphore<> room(3);
    std::atomic<int64_t> crops{0};
    const auto start = Clock::now();
    while (since(start) < seconds) {
        room.acquire();
        std::vector<Item> items(kBatch);
        for (Item& item : items) {
            item.owner = owner;
            item.crops = session->acquire_crops();
            item.done = [&](const ItemResult&) {
                if (++crops % kBatch == 0) room.release();
            };
        }
        session->submit(std::move(items));
    }
    const double rate = static_cast<double>(crops) / since(start);
    session->close_owner(owner);
    for (int i = 0; i < 3; ++i) room.acquire();
    return rate;
}

struct Stream {
    Ref<GstElement> element;
    Ref<GstPad> source, sink;
    std::atomic<int64_t> frames{0};
    std::thread feeder;
};

Ref<GstPad> make_sink(Stream& stream) {
    Ref<GstPad> pad = adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("sink", GST_PAD_SINK))));
    gst_pad_set_element_private(pad.get(), &stream);
    gst_pad_set_chain_function(pad.get(), [](GstPad* self, GstObject*, GstBuffer* buffer) {
        ++static_cast<Stream*>(gst_pad_get_element_private(self))->frames;
        gst_buffer_unref(buffer);
        return GST_FLOW_OK;
    });
    gst_pad_set_active(pad.get(), TRUE);
    return pad;
}

bool start(Stream& stream, const char* device, const std::string& models) {
    stream.element =
        adopt(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make("facetclassify", nullptr))));
    g_object_set(stream.element.get(), "device", device, "models", models.c_str(), "max-batch",
                 kBatch, "timeout", 100.0, nullptr);
    stream.source = adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("src", GST_PAD_SRC))));
    stream.sink = make_sink(stream);
    const Ref<GstPad> in = adopt(gst_element_get_static_pad(stream.element.get(), "sink"));
    const Ref<GstPad> out = adopt(gst_element_get_static_pad(stream.element.get(), "src"));
    gst_pad_set_active(stream.source.get(), TRUE);
    gst_pad_link(stream.source.get(), in.get());
    gst_pad_link(out.get(), stream.sink.get());
    return gst_element_set_state(stream.element.get(), GST_STATE_PLAYING) !=
           GST_STATE_CHANGE_FAILURE;
}

GstBuffer* make_frame(GstMemory* pixels, int index) {
    GstBuffer* frame = gst_buffer_new();
    gst_buffer_append_memory(frame, gst_memory_ref(pixels));
    GST_BUFFER_PTS(frame) = static_cast<GstClockTime>(index) * 40 * GST_MSECOND;
    for (int i = 0; i < kFaces; ++i) {
        const guint x = i % 8 * 80, y = i / 8 * 80;
        gst_buffer_add_video_region_of_interest_meta(frame, "face", x, y, kFaceSize, kFaceSize)
            ->id = i + 1;
    }
    return frame;
}

// Until the source pad's peer says no.
void feed(Stream& stream) {
    GstPad* pad = stream.source.get();
    GstVideoInfo info;
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_BGR, kWidth, kHeight);
    const Ref<GstCaps> caps = adopt(gst_video_info_to_caps(&info));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(pad, gst_event_new_stream_start("saturation"));
    gst_pad_push_event(pad, gst_event_new_caps(caps.get()));
    gst_pad_push_event(pad, gst_event_new_segment(&segment));
    GstMemory* pixels = gst_allocator_alloc(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
    for (int i = 0; gst_pad_push(pad, make_frame(pixels, i)) == GST_FLOW_OK; ++i) {
    }
    gst_memory_unref(pixels);
}

// Crops per second through the element; below 0: it did not start.
double element_rate(const char* device, const std::string& models, double seconds) {
    std::vector<Stream> streams(kStreams);
    for (Stream& stream : streams)
        if (!start(stream, device, models)) return -1;
    for (Stream& stream : streams) stream.feeder = std::thread([&stream] { feed(stream); });
    const auto frames = [&] {
        int64_t sum = 0;
        for (const Stream& stream : streams) sum += stream.frames;
        return sum;
    };
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // past the first frames
    const int64_t before = frames();
    const auto begin = Clock::now();
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    const double rate = static_cast<double>(frames() - before) * kFaces / since(begin);
    GstStructure* stats = nullptr;
    g_object_get(streams[0].element.get(), "stats", &stats, nullptr);
    char* text = gst_structure_to_string(stats);
    std::printf("%s: %.0f crops/s; %s\n", device, rate, text);
    g_free(text);
    gst_structure_free(stats);
    for (Stream& stream : streams) gst_element_set_state(stream.element.get(), GST_STATE_NULL);
    for (Stream& stream : streams) stream.feeder.join();
    return rate;
}

// The middle one of several turns, each on both sides, since other work on the machine comes and
// goes.
double share_of(const std::filesystem::path& model, int turns, double seconds) {
    std::vector<double> shares;
    for (int turn = 0; turn < turns; ++turn) {
        const auto bare = bare_rate(model, seconds);
        if (!bare.ok()) {
            std::fprintf(stderr, "%s\n", bare.error().text().c_str());
            return -1;
        }
        std::printf("engine alone: %.0f crops/s\n", *bare);
        shares.push_back(element_rate("CPU", model.string(), seconds) / *bare);
    }
    std::nth_element(shares.begin(), shares.begin() + turns / 2, shares.end());
    return shares[static_cast<size_t>(turns / 2)];
}

int run(bool quick) {
    const double seconds = quick ? 2 : 10;
    const auto folder = std::filesystem::temp_directory_path() / "facet-saturation";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "faces.xml") << "<puppet/>";
    const testing::PuppetDevice device({{"faces", testing::Puppet()}});
    double puppet = 0;
    for (int turn = 0; turn < 3; ++turn)
        puppet = std::max(puppet, element_rate("PUPPET", (folder / "faces.xml").string(), seconds));
    std::filesystem::remove_all(folder);

    const char* data = std::getenv("FACET_DATA");
    const auto folder_of_models = std::filesystem::path(data != nullptr ? data : "") /
                                  "models/age-gender-recognition-retail-0013";
    const std::string name = "age-gender-recognition-retail-0013";
    const auto share = [&](const std::filesystem::path& model) {
        if (!std::filesystem::exists(model)) return std::string("null");
        char text[16];
        std::snprintf(text, sizeof text, "%.3f", share_of(model, 5, seconds));
        return std::string(text);
    };
    const std::string in_floats = share(folder_of_models / "FP32-dequantized" / (name + ".onnx"));
    const std::string in_bytes = share(folder_of_models / "FP16-INT8" / (name + ".xml"));
    std::printf(
        "{\"real_model_share\": %s, \"real_model_share_int8\": %s, "
        "\"puppet_crops_per_s\": %.0f}\n",
        in_floats.c_str(), in_bytes.c_str(), puppet);
    return 0;
}

}  // namespace
}  // namespace facet

int main(int count, char** arguments) {
    unsetenv("GST_PLUGIN_PATH");  // the element is linked in
    gst_init(nullptr, nullptr);
    GST_ELEMENT_REGISTER(facetclassify, nullptr);
    return facet::run(count > 1 && std::strcmp(arguments[1], "--quick") == 0);
}
