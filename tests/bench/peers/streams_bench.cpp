// SPDX-License-Identifier: MIT
// How many streams of 25 frames per second the machine holds: detection on every frame, two models
// on every face, without decoding. One JSON object per line for tests/bench/peers/report.py.
#include <gst/gst.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/backends/registry.h"
#include "tests/bench/peers/bench_model.h"
#include "tests/bench/peers/report_line.h"
#include "tests/bench/peers/stream_app.h"

GST_ELEMENT_REGISTER_DECLARE(facetdetect);
GST_ELEMENT_REGISTER_DECLARE(facetclassify);

namespace facet::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration;

constexpr auto kFrameTime = std::chrono::milliseconds(40);
constexpr double kMostLatency = 0.1;  // of 99 frames in 100, seconds
constexpr int kMostStreams = 64;

struct Outcome {
    double p99 = 0;                // seconds from when a frame was due to when it was done
    double frames_per_second = 0;  // of all streams
    double faces = 0;              // of a frame, on average
    double processor_seconds = 0;  // of a frame
    std::string division;          // StreamApp::division()
};

// A run of `streams` cameras. The first fifth is left out: caches and sizes settle.
class Trial {
  public:
    Trial(const MakeStreamApp& make, bool quantised, int streams, double seconds)
        : make_(make), quantised_(quantised), streams_(streams), seconds_(seconds) {}

    // `paced`: at 25 frames per second; else as fast as the app takes them.
    Result<Outcome> run(bool paced) {
        Result<std::unique_ptr<StreamApp>> app = make_(
            {.streams = streams_,
             .quantised = quantised_,
             .done = [this](int stream, int index, int faces) { finish(stream, index, faces); }});
        if (!app.ok()) return app.error();
        paced_ = paced;
        begin_ = Clock::now();
        processor_before_ = processor_seconds();
        std::vector<std::thread> cameras;
        for (int stream = 0; stream < streams_; ++stream)
            cameras.emplace_back([this, stream, &app] { film(stream, **app); });
        for (std::thread& camera : cameras) camera.join();
        const std::string division = (*app)->division();
        app->reset();
        FACET_ASSIGN(Outcome outcome, judge());
        outcome.division = division;
        return outcome;
    }

  private:
    // Cameras are not in step.
    [[nodiscard]] Clock::time_point due(int stream, int index) const {
        return begin_ + kFrameTime * index + kFrameTime * stream / streams_;
    }
    void film(int stream, StreamApp& app) {
        for (int index = 0;; ++index) {
            const auto now = Clock::now();
            if (duration<double>(now - begin_).count() > seconds_) return;
            if (paced_) std::this_thread::sleep_until(due(stream, index));
            app.push(stream, index);
        }
    }
    void finish(int stream, int index, int faces) {
        const auto now = Clock::now();
        const std::lock_guard lock(mutex_);
        if (duration<double>(now - begin_).count() < seconds_ / 5) {
            processor_before_ = processor_seconds();
            return;
        }
        latencies_.push_back(duration<double>(now - due(stream, index)).count());
        faces_ += faces;
        last_ = now;
        processor_after_ = processor_seconds();
    }
    [[nodiscard]] static double processor_seconds() {
        timespec time{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    }
    [[nodiscard]] Result<Outcome> judge() {
        const std::lock_guard lock(mutex_);
        if (latencies_.empty()) return Error{ErrorCode::kInternal, "no frame came through"};
        std::ranges::sort(latencies_);
        const auto count = static_cast<double>(latencies_.size());
        const double time = duration<double>(last_ - begin_).count() - seconds_ / 5;
        return Outcome{latencies_[static_cast<size_t>(count * 0.99)], count / time, faces_ / count,
                       (processor_after_ - processor_before_) / count};
    }

    const MakeStreamApp& make_;
    const bool quantised_;
    const int streams_;
    const double seconds_;
    bool paced_ = true;
    Clock::time_point begin_;
    std::mutex mutex_;  // guards what follows
    std::vector<double> latencies_;
    double faces_ = 0;
    Clock::time_point last_;
    double processor_before_ = 0, processor_after_ = 0;
};

// From what the app does at full speed, up or down to the most streams that hold.
Result<void> search(const std::string& engine, const MakeStreamApp& make, bool quantised,
                    double seconds) {
    FACET_ASSIGN(const Outcome full, Trial(make, quantised, 4, seconds).run(false));
    const double frame_rate = 1 / duration<double>(kFrameTime).count();
    int streams =
        std::clamp(static_cast<int>(full.frames_per_second / frame_rate), 1, kMostStreams);
    int most = 0;
    Outcome held, over;
    for (int failed = kMostStreams + 1; streams > most && streams < failed;) {
        FACET_ASSIGN(const Outcome outcome, Trial(make, quantised, streams, seconds).run(true));
        if (outcome.p99 <= kMostLatency) {
            most = streams++;
            held = outcome;
        } else {
            failed = streams--;
            over = outcome;
        }
    }
    std::printf(
        "{\"kind\":\"streams\",\"engine\":\"%s\",\"precision\":\"%s\",\"streams\":%d,"
        "\"p99_ms\":%.2f,\"over_p99_ms\":%.2f,\"full_speed_fps\":%.1f,\"faces\":%.2f,\"cpu_ms\":%."
        "2f,\"division\":\"%s\"}\n",
        engine.c_str(), quantised ? "int8" : "fp32", most, held.p99 * 1e3, over.p99 * 1e3,
        full.frames_per_second, full.faces, full.processor_seconds * 1e3,
        (most > 0 ? held : full).division.c_str());
    std::fflush(stdout);
    return {};
}

// Whether the quantised models would run in integers here.
Result<void> has_int8() {
    FACET_ASSIGN(const auto graph, load_graph(bench_models({})[0].quantised_file));
    FACET_ASSIGN(const Backend* backend, find_backend("CPU"));
    FACET_ASSIGN(const auto model, backend->compile(graph, {.precision = Precision::kInt8}));
    return {};
}

struct Arguments {
    bool quick = false;
    std::string library, engines, numbers;  // lists; empty: all
    FacetAppProperties properties;
};

// Whether a list of words with commas between them holds one; an empty list holds all.
bool listed(const std::string& list, const std::string& word) {
    return list.empty() || ("," + list + ",").find("," + word + ",") != std::string::npos;
}

int run(const Arguments& arguments) {
    const double seconds = arguments.quick ? 2.5 : 10;
    const auto frames = FrameRing::make();
    if (!frames.ok()) return print_absence("streams", frames.error()), 0;
    std::shared_ptr<OnnxRuntime> runtime;
    if (!arguments.library.empty())
        if (const auto loaded = OnnxRuntime::load(arguments.library); loaded.ok())
            runtime = *loaded;
    const MakeStreamApp facet = [&](const StreamAppSettings& settings) {
        return make_facet_app(settings, arguments.properties, *frames);
    };
    const MakeStreamApp opencv = [&](const StreamAppSettings& settings) {
        return make_peer_app(settings, *frames, nullptr);
    };
    const MakeStreamApp onnx = [&](const StreamAppSettings& settings) {
        return make_peer_app(settings, *frames, runtime);
    };
    const auto attempt = [&](const char* engine, const MakeStreamApp& make, bool quantised) {
        if (!listed(arguments.engines, engine)) return;
        if (!listed(arguments.numbers, quantised ? "int8" : "fp32")) return;
        const Result<void> searched = search(engine, make, quantised, seconds);
        if (!searched.ok())
            print_absence(std::string("streams, ") + engine + (quantised ? ", int8" : ", fp32"),
                          searched.error());
    };
    attempt("facet", facet, false);
    attempt("opencv", opencv, false);
    if (runtime) attempt("onnxruntime", onnx, false);
    const Result<void> int8 = has_int8();
    if (int8.ok())
        attempt("facet", facet, true);
    else
        print_absence("streams, facet, int8", int8.error());
    if (runtime) attempt("onnxruntime", onnx, true);
    return 0;
}

}  // namespace
}  // namespace facet::bench

// Arguments: [--quick] [--onnxruntime LIBRARY] [--engines E,E] [--numbers fp32,int8]
// [--detect PROPERTIES] [--classify PROPERTIES]
int main(int count, char** words) {
    unsetenv("GST_PLUGIN_PATH");  // the elements are linked in
    gst_init(nullptr, nullptr);
    GST_ELEMENT_REGISTER(facetdetect, nullptr);
    GST_ELEMENT_REGISTER(facetclassify, nullptr);
    facet::bench::Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i], next = i + 1 < count ? words[i + 1] : "";
        if (word == "--quick") arguments.quick = true;
        if (word == "--onnxruntime") arguments.library = next;
        if (word == "--engines") arguments.engines = next;
        if (word == "--numbers") arguments.numbers = next;
        if (word == "--detect") arguments.properties.detect = next;
        if (word == "--classify") arguments.properties.classify = next;
    }
    return facet::bench::run(arguments);
}
