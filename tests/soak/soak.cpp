// SPDX-License-Identifier: MIT
// Eight live streams on one device, of which after a calm beginning one is added, removed, sought,
// ended or made to fail (or to run away, with --floods) every two seconds, watched for hangs,
// results on the wrong face, leaks, broken promises of latency and streams that suffer from what
// befalls others.
#include <gst/gst.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/soak/chain.h"
#include "tests/support/puppet_backend.h"

GST_ELEMENT_REGISTER_DECLARE(facetclassify);

namespace facet::soak {
namespace {

using std::chrono::seconds;

constexpr size_t kStreams = 8;
constexpr int kMaxBatch = 16;
constexpr auto kStep = seconds(2);
constexpr auto kFrameInterval = std::chrono::milliseconds(40);
static_assert(kFrameInterval == std::chrono::duration<double>(1 / kFramesPerSecond));
// Of what is in use, from the second quarter to the last; nine frames, of which more or fewer may
// be under way.
constexpr double kAllowedGrowthMib = 2;

struct Options {
    seconds length{20 * 60};
    double load = 0.4;    // share of its time that the device is busy with full batches
    int requests = 2;     // that share the device
    bool calm = false;    // nothing befalls any stream
    bool floods = false;  // streams run away, too, and the device is busy all the time

    // The time before anything befalls a stream.
    [[nodiscard]] seconds calm_beginning() const {
        return calm ? length : std::min(seconds(60), length / 3);
    }
};

// A device like a small model's: of a full batch's time an eighth does not depend on its size. One
// request of several has its part of it and takes as many times as long.
void be_busy(const Options& options, int rows) {
    constexpr double kFacesPerSecond = kStreams * kFramesPerSecond * kMostFaces / 2;
    const double full = kMaxBatch * options.load * options.requests / kFacesPerSecond;
    const double share = 1.0 / 8 + 7.0 / 8 * rows / kMaxBatch;
    std::this_thread::sleep_for(std::chrono::duration<double>(full * share));
}

Converted middle_pixel(std::span<const uint8_t> pixels) {
    Attribute attribute;
    attribute.name = "pixel";
    attribute.value = static_cast<float>(pixels[pixels.size() / 2]);
    Converted said;
    said.attributes.push_back(std::move(attribute));
    return said;
}

// What has been allocated and not been freed. The resident size would tell less: threads that come
// and go leave their arenas in pieces.
double in_use_mib() {
    const struct mallinfo2 heap = mallinfo2();
    return static_cast<double>(heap.uordblks + heap.hblkhd) / (1 << 20);
}

// Of the streams that nothing befell, beside the same streams in the calm beginning.
struct Suffering {
    int streams_over_twice = 0;
    double worst_ratio = 0;
};

void print_sums() {
    std::printf("%lld frames, %lld faces, %lld us beyond the promised latency at worst\n",
                static_cast<long long>(findings.frames), static_cast<long long>(findings.faces),
                static_cast<long long>(findings.worst_over_us));
    if (findings.machine_late > 0)
        std::printf("%d frames beyond it by less than what the machine woke its threads late by\n",
                    findings.machine_late.load());
}

void print_verdict(int leaks, const Suffering& suffering) {
    print_sums();
    std::printf(
        "{\"hangs\": %d, \"wrong_face\": %d, \"leaks\": %d, \"latency_violations\": %d, "
        "\"p99_over_twice\": %d, \"worst_p99_ratio\": %.2f}\n",
        findings.hangs.load(), findings.wrong_face.load(), leaks,
        findings.latency_violations.load(), suffering.streams_over_twice, suffering.worst_ratio);
    std::fflush(stdout);
}

// Of a calm run: whether the answers of LATENCY held.
void print_latency(const AddedLatency::Worst& worst) {
    print_sums();
    std::printf(
        "{\"worst_added_ms\": %.1f, \"answered_ms\": %.1f, \"worst_vs_answered\": %.3f, "
        "\"latency_violations\": %d}\n",
        worst.added_ms, worst.promised_ms, worst.share, findings.latency_violations.load());
}

// Ends the program when nobody has said for too long that things go on.
class Watchdog {
  public:
    Watchdog() : thread_([this] { watch(); }) {}
    ~Watchdog() {
        {
            const std::lock_guard lock(mutex_);
            done_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    void pat() {
        const std::lock_guard lock(mutex_);
        patted_ = true;
        changed_.notify_all();
    }

  private:
    void watch() {
        std::unique_lock lock(mutex_);
        while (!done_) {
            patted_ = false;
            if (changed_.wait_for(lock, seconds(60), [this] { return done_ || patted_; })) continue;
            ++findings.hangs;
            print_verdict(0, {});
            std::_Exit(1);
        }
    }

    std::mutex mutex_;  // guards the two
    std::condition_variable changed_;
    bool done_ = false, patted_ = false;
    std::thread thread_;
};

// The streams and what befalls them.
class Soak {
  public:
    explicit Soak(std::string properties) : properties_(std::move(properties)) {}
    void run(const Options& options);
    [[nodiscard]] int growth() const;  // 1: memory grows
    [[nodiscard]] Suffering suffering() const;
    [[nodiscard]] AddedLatency::Worst worst() const { return latency_.worst(); }

  private:
    void replace(size_t place);
    void wait_for_phase(size_t place);
    void wait_until(Clock::time_point time);
    void look();
    void befall(bool floods);
    void drain_bus();

    const std::string properties_;  // of facetclassify
    GstElement* const pipeline_ = gst_pipeline_new(nullptr);
    AddedLatency latency_{kStreams};
    const Pulse pulse_;
    std::vector<std::unique_ptr<Chain>> chains_;
    std::mt19937 random_{20240501};
    const Clock::time_point epoch_ = Clock::now();
    std::array<std::chrono::milliseconds, kStreams> phases_;
    std::vector<double> memory_;
    Watchdog watchdog_;
};

// Cameras are not in step, but each place keeps its own: how many happen to come together makes
// more of a difference to all of them than anything that befalls one.
void Soak::replace(size_t place) {
    chains_[place].reset();
    chains_[place] = std::make_unique<Chain>(
        pipeline_, properties_, static_cast<unsigned>(random_()), latency_, pulse_, place);
    chains_[place]->prepare();
    wait_for_phase(place);
    chains_[place]->start();
}

void Soak::wait_for_phase(size_t place) {
    const auto since = Clock::now() - epoch_ - phases_[place];
    wait_until(Clock::now() + kFrameInterval - since % kFrameInterval);
}

void Soak::drain_bus() {
    const Ref<GstBus> bus = adopt(gst_element_get_bus(pipeline_));
    while (GstMessage* message = gst_bus_pop(bus.get())) {
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_LATENCY)
            gst_bin_recalculate_latency(GST_BIN(pipeline_));
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
            for (const auto& chain : chains_)
                if (chain->is(GST_MESSAGE_SRC(message)) && !chain->over()) {
                    GError* error = nullptr;
                    gst_message_parse_error(message, &error, nullptr);
                    std::printf("unexpected: %s\n", error->message);
                    g_error_free(error);
                    ++findings.hangs;
                }
        gst_message_unref(message);
    }
}

void Soak::look() {
    drain_bus();
    for (auto& chain : chains_)
        if (!chain->flows()) ++findings.hangs;
    memory_.push_back(in_use_mib());
    watchdog_.pat();
}

void Soak::befall(bool floods) {
    for (size_t i = 0; i < chains_.size(); ++i)
        if (chains_[i]->over()) replace(i);
    const size_t place = random_() % chains_.size();
    Chain& chosen = *chains_[place];
    switch (random_() % (floods ? 6 : 5)) {
        case 0:
            wait_for_phase(place);
            chosen.seek();
            break;
        case 1:
            chosen.end();
            break;
        case 2:
            chosen.fail();
            break;
        case 5:
            chosen.run_away();
            break;
        default:
            replace(place);
    }
}

// Messages are read as they come: a new latency takes effect at once.
void Soak::wait_until(Clock::time_point time) {
    const Ref<GstBus> bus = adopt(gst_element_get_bus(pipeline_));
    while (Clock::now() < time) {
        const auto left = std::chrono::nanoseconds(time - Clock::now());
        GstMessage* message = gst_bus_timed_pop_filtered(
            bus.get(), left.count() > 0 ? static_cast<GstClockTime>(left.count()) : 0,
            GST_MESSAGE_LATENCY);
        if (message == nullptr) break;
        gst_message_unref(message);
        gst_bin_recalculate_latency(GST_BIN(pipeline_));
    }
}

void Soak::run(const Options& options) {
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    chains_.resize(kStreams);
    for (auto& phase : phases_) phase = std::chrono::milliseconds(random_()) % kFrameInterval;
    for (size_t place = 0; place < kStreams; ++place) replace(place);
    const auto start = Clock::now(), end = start + options.length;
    bool calm = true;
    for (auto next = start + kStep; next < end; next += kStep) {
        wait_until(next);
        look();
        if (options.calm) continue;
        if (calm && next - start >= options.calm_beginning())
            latency_.begin(AddedLatency::kDisturbed);
        calm = next - start < options.calm_beginning();
        if (!calm) befall(options.floods);
    }
    chains_.clear();
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(pipeline_);
}

// The base is all streams' together: which of them is served before others in each round of frames
// is luck.
Suffering Soak::suffering() const {
    Suffering found;
    const double calm = latency_.calm_p99();
    if (calm == 0) return found;
    std::printf("p99 added latency: %.1f ms while calm; while others were disturbed:", calm / 1e3);
    for (const double p99 : latency_.disturbed_p99()) {
        std::printf(" %.1f", p99 / 1e3);
        if (p99 > 2 * calm) ++found.streams_over_twice;
        found.worst_ratio = std::max(found.worst_ratio, p99 / calm);
    }
    std::printf("\nthe machine woke threads up to %.1f ms late\n",
                static_cast<double>(pulse_.latest().count()) / 1e6);
    return found;
}

// Frames under way come and go, by the megabyte when a stream has been sought: the least of a
// quarter of the run is what stays.
int Soak::growth() const {
    if (memory_.size() < 20) return 0;
    const size_t quarter = memory_.size() / 4;
    const auto least = [&](size_t number) {
        const auto begin = memory_.begin() + static_cast<std::ptrdiff_t>(number * quarter);
        return *std::min_element(begin, begin + static_cast<std::ptrdiff_t>(quarter));
    };
    const double grown = least(3) - least(1);
    std::printf("memory in use: %.1f MiB, %.2f more than in the second quarter\n", least(3), grown);
    return grown > kAllowedGrowthMib ? 1 : 0;
}

using ObjectCounts = std::map<std::string, int>;  // by type

// What is alive now. The tracer's other way, a record of all that came and went, grows by itself.
ObjectCounts live_objects(GstTracer* tracer) {
    GstStructure* alive = nullptr;
    g_signal_emit_by_name(tracer, "get-live-objects", &alive);
    ObjectCounts counts;
    const GValue* objects = gst_structure_get_value(alive, "live-objects-list");
    for (guint i = 0; i < gst_value_list_get_size(objects); ++i) {
        const GstStructure* object = gst_value_get_structure(gst_value_list_get_value(objects, i));
        const GValue* instance = gst_structure_get_value(object, "object");
        ++counts[G_VALUE_TYPE_NAME(instance)];
    }
    gst_structure_free(alive);
    return counts;
}

// Objects of the run that are still alive.
int count_leaks(const ObjectCounts& before, const ObjectCounts& after) {
    int leaks = 0;
    for (const auto& [type, count] : after) {
        const auto known = before.find(type);
        const int more = count - (known == before.end() ? 0 : known->second);
        if (more <= 0) continue;
        std::printf("still alive: %d of %s\n", more, type.c_str());
        leaks += more;
    }
    return leaks;
}

int run(const Options& options) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("facet-soak-" + std::to_string(g_random_int()));
    std::filesystem::create_directories(folder);
    const std::string model = (folder / "faces.xml").string();
    std::ofstream(model) << "<puppet/>";
    testing::Puppet puppet({8, 8}, middle_pixel);
    puppet.work_in_runs([&options](int rows) { be_busy(options, rows); });
    const testing::PuppetDevice device({{"faces", puppet}});
    const Ref<GstClock> keep = adopt(gst_system_clock_obtain());
    // Classes, pad templates and the pool of task threads stay from the first use on.
    const std::string properties =
        "requests=" + std::to_string(options.requests) + " models=" + model;
    Soak(properties)
        .run({.length = seconds(3),
              .load = options.load,
              .requests = options.requests,
              .calm = true});
    GList* tracers = gst_tracing_get_active_tracers();
    auto* tracer = GST_TRACER(tracers->data);
    const ObjectCounts before = live_objects(tracer);
    int leaks = 0;
    Suffering suffering;
    AddedLatency::Worst worst;
    {
        Soak soak(properties);
        soak.run(options);
        leaks = soak.growth();
        if (!options.calm) suffering = soak.suffering();
        worst = soak.worst();
    }
    leaks += count_leaks(before, live_objects(tracer));
    g_list_free_full(tracers, gst_object_unref);
    std::filesystem::remove_all(folder);
    if (options.calm)
        print_latency(worst);
    else
        print_verdict(leaks, suffering);
    return findings.hangs + findings.wrong_face + leaks == 0 ? 0 : 1;
}

}  // namespace
}  // namespace facet::soak

int main(int count, char** arguments) {
    facet::soak::Options options;
    for (int i = 1; i < count; ++i) {
        const bool has_value = i + 1 < count;
        if (std::strcmp(arguments[i], "--quick") == 0) {
            options.length = std::chrono::seconds(40);
        } else if (std::strcmp(arguments[i], "--calm") == 0) {
            options.calm = true;
        } else if (std::strcmp(arguments[i], "--floods") == 0) {
            options.floods = true;
        } else if (std::strcmp(arguments[i], "--minutes") == 0 && has_value) {
            options.length = std::chrono::seconds(std::lround(std::atof(arguments[++i]) * 60));
        } else if (std::strcmp(arguments[i], "--load") == 0 && has_value) {
            options.load = std::atof(arguments[++i]);
        } else if (std::strcmp(arguments[i], "--requests") == 0 && has_value) {
            options.requests = std::max(1, std::atoi(arguments[++i]));
        } else {
            std::fprintf(
                stderr,
                "usage: soak [--quick | --minutes M] [--load SHARE] [--requests N] [--calm | "
                "--floods]\n");
            return 2;
        }
    }
    unsetenv("GST_PLUGIN_PATH");  // the element is linked in
    // Not the registry's features: the tracer sinks and drops those nobody has referenced yet.
    setenv("GST_TRACERS",
           "leaks(filters=\"GstElement,GstPad,GstBus,GstBufferPool,GstBuffer,GstCaps,GstEvent,"
           "GstMemory,GstMessage,GstQuery\")",
           1);
    gst_init(nullptr, nullptr);
    GST_ELEMENT_REGISTER(facetclassify, nullptr);
    return facet::soak::run(options);
}
