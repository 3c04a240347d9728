// SPDX-License-Identifier: MIT
// When a batch starts, and with how many items: a pure function of what waits and what time it is.
#pragma once

#include <cstddef>
#include <string_view>

#include "engine/base/clock.h"

namespace facet {

// Why a batch started.
enum class StartReason {
    kFull,      // max_batch items were waiting
    kDeadline,  // the oldest item's time was up
    kAllIn,     // no owner can add anything before a batch has run
    kDrain,     // an owner with items waiting is at its end
};
[[nodiscard]] std::string_view to_string(
    StartReason reason);  // "full", "deadline", "all-in", "drain"

struct BatchLimits {
    int max_batch = 1;    // 1..2048
    Duration timeout{0};  // >= 0; 0: start with whatever waits as soon as a slot is free
};

// What the policy sees of a queue.
struct QueueView {
    size_t waiting = 0;               // items
    Time earliest_deadline = kNever;  // over the waiting items
    size_t draining = 0;              // waiting items whose owner is draining
    bool more_can_come = true;        // some owner is active: it may push before a batch has run
};

struct Decision {
    enum class Kind { kStart, kSleep };
    Kind kind = Kind::kSleep;
    StartReason reason = StartReason::kFull;  // when kStart
    size_t count = 0;                         // when kStart: items to take, 1..max_batch
    Time wake_at = kNever;                    // when kSleep: decide again then, or on any change
};

// Called only while a request slot is free. Rules in this order: full, deadline reached, draining,
// all in; else sleep until the earliest deadline. The count is every waiting item up to max_batch.
// Cost-aware starts and profiles (issue "the batching heart") change this function and the view,
// and nothing else. Reentrant.
[[nodiscard]] Decision decide(const BatchLimits& limits, const QueueView& queue, Time now);

}  // namespace facet
