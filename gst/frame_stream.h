// SPDX-License-Identifier: MIT
// FrameStream: one run of one stream through its session, between a sink pad and a source pad.
#pragma once

#include <gst/video/video.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/session.h"
#include "gst/frame_behaviour.h"
#include "gst/frame_window.h"
#include "gst/latency_meter.h"
#include "gst/ref.h"
#include "gst/stream_stats.h"

namespace facet {

// What an element wants of a stream when it starts.
struct StreamSetup {
    SessionSettings session;
    std::string session_name;
    std::vector<ImageSize> image_sizes;  // a session for each; empty: one at the models' own
    int queue_depth = 1;
    Yield wanted = Yield::kAttributes;  // of each model
    double weight = 1;                  // against other streams
    bool sheds = false;                 // items may be shed when not all can be done in time
    std::string stats_path;
    Duration stats_interval{0};  // between messages; 0: none
    std::unique_ptr<FrameBehaviour> behaviour;
};

// Made in READY -> PAUSED, dropped in PAUSED -> READY.
//
// Invariants:
//  - frames and serialized events leave by the source pad in the order they came;
//  - a frame is pushed, never under a lock, once each of its regions has a result or an error;
//  - results belong to a frame by the token they were submitted with; one that comes after a flush
//    or a stop touches only memory that nobody reads any more;
//  - the owner at the session is blocked while the streaming thread waits, draining after EOS, and
//    active otherwise;
//  - one session at a time gets frames, chosen by CAPS while none is under way; at the others the
//    owner is blocked;
//  - what the source pad's peer answered is what the streaming thread's upstream gets to hear.
// Threads: see each function.
class FrameStream {
  public:
    // Borrows the element and its source pad; they outlive it.
    // `clock`: the sessions'; null: the monotonic clock. `sessions`: as many as the setup's image
    // sizes, in their order, or one.
    using Sessions = std::vector<std::shared_ptr<Session>>;
    FrameStream(GstElement* element, GstPad* source, Sessions sessions, GstClock* clock,
                StreamSetup setup);
    ~FrameStream();
    FrameStream(const FrameStream&) = delete;
    FrameStream& operator=(const FrameStream&) = delete;

    // Before the first frame: that the figures' file can be written.
    [[nodiscard]] Result<void> try_stats_path() const;

    // Streaming thread.
    GstFlowReturn chain(Ref<GstBuffer> buffer);
    bool event(Ref<GstEvent> event);  // a serialized one, not FLUSH_STOP
    bool wait_until_empty();          // before a serialized query; false when flushing
    // Adds the frames under way here to what the pools of an ALLOCATION answer must hold.
    void add_frames_held(GstQuery* query) const;

    // Any thread, in this order, each before or after the event itself goes downstream as stated.
    void flush_start();  // before FLUSH_START: nothing more is taken, what waits is cancelled
    void pause();        // after FLUSH_START: the task has ended its last push
    void flush_stop();   // after FLUSH_STOP: the next generation starts
    // Any thread.
    void qos(GstClockTimeDiff lateness, GstClockTime running_time);  // as downstream's event says
    [[nodiscard]] GstStructure* stats() const;                       // transfer full
    void reconfigure();                // upstream event: tries again after not-linked
    [[nodiscard]] Duration latency();  // of a frame that comes now, as a bound

    // Source pad's (de)activation, and its task.
    void activate();
    void deactivate();
    void run_task();

  private:
    struct Results;
    // A frame or an event on its way.
    struct Entry {
        Ref<GstBuffer> buffer;
        Ref<GstEvent> event;
        GstVideoInfo info;
        std::vector<PlannedRegion> regions;
        std::shared_ptr<Results> results;
        Time came{0};
        bool late = false;
    };
    using Window = FrameWindow<Entry>;
    // Of a frame. Tokens are small and many: they point here and keep nothing alive themselves.
    struct Results {
        explicit Results(size_t regions) : of(regions) {}
        void take(size_t region, ItemResult&& result);  // a token's end; any thread

        std::vector<ItemResult> of;             // by region; each written by its token
        std::atomic<Time::rep> complete_at{0};  // the latest token so far
        // From submit() on; what takes the last result lets go of itself, and of the window, which
        // may be gone before.
        Clock* clock = nullptr;
        std::weak_ptr<Window> window;
        Window::FrameId frame = 0;
        std::shared_ptr<Results> self;
        std::atomic<size_t> outstanding{0};
    };
    struct Token {
        Item item;
        size_t region;
    };

    // The stream at one session.
    struct Lane {
        explicit Lane(std::shared_ptr<Session> opened)
            : session(std::move(opened)),
              owner(session->open_owner()),
              latency(session->limits().timeout, session->service_bound()) {}
        const std::shared_ptr<Session> session;
        const OwnerId owner;
        LatencyMeter latency;
    };

    [[nodiscard]] Lane& lane() const { return *lanes_[current_lane_]; }
    void move_to_lane(size_t next);
    void cancel();
    bool take_crops(Entry& frame, std::vector<Token>& tokens);
    void submit(Entry frame, std::vector<Token> tokens);
    void expect(Item& item, const PlannedRegion& region) const;
    [[nodiscard]] bool is_late(GstBuffer* buffer) const;
    void watch(const Entry& frame);
    void foresee_latency();
    void report();
    bool write_results(Entry& frame);  // false: the device is beyond hope, and that was told
    void stop_after(GstFlowReturn flow);
    bool tell_application(GstFlowReturn flow);  // false: nothing to tell
    void start_task();
    void set_owner_state(OwnerState state);
    void waiting(bool waits);  // the streaming thread, for the window
    [[nodiscard]] GstFlowReturn flow() const;

    GstElement* const element_;
    GstPad* const source_;
    const std::unique_ptr<Clock> own_clock_;
    Clock& clock_;
    std::vector<std::unique_ptr<Lane>> lanes_;  // filled by the constructor
    std::atomic<size_t> current_lane_{0};       // changed by the streaming thread
    const std::vector<ImageSize> image_sizes_;
    const std::unique_ptr<FrameBehaviour> behaviour_;
    const size_t depth_;
    const bool sheds_;
    const std::string stats_path_;
    const Duration stats_interval_;
    const std::shared_ptr<Window> window_;  // tokens hold it weakly
    std::atomic<uint32_t> generation_{0};
    std::atomic<OwnerState> owner_state_{OwnerState::kActive};
    std::atomic<bool> at_end_{false};   // EOS has come and no new stream since
    std::optional<GstVideoInfo> info_;  // of the last CAPS; streaming thread
    GstSegment segment_;                // streaming thread
    // Running time before which frames are of no use downstream; below 0: none is too late.
    std::atomic<GstClockTimeDiff> useful_from_{-1};
    std::atomic<bool> told_{false};  // the application knows that this run has failed
    int failures_in_a_row_ = 0;      // task
    Time pushed_at_{0};              // task: when the last push returned
    Time reported_at_{0};            // task
    uint64_t frames_reported_ = 0;   // task
    mutable Mutex stats_mutex_;      // guards stats_
    StreamStats stats_ FACET_GUARDED_BY(stats_mutex_);
};

}  // namespace facet
