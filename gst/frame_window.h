// SPDX-License-Identifier: MIT
// FrameWindow: the ordered way of one stream's frames and events from its streaming thread to its
// source pad's task.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/mutex.h"

namespace facet {

// Entry is movable; the window never looks inside. Three parties use it: the streaming thread adds,
// any thread completes tokens, one task takes.
//
// Invariants:
//  - entries leave by take() in the order they were added; a frame leaves only when every one of
//    its tokens is complete, an event as soon as it is at the front;
//  - at most `depth` frames are inside, the one the task has in hand included; events are not
//    counted, so an end of stream always finds room;
//  - while closed nothing leaves by take() and nobody waits; whatever is inside leaves by open();
//  - a token of a frame that left by open() is ignored, however late it is completed;
//  - no lock is held while a caller's function runs or an Entry is destroyed.
// Thread-safe.
template <typename Entry>
class FrameWindow {
  public:
    using FrameId = uint64_t;

    // depth >= 1. Starts closed, for `reason` (not 0).
    FrameWindow(size_t depth, int reason) : depth_(depth), reason_(reason) {}

    // Streaming thread: waits until a frame has room; false when closed. `on_blocked(true)` is
    // called before the first wait and `on_blocked(false)` after the last, and neither without one.
    template <typename OnBlocked>
    bool wait_for_room(OnBlocked&& on_blocked) FACET_EXCLUDES(mutex_) {
        return wait_until([this]() FACET_REQUIRES(mutex_) { return frames_ < depth_; }, on_blocked);
    }
    // Streaming thread: as above, until nothing is inside and the task has nothing in hand.
    template <typename OnBlocked>
    bool wait_until_empty(OnBlocked&& on_blocked) FACET_EXCLUDES(mutex_) {
        return wait_until([this]() FACET_REQUIRES(mutex_) { return slots_.empty() && !in_hand_; },
                          on_blocked);
    }
    // Streaming thread, after wait_for_room(): the frame leaves once complete() was called `tokens`
    // times. Nothing when the window was closed meanwhile; `frame` is then untouched.
    std::optional<FrameId> add_frame(Entry& frame, size_t tokens) FACET_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (reason_ != 0) return std::nullopt;
        ++frames_;
        slots_.push_back({std::move(frame), tokens, true});
        wake_task_for(slots_.size() - 1);
        return first_id_ + slots_.size() - 1;
    }
    // Streaming thread. Also while closed: the event then leaves by open().
    void add_event(Entry event) FACET_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        slots_.push_back({std::move(event), 0, false});
        wake_task_for(slots_.size() - 1);
    }

    // Any thread: one token of the frame is done.
    void complete(FrameId id) FACET_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (id < first_id_ || id - first_id_ >= slots_.size()) return;
        --slots_[id - first_id_].tokens;
        wake_task_for(id - first_id_);
    }

    // Task: waits for the front to be ready; nothing when closed. What it returns is in hand until
    // put_down().
    std::optional<Entry> take() FACET_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        while (reason_ == 0 && !ready()) changed_.wait(mutex_);
        if (reason_ != 0) return std::nullopt;
        std::optional<Entry> entry(std::move(slots_.front().entry));
        in_hand_ = true;
        frame_in_hand_ = slots_.front().is_frame;
        slots_.pop_front();
        ++first_id_;
        return entry;
    }
    // Task: done with what take() returned last.
    void put_down() FACET_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (frame_in_hand_) --frames_;
        in_hand_ = frame_in_hand_ = false;
        changed_.notify_all();
    }

    // Wakes everybody; a reason given earlier stays. `reason` is not 0.
    void close(int reason) FACET_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (reason_ == 0) reason_ = reason;
        changed_.notify_all();
    }
    // 0 while open.
    [[nodiscard]] int reason() const FACET_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        return reason_;
    }
    // Opens an empty window and returns what was inside, in order. Precondition: the task does not
    // run.
    std::vector<Entry> open() FACET_EXCLUDES(mutex_) {
        std::vector<Entry> dropped;
        MutexLock lock(mutex_);
        for (Slot& slot : slots_) dropped.push_back(std::move(slot.entry));
        first_id_ += slots_.size();
        slots_.clear();
        frames_ = 0;
        in_hand_ = frame_in_hand_ = false;
        reason_ = 0;
        return dropped;
    }

  private:
    struct Slot {
        Entry entry;
        size_t tokens;  // not yet complete
        bool is_frame;
    };

    [[nodiscard]] bool ready() const FACET_REQUIRES(mutex_) {
        return !slots_.empty() && slots_.front().tokens == 0;
    }

    // What is behind the front, the task looks at by itself when it comes to it.
    void wake_task_for(size_t slot) FACET_REQUIRES(mutex_) {
        if (slot == 0 && ready()) changed_.notify_all();
    }

    template <typename Predicate, typename OnBlocked>
    bool wait_until(Predicate done, OnBlocked& on_blocked) FACET_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (reason_ != 0) return false;
        if (done()) return true;
        lock.unlock();
        on_blocked(true);
        lock.lock();
        while (reason_ == 0 && !done()) changed_.wait(mutex_);
        const bool opened = reason_ == 0;
        lock.unlock();
        on_blocked(false);
        return opened;
    }

    const size_t depth_;
    mutable Mutex mutex_;  // guards all below
    CondVar changed_;
    std::deque<Slot> slots_ FACET_GUARDED_BY(mutex_);
    FrameId first_id_ FACET_GUARDED_BY(mutex_) = 0;  // of slots_.front()
    size_t frames_ FACET_GUARDED_BY(mutex_) = 0;     // in slots_ and in hand
    bool in_hand_ FACET_GUARDED_BY(mutex_) = false;
    bool frame_in_hand_ FACET_GUARDED_BY(mutex_) = false;
    int reason_ FACET_GUARDED_BY(mutex_);
};

}  // namespace facet
