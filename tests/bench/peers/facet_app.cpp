// SPDX-License-Identifier: MIT
// The stream app on Facet's elements: a chain of two per stream, whose settings are equal, so that
// frames and faces of all streams share batches.
#include <gst/gst.h>
#include <gst/video/video.h>

#include <string>
#include <thread>
#include <vector>

#include "gst/ref.h"
#include "tests/bench/peers/stream_app.h"
#include "tests/support/data_path.h"

namespace facet::bench {
namespace {

struct Chain {
    Ref<GstElement> detect, classify;
    Ref<GstPad> source, sink;
    const StreamAppSettings* settings = nullptr;
    int stream = 0;
};

std::string model(const std::string& name, const char* folder, const char* extension) {
    const auto path = testing::data_path("models/" + name + "/" + folder + "/" + name + extension);
    return path ? path->string() : name;
}

// In the chain's own thread.
GstFlowReturn take_frame(GstPad* pad, GstObject*, GstBuffer* buffer) {
    const auto* chain = static_cast<const Chain*>(gst_pad_get_element_private(pad));
    int faces = 0;
    gpointer state = nullptr;
    while (GstMeta* meta = gst_buffer_iterate_meta_filtered(
               buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) {
        auto* region = reinterpret_cast<GstVideoRegionOfInterestMeta*>(meta);
        if (gst_video_region_of_interest_meta_get_param(region, "mood") != nullptr) ++faces;
    }
    const int index = static_cast<int>(GST_BUFFER_OFFSET(buffer));
    gst_buffer_unref(buffer);
    chain->settings->done(chain->stream, index, faces);
    return GST_FLOW_OK;
}

Ref<GstElement> make_element(const char* description) {
    GError* error = nullptr;
    GstElement* element = gst_parse_launch(description, &error);
    g_clear_error(&error);
    return element == nullptr ? Ref<GstElement>()
                              : adopt(GST_ELEMENT(gst_object_ref_sink(element)));
}

// "2 x 1", as the element's stats have it.
std::string division_of(GstElement* element) {
    GstStructure* stats = nullptr;
    g_object_get(element, "stats", &stats, nullptr);
    guint64 requests = 0, threads = 0;
    if (stats != nullptr) {
        gst_structure_get(stats, "requests", G_TYPE_UINT64, &requests, "threads", G_TYPE_UINT64,
                          &threads, nullptr);
        gst_structure_free(stats);
    }
    return std::to_string(requests) + " x " + std::to_string(threads);
}

class FacetApp final : public StreamApp {
  public:
    FacetApp(const StreamAppSettings& settings, const FacetAppProperties& properties,
             std::shared_ptr<const FrameRing> frames)
        : settings_(settings),
          properties_(properties),
          frames_(std::move(frames)),
          chains_(settings.streams) {}

    Result<void> start() {
        const char* folder = settings_.quantised ? "FP16-INT8" : "FP32-dequantized";
        const char* extension = settings_.quantised ? ".xml" : ".onnx";
        const std::string detect =
            "facetdetect " + properties_.detect + " model=" +
            model("face-detection-retail-0004", settings_.quantised ? "FP16-INT8" : "FP32", ".xml");
        const std::string classify =
            "facetclassify " + properties_.classify +
            " models=" + model("age-gender-recognition-retail-0013", folder, extension) + "," +
            model("emotions-recognition-retail-0003", folder, extension);
        gst_video_info_set_format(&info_, GST_VIDEO_FORMAT_NV12, FrameRing::kWidth,
                                  FrameRing::kHeight);
        for (int stream = 0; stream < settings_.streams; ++stream) {
            chains_[stream].settings = &settings_;
            chains_[stream].stream = stream;
            FACET_TRY(start(chains_[stream], detect, classify));
        }
        return {};
    }

    void push(int stream, int index) override {
        GstBuffer* frame = gst_buffer_new();
        gst_buffer_append_memory(
            frame, gst_memory_new_wrapped(
                       GST_MEMORY_FLAG_READONLY, const_cast<uint8_t*>(frames_->frame(index)),
                       FrameRing::byte_size(), 0, FrameRing::byte_size(), nullptr, nullptr));
        GST_BUFFER_PTS(frame) = static_cast<GstClockTime>(index) * 40 * GST_MSECOND;
        GST_BUFFER_OFFSET(frame) = static_cast<guint64>(index);
        gst_pad_push(chains_[stream].source.get(), frame);
    }

    std::string division() const override {
        return "detection " + division_of(chains_[0].detect.get()) + ", faces " +
               division_of(chains_[0].classify.get());
    }

    ~FacetApp() override {
        // All of a kind at once: a session ends with the last element that uses it.
        for (const Chain& chain : chains_) {
            if (chain.source.get() == nullptr) continue;
            gst_element_set_state(chain.detect.get(), GST_STATE_NULL);
            gst_element_set_state(chain.classify.get(), GST_STATE_NULL);
        }
    }

  private:
    Result<void> start(Chain& chain, const std::string& detect, const std::string& classify) {
        chain.detect = make_element(detect.c_str());
        chain.classify = make_element(classify.c_str());
        if (!chain.detect.get() || !chain.classify.get())
            return Error{ErrorCode::kInternal, "the elements could not be made: " + classify};
        chain.source = adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("src", GST_PAD_SRC))));
        chain.sink = adopt(GST_PAD(gst_object_ref_sink(gst_pad_new("sink", GST_PAD_SINK))));
        gst_pad_set_element_private(chain.sink.get(), &chain);
        gst_pad_set_chain_function(chain.sink.get(), take_frame);
        gst_pad_set_active(chain.source.get(), TRUE);
        gst_pad_set_active(chain.sink.get(), TRUE);
        const auto pad = [](const Ref<GstElement>& element, const char* name) {
            return adopt(gst_element_get_static_pad(element.get(), name));
        };
        gst_pad_link(chain.source.get(), pad(chain.detect, "sink").get());
        gst_pad_link(pad(chain.detect, "src").get(), pad(chain.classify, "sink").get());
        gst_pad_link(pad(chain.classify, "src").get(), chain.sink.get());
        for (GstElement* element : {chain.classify.get(), chain.detect.get()})
            if (gst_element_set_state(element, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
                return Error{ErrorCode::kInternal, "the elements did not start"};
        push_headers(chain);
        return {};
    }

    void push_headers(const Chain& chain) {
        const Ref<GstCaps> caps = adopt(gst_video_info_to_caps(&info_));
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        const std::string name = "stream" + std::to_string(chain.stream);
        gst_pad_push_event(chain.source.get(), gst_event_new_stream_start(name.c_str()));
        gst_pad_push_event(chain.source.get(), gst_event_new_caps(caps.get()));
        gst_pad_push_event(chain.source.get(), gst_event_new_segment(&segment));
    }

    const StreamAppSettings settings_;
    const FacetAppProperties properties_;
    const std::shared_ptr<const FrameRing> frames_;
    std::vector<Chain> chains_;
    GstVideoInfo info_;
};

}  // namespace

Result<std::unique_ptr<StreamApp>> make_facet_app(const StreamAppSettings& settings,
                                                  const FacetAppProperties& properties,
                                                  const std::shared_ptr<const FrameRing>& frames) {
    auto app = std::make_unique<FacetApp>(settings, properties, frames);
    FACET_TRY(app->start());
    return std::unique_ptr<StreamApp>(std::move(app));
}

}  // namespace facet::bench
