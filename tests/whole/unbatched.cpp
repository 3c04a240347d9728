// SPDX-License-Identifier: MIT
// Two runs, and every attribute of one against that of the other.
#include "tests/whole/unbatched.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include "engine/base/mutex.h"
#include "gst/face_meta.h"
#include "gst/ground_truth_meta.h"
#include "tests/whole/integrity_judge.h"
#include "tests/whole/stream_chain.h"

namespace facet::testing {
namespace {

// What the self-test of loaded models allows, where kernels differ by batch size (row_check.h).
constexpr double kTolerance = 1e-5;
constexpr size_t kMostFaces = 12;

using Key = std::tuple<int, uint64_t, size_t, std::string>;  // stream, frame, face, attribute

struct Recording {
    Mutex mutex;
    std::map<Key, FaceAttribute> attributes FACET_GUARDED_BY(mutex);

    void add(int stream, GstBuffer* frame) {
        const uint64_t number = read_ground_truth(frame)->frame;
        const std::vector<Face> faces = read_faces(frame);
        MutexLock lock(mutex);
        for (size_t i = 0; i < faces.size(); ++i)
            for (const FaceAttribute& attribute : faces[i].attributes)
                attributes[{stream, number, i, attribute.name}] = attribute;
    }
};

StreamSettings stream_settings(int index, int frames, const std::string& classify) {
    StreamSettings settings;
    settings.seed = 9000 + static_cast<uint64_t>(index);
    settings.faces = 1 + index % 6;
    settings.arrival = index % 2 == 0 ? "poisson" : "crowd";
    settings.width = 240 + 16 * (index % 4);
    settings.frames = frames;
    settings.classify = classify;
    return settings;
}

Result<void> play(GstElement* pipeline) {
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    const auto bus = adopt(gst_element_get_bus(pipeline));
    const auto message = adopt(gst_bus_timed_pop_filtered(
        bus.get(), GST_CLOCK_TIME_NONE,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR)));
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_ERROR) return {};
    GError* error = nullptr;
    gst_message_parse_error(message.get(), &error, nullptr);
    Error failure{ErrorCode::kDevice, error->message};
    g_error_free(error);
    return failure;
}

Result<void> record(const std::string& classify, int streams, int frames, Recording& recording) {
    const auto pipeline = share(GST_ELEMENT(gst_object_ref_sink(gst_pipeline_new(nullptr))));
    gst_object_unref(pipeline.get());
    std::vector<std::unique_ptr<StreamChain>> chains;
    for (int i = 0; i < streams; ++i)
        chains.push_back(std::make_unique<StreamChain>(
            pipeline.get(), stream_settings(i, frames, classify),
            [](GstBuffer* frame, const GstVideoInfo& info) {
                for (const DetectedFace& region : true_regions(frame, info, kMostFaces))
                    add_face(frame, region, info.width, info.height);
            },
            [&recording, i](GstBuffer* frame, const GstVideoInfo&) { recording.add(i, frame); }));
    const Result<void> played = play(pipeline.get());
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    return played;
}

double difference(double a, double b) {
    return std::abs(a - b) / std::max({1.0, std::abs(a), std::abs(b)});
}

// The largest of any of the attribute's numbers.
double difference(const FaceAttribute& a, const FaceAttribute& b) {
    double largest = difference(a.confidence, b.confidence);
    if (a.value && b.value) largest = std::max(largest, difference(*a.value, *b.value));
    return largest;
}

double mean_batch(const Recording& batched) FACET_NO_THREAD_SAFETY_ANALYSIS {
    std::map<uint64_t, int> sizes;
    for (const auto& [key, attribute] : batched.attributes)
        sizes[attribute.provenance.batch_id] = attribute.provenance.batch_size;
    double sum = 0;
    for (const auto& [id, size] : sizes) sum += size;
    return sizes.empty() ? 0 : sum / static_cast<double>(sizes.size());
}

}  // namespace

Result<Comparison> compare_with_unbatched(const std::string& model, int streams, int frames) {
    Recording batched, alone;
    const std::string common = "models=" + model + " timeout=5 max-batch=";
    FACET_TRY(record(common + "32", streams, frames, batched));
    FACET_TRY(record(common + "1", streams, frames, alone));
    Comparison comparison;
    comparison.mean_batch = mean_batch(batched);
    MutexLock lock(batched.mutex);
    MutexLock other_lock(alone.mutex);
    for (const auto& [key, attribute] : batched.attributes) {
        const auto other = alone.attributes.find(key);
        if (other == alone.attributes.end()) continue;
        ++comparison.attributes;
        const double off = difference(attribute, other->second);
        comparison.largest_difference = std::max(comparison.largest_difference, off);
        if (off > kTolerance || attribute.label != other->second.label) ++comparison.unequal;
    }
    comparison.missing =
        batched.attributes.size() + alone.attributes.size() - 2 * comparison.attributes;
    return comparison;
}

}  // namespace facet::testing
