// SPDX-License-Identifier: MIT
// Eight live streams of which one is added, removed, sought, ended or made to fail every two
// seconds, watched for hangs, results on the wrong face, leaks and broken promises of latency.
#include <gst/gst.h>
#include <gst/video/video.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gst/face_meta.h"
#include "gst/ref.h"
#include "tests/support/puppet_backend.h"

GST_ELEMENT_REGISTER_DECLARE(facetclassify);

namespace facet {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr size_t kStreams = 8;
constexpr int kWidth = 320, kHeight = 240, kCell = 80, kFace = 40;
constexpr auto kStep = seconds(2);
constexpr auto kSilence = seconds(6);    // without a frame, or within one state change: a hang
constexpr double kAllowedGrowthMib = 8;  // of the last half of the run over the first

struct Findings {
    std::atomic<int> hangs{0}, wrong_face{0}, latency_violations{0};
    std::atomic<int64_t> frames{0}, faces{0}, worst_over_us{0};
};
Findings findings;

// One chain of the pipeline: videotestsrc ! capsfilter ! facetclassify ! queue ! fakesink.
class Chain {
  public:
    Chain(GstElement* pipeline, const std::string& model, unsigned seed);
    ~Chain();
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;

    void start() { gst_element_set_state(bin_, GST_STATE_PLAYING); }
    void seek();
    void end();   // EOS
    void fail();  // the next frame is cut off
    // False: no frame for too long though it should play.
    [[nodiscard]] bool flows() const;
    [[nodiscard]] bool is(GstObject* object) const {
        return gst_object_has_as_ancestor(object, GST_OBJECT(bin_));
    }
    [[nodiscard]] bool over() const { return over_; }

  private:
    static GstPadProbeReturn painted(GstPad*, GstPadProbeInfo* info, gpointer self);
    static GstPadProbeReturn came(GstPad*, GstPadProbeInfo* info, gpointer self);
    static GstPadProbeReturn went(GstPad*, GstPadProbeInfo* info, gpointer self);
    void paint(GstBuffer* frame);
    void judge(GstBuffer* frame);
    [[nodiscard]] GstClockTime promised() const;

    GstElement* const pipeline_;
    GstElement* bin_ = nullptr;
    Ref<GstElement> classify_, source_;
    std::mt19937 random_;
    std::atomic<bool> over_{false}, fail_{false};
    std::atomic<Clock::rep> last_frame_{Clock::now().time_since_epoch().count()};
    std::mutex mutex_;  // guards under_way_
    struct Arrival {
        Clock::time_point time;
        GstClockTime promised;
    };
    std::map<GstClockTime, Arrival> under_way_;  // by PTS
};

Chain::Chain(GstElement* pipeline, const std::string& model, unsigned seed)
    : pipeline_(pipeline), random_(seed) {
    const std::string line =
        "videotestsrc name=in is-live=true pattern=black ! video/x-raw,format=BGR,width=320,"
        "height=240,framerate=25/1 ! facetclassify name=classify device=PUPPET max-batch=16 "
        "timeout=10 models=" +
        model + " ! queue ! fakesink sync=true async=false";  // sinks wait, elements do not
    bin_ = gst_parse_bin_from_description(line.c_str(), FALSE, nullptr);
    classify_ = adopt(gst_bin_get_by_name(GST_BIN(bin_), "classify"));
    source_ = adopt(gst_bin_get_by_name(GST_BIN(bin_), "in"));
    const Ref<GstPad> out = adopt(gst_element_get_static_pad(source_.get(), "src"));
    const Ref<GstPad> before = adopt(gst_element_get_static_pad(classify_.get(), "sink"));
    const Ref<GstPad> after = adopt(gst_element_get_static_pad(classify_.get(), "src"));
    gst_pad_add_probe(out.get(), GST_PAD_PROBE_TYPE_BUFFER, painted, this, nullptr);
    gst_pad_add_probe(before.get(), GST_PAD_PROBE_TYPE_BUFFER, came, this, nullptr);
    gst_pad_add_probe(after.get(), GST_PAD_PROBE_TYPE_BUFFER, went, this, nullptr);
    gst_bin_add(GST_BIN(pipeline_), bin_);
}

Chain::~Chain() {
    gst_element_set_state(bin_, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(pipeline_), bin_);
}

void Chain::seek() {
    gst_element_send_event(
        source_.get(),
        gst_event_new_seek(1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
                           static_cast<gint64>(random_() % 60) * static_cast<gint64>(GST_SECOND),
                           GST_SEEK_TYPE_NONE, -1));
    over_ = true;  // frames may be due far from now
}

void Chain::end() {
    over_ = true;
    gst_element_send_event(source_.get(), gst_event_new_eos());
}

void Chain::fail() {
    over_ = true;
    fail_ = true;
}

bool Chain::flows() const {
    const Clock::time_point last{Clock::duration(last_frame_.load())};
    return over_ || Clock::now() - last < kSilence;
}

// Up to six faces, each all of one shade.
void Chain::paint(GstBuffer* frame) {
    GstMapInfo map;
    gst_buffer_map(frame, &map, GST_MAP_WRITE);
    const int faces = static_cast<int>(random_() % 7);
    std::set<int> cells;
    while (static_cast<int>(cells.size()) < faces) cells.insert(static_cast<int>(random_() % 12));
    std::vector<std::pair<int, int>> places;
    for (const int cell : cells) {
        const int x = cell % 4 * kCell + 20, y = cell / 4 * kCell + 20;
        const auto shade = static_cast<int>(16 + random_() % 240);
        for (int row = y; row < y + kFace; ++row)
            std::memset(map.data + (static_cast<size_t>(row) * kWidth + x) * 3, shade, kFace * 3);
        places.emplace_back(x, y);
    }
    gst_buffer_unmap(frame, &map);
    for (const auto& [x, y] : places) {
        DetectedFace face;
        face.x = x;
        face.y = y;
        face.width = face.height = kFace;
        face.label = "face";
        add_face(frame, face, kWidth, kHeight);
    }
}

GstPadProbeReturn Chain::painted(GstPad*, GstPadProbeInfo* info, gpointer self) {
    auto* chain = static_cast<Chain*>(self);
    // A copy with its own pixels: the source's pool may hand the same ones out again.
    GstBuffer* frame = gst_buffer_copy_deep(GST_PAD_PROBE_INFO_BUFFER(info));
    gst_buffer_unref(GST_PAD_PROBE_INFO_BUFFER(info));
    chain->paint(frame);
    if (chain->fail_) {
        DetectedFace face;
        face.width = face.height = kFace;
        face.label = "face";
        add_face(frame, face, kWidth, kHeight);
        gst_buffer_resize(frame, 0, 100);
    }
    info->data = frame;
    return GST_PAD_PROBE_OK;
}

GstClockTime Chain::promised() const {
    const auto ask = [](GstElement* element, const char* name) {
        const Ref<GstPad> pad = adopt(gst_element_get_static_pad(element, name));
        const Ref<GstQuery> query = adopt(gst_query_new_latency());
        GstClockTime least = 0;
        if (gst_pad_query(pad.get(), query.get()))
            gst_query_parse_latency(query.get(), nullptr, &least, nullptr);
        return least;
    };
    const GstClockTime upstream = ask(source_.get(), "src");
    const GstClockTime with_us = ask(classify_.get(), "src");
    return with_us > upstream ? with_us - upstream : 0;
}

GstPadProbeReturn Chain::came(GstPad*, GstPadProbeInfo* info, gpointer self) {
    auto* chain = static_cast<Chain*>(self);
    const Arrival arrival{Clock::now(), chain->promised()};
    const std::lock_guard lock(chain->mutex_);
    chain->under_way_[GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info))] = arrival;
    while (chain->under_way_.size() > 100) chain->under_way_.erase(chain->under_way_.begin());
    return GST_PAD_PROBE_OK;
}

GstPadProbeReturn Chain::went(GstPad*, GstPadProbeInfo* info, gpointer self) {
    static_cast<Chain*>(self)->judge(GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
}

void Chain::judge(GstBuffer* frame) {
    const Clock::time_point now = Clock::now();
    last_frame_ = now.time_since_epoch().count();
    ++findings.frames;
    {
        const std::lock_guard lock(mutex_);
        const auto arrival = under_way_.find(GST_BUFFER_PTS(frame));
        if (arrival != under_way_.end()) {
            const auto added = std::chrono::nanoseconds(now - arrival->second.time);
            const auto allowed = std::chrono::nanoseconds(arrival->second.promised);
            if (added > allowed) {
                ++findings.latency_violations;
                const int64_t over = (added - allowed).count() / 1000;
                if (over > findings.worst_over_us) findings.worst_over_us = over;
            }
            under_way_.erase(arrival);
        }
    }
    GstMapInfo map;
    if (!gst_buffer_map(frame, &map, GST_MAP_READ)) return;
    for (const Face& face : read_faces(frame, "face", kWidth, kHeight)) {
        ++findings.faces;
        const size_t middle =
            (static_cast<size_t>(face.y + kFace / 2) * kWidth + face.x + kFace / 2) * 3;
        const FaceAttribute* pixel = face.attribute("pixel");
        const bool right = pixel != nullptr && pixel->value == map.data[middle];
        if (!right && face.skipped.empty()) ++findings.wrong_face;
    }
    gst_buffer_unmap(frame, &map);
}

Converted middle_pixel(std::span<const uint8_t> pixels) {
    Attribute attribute;
    attribute.name = "pixel";
    attribute.value = static_cast<float>(pixels[pixels.size() / 2]);
    Converted said;
    said.attributes.push_back(std::move(attribute));
    return said;
}

double resident_mib() {
    std::ifstream file("/proc/self/statm");
    double pages = 0;
    file >> pages >> pages;
    return pages * 4096 / (1 << 20);
}

void print_verdict(int leaks) {
    std::printf("%lld frames, %lld faces, %lld us beyond the promised latency at worst\n",
                static_cast<long long>(findings.frames), static_cast<long long>(findings.faces),
                static_cast<long long>(findings.worst_over_us));
    std::printf("{\"hangs\": %d, \"wrong_face\": %d, \"leaks\": %d, \"latency_violations\": %d}\n",
                findings.hangs.load(), findings.wrong_face.load(), leaks,
                findings.latency_violations.load());
    std::fflush(stdout);
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
            print_verdict(0);
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
    explicit Soak(std::string model) : model_(std::move(model)) {}
    void run(seconds duration);
    [[nodiscard]] int growth() const;  // 1: memory grows

  private:
    void replace(size_t index);
    void step();
    void drain_bus();

    const std::string model_;
    GstElement* const pipeline_ = gst_pipeline_new(nullptr);
    std::vector<std::unique_ptr<Chain>> chains_;
    std::mt19937 random_{20240501};
    std::vector<double> memory_;
    Watchdog watchdog_;
};

void Soak::replace(size_t index) {
    chains_[index].reset();
    chains_[index] = std::make_unique<Chain>(pipeline_, model_, static_cast<unsigned>(random_()));
    chains_[index]->start();
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

void Soak::step() {
    for (auto& chain : chains_)
        if (!chain->flows()) ++findings.hangs;
    for (size_t i = 0; i < chains_.size(); ++i)
        if (chains_[i]->over()) replace(i);
    Chain& chosen = *chains_[random_() % chains_.size()];
    switch (random_() % 5) {
        case 0:
            chosen.seek();
            break;
        case 1:
            chosen.end();
            break;
        case 2:
            chosen.fail();
            break;
        default:
            replace(random_() % chains_.size());
    }
    memory_.push_back(resident_mib());
    watchdog_.pat();
}

void Soak::run(seconds duration) {
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    chains_.resize(kStreams);
    for (size_t i = 0; i < kStreams; ++i) replace(i);
    const auto end = Clock::now() + duration;
    for (auto next = Clock::now() + kStep; next < end; next += kStep) {
        // Messages are read as they come: a new latency takes effect at once.
        const Ref<GstBus> bus = adopt(gst_element_get_bus(pipeline_));
        while (Clock::now() < next) {
            const auto left = std::chrono::nanoseconds(next - Clock::now());
            GstMessage* message = gst_bus_timed_pop_filtered(
                bus.get(), left.count() > 0 ? static_cast<GstClockTime>(left.count()) : 0,
                GST_MESSAGE_LATENCY);
            if (message == nullptr) break;
            gst_message_unref(message);
            gst_bin_recalculate_latency(GST_BIN(pipeline_));
        }
        drain_bus();
        step();
    }
    chains_.clear();
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(pipeline_);
}

int Soak::growth() const {
    if (memory_.size() < 20) return 0;
    const auto highest = [&](size_t from, size_t to) {
        return *std::max_element(memory_.begin() + static_cast<std::ptrdiff_t>(from),
                                 memory_.begin() + static_cast<std::ptrdiff_t>(to));
    };
    const size_t half = memory_.size() / 2;
    const double grown = highest(half, memory_.size()) - highest(half / 2, half);
    std::printf("memory: %.1f MiB, %.1f more than before\n", memory_.back(), grown);
    return grown > kAllowedGrowthMib ? 1 : 0;
}

// Objects of the run that are still alive, but for those that GStreamer keeps for later.
int count_leaks(GstTracer* tracer) {
    GstStructure* checkpoint = nullptr;
    g_signal_emit_by_name(tracer, "activity-get-checkpoint", &checkpoint);
    std::map<std::string, int> left;
    const auto each = [&](const char* list, int sign) {
        const GValue* objects = gst_structure_get_value(checkpoint, list);
        for (guint i = 0; i < gst_value_list_get_size(objects); ++i)
            left[gst_structure_get_string(
                gst_value_get_structure(gst_value_list_get_value(objects, i)), "type-name")] +=
                sign;
    };
    each("objects-created-list", 1);
    each("objects-removed-list", -1);
    gst_structure_free(checkpoint);
    int leaks = 0;
    for (const auto& [type, count] : left) {
        if (count <= 0 || type == "GstTask" || type == "GstSystemClock") continue;
        std::printf("still alive: %d of %s\n", count, type.c_str());
        leaks += count;
    }
    return leaks;
}

int run(seconds duration) {
    const auto folder = std::filesystem::temp_directory_path() / "facet-soak";
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "faces.xml") << "<puppet/>";
    const testing::PuppetDevice device({{"faces", testing::Puppet({8, 8}, middle_pixel)}});
    const Ref<GstClock> keep = adopt(gst_system_clock_obtain());
    {
        // Classes, pad templates and the pool of task threads stay from the first use on.
        Soak first((folder / "faces.xml").string());
        first.run(seconds(3));
    }
    GList* tracers = gst_tracing_get_active_tracers();
    auto* tracer = GST_TRACER(tracers->data);
    g_signal_emit_by_name(tracer, "activity-start-tracking");
    int leaks = 0;
    {
        Soak soak((folder / "faces.xml").string());
        soak.run(duration);
        leaks = soak.growth();
    }
    leaks += count_leaks(tracer);
    g_signal_emit_by_name(tracer, "activity-stop-tracking");
    g_list_free_full(tracers, gst_object_unref);
    std::filesystem::remove_all(folder);
    print_verdict(leaks);
    return findings.hangs + findings.wrong_face + leaks == 0 ? 0 : 1;
}

}  // namespace
}  // namespace facet

int main(int count, char** arguments) {
    int64_t length = 20 * 60;
    for (int i = 1; i < count; ++i) {
        if (std::strcmp(arguments[i], "--quick") == 0) length = 25;
        if (std::strcmp(arguments[i], "--minutes") == 0 && i + 1 < count)
            length = static_cast<int64_t>(std::atof(arguments[++i]) * 60);
    }
    unsetenv("GST_PLUGIN_PATH");  // the element is linked in
    setenv("GST_TRACERS", "leaks", 1);
    gst_init(nullptr, nullptr);
    GST_ELEMENT_REGISTER(facetclassify, nullptr);
    return facet::run(std::chrono::seconds(length));
}
