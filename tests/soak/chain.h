// SPDX-License-Identifier: MIT
// Chain: one live stream through facetclassify, painted by us and watched frame by frame.
#pragma once

#include <gst/gst.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "engine/batching/histogram.h"
#include "gst/ref.h"
#include "tests/soak/pulse.h"

namespace facet::soak {

using Clock = std::chrono::steady_clock;

constexpr double kFramesPerSecond = 25;
constexpr int kMostFaces = 6;  // of a frame; every number up to it is as likely

// What all chains find out together.
struct Findings {
    std::atomic<int> hangs{0}, wrong_face{0}, latency_violations{0};
    // Violations that are no larger than what the machine was late by meanwhile.
    std::atomic<int> machine_late{0};
    std::atomic<int64_t> frames{0}, faces{0}, worst_over_us{0};

    void note_over(std::chrono::nanoseconds over);
};
extern Findings findings;

// The time that the element adds to frames, by the place of their chain among the streams; of those
// from the second second of a chain on that nothing has befallen. Thread-safe.
class AddedLatency {
  public:
    enum Phase { kCalm, kDisturbed };

    explicit AddedLatency(size_t places) : disturbed_(places) {}
    void add(size_t place, std::chrono::nanoseconds added, std::chrono::nanoseconds promised);
    // What comes from now on.
    void begin(Phase phase) { phase_ = phase; }

    // In microseconds.
    [[nodiscard]] double calm_p99() const;  // of all places together
    [[nodiscard]] std::vector<double> disturbed_p99() const;

    struct Worst {
        double added_ms = 0, promised_ms = 0, share = 0;  // of one and the same frame
    };
    // The frame that took the largest share of what was promised for it.
    [[nodiscard]] Worst worst() const;

  private:
    std::atomic<Phase> phase_{kCalm};
    mutable std::mutex mutex_;  // guards all below
    Histogram calm_;
    std::vector<Histogram> disturbed_;
    Worst worst_;
};

// One chain of the pipeline: videotestsrc ! capsfilter ! facetclassify ! queue ! fakesink.
class Chain {
  public:
    // `latency` and `pulse` outlive the chain.
    Chain(GstElement* pipeline, const std::string& properties, unsigned seed, AddedLatency& latency,
          const Pulse& pulse, size_t place);
    ~Chain();
    Chain(const Chain&) = delete;
    Chain& operator=(const Chain&) = delete;

    void prepare() { gst_element_set_state(bin_, GST_STATE_PAUSED); }
    // The first frame comes at once, after prepare().
    void start();
    // Flushes and goes on, with its frames due as before.
    void seek();
    void run_away();  // back to the beginning: its frames were due long ago and come as they can
    void end();       // EOS
    void fail();      // the next frame is cut off
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
    void seek_to(GstClockTime position);
    [[nodiscard]] GstClockTime promised() const;

    GstElement* const pipeline_;
    AddedLatency& latency_;
    const Pulse& pulse_;
    const size_t place_;
    const Clock::time_point made_ = Clock::now();
    Clock::time_point started_;
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

}  // namespace facet::soak
