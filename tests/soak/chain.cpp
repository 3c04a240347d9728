// SPDX-License-Identifier: MIT
// The chain's elements, faces and probes.
#include "tests/soak/chain.h"

#include <gst/video/video.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "gst/face_meta.h"

namespace facet::soak {

using std::chrono::seconds;

Findings findings;

namespace {

constexpr int kWidth = 320, kCell = 80, kFace = 40, kHeight = 240;
constexpr auto kSilence = seconds(6);   // without a frame: a hang
constexpr auto kStarting = seconds(1);  // of a chain, while threads and pools come into being

}  // namespace

void Findings::note_over(std::chrono::nanoseconds over) {
    const int64_t over_us = over.count() / 1000;
    int64_t worst = worst_over_us;
    while (over_us > worst && !worst_over_us.compare_exchange_weak(worst, over_us)) {
    }
}

void AddedLatency::add(size_t place, std::chrono::nanoseconds added,
                       std::chrono::nanoseconds promised) {
    const std::lock_guard lock(mutex_);
    (phase_ == kCalm ? calm_ : disturbed_[place]).add(added.count() / 1000);
    const double share = static_cast<double>(added.count()) / static_cast<double>(promised.count());
    if (share <= worst_.share) return;
    worst_ = {static_cast<double>(added.count()) / 1e6, static_cast<double>(promised.count()) / 1e6,
              share};
}

double AddedLatency::calm_p99() const {
    const std::lock_guard lock(mutex_);
    return calm_.percentile(0.99);
}

std::vector<double> AddedLatency::disturbed_p99() const {
    const std::lock_guard lock(mutex_);
    std::vector<double> all;
    for (const Histogram& times : disturbed_) all.push_back(times.percentile(0.99));
    return all;
}

AddedLatency::Worst AddedLatency::worst() const {
    const std::lock_guard lock(mutex_);
    return worst_;
}

Chain::Chain(GstElement* pipeline, const std::string& properties, unsigned seed,
             AddedLatency& latency, const Pulse& pulse, size_t place)
    : pipeline_(pipeline), latency_(latency), pulse_(pulse), place_(place), random_(seed) {
    const std::string line =
        "videotestsrc name=in is-live=true pattern=black ! video/x-raw,format=BGR,width=320,"
        "height=240,framerate=25/1 ! facetclassify name=classify device=PUPPET max-batch=16 "
        "timeout=10 " +
        properties + " ! queue ! fakesink sync=true async=false";  // sinks wait, elements do not
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

void Chain::start() {
    started_ = Clock::now();
    gst_element_set_state(bin_, GST_STATE_PLAYING);
}

Chain::~Chain() {
    gst_element_set_state(bin_, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(pipeline_), bin_);
}

// A live source adds to its PTS when it was started: to go on where it is without a jump it is sent
// to its age, and the offset puts back what that takes from the running time.
void Chain::seek() {
    const Ref<GstPad> out = adopt(gst_element_get_static_pad(source_.get(), "src"));
    const auto age = std::chrono::nanoseconds(Clock::now() - started_).count();
    gst_pad_set_offset(out.get(), age);
    seek_to(static_cast<GstClockTime>(age));
}

void Chain::run_away() {
    over_ = true;
    seek_to(0);
}

void Chain::seek_to(GstClockTime position) {
    gst_element_send_event(
        source_.get(),
        gst_event_new_seek(1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
                           static_cast<gint64>(position), GST_SEEK_TYPE_NONE, -1));
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
    const int faces = static_cast<int>(random_() % (kMostFaces + 1));
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
            // A stream that has run away is held up by its full window, which is no latency.
            if (added > allowed && !over_) {
                const auto over = added - allowed;
                const bool machine = over <= pulse_.late_since(arrival->second.time);
                ++(machine ? findings.machine_late : findings.latency_violations);
                if (!machine) findings.note_over(over);
            }
            if (!over_ && arrival->second.time - made_ > kStarting)
                latency_.add(place_, added, allowed);
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

}  // namespace facet::soak
