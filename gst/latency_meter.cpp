// SPDX-License-Identifier: MIT
// The longest of the last frames, kept in two windows.
#include "gst/latency_meter.h"

#include <algorithm>

namespace facet {

namespace {

// Room for the next frame that is slower than all before it: a bound that followed each of them
// would be too low once for each.
Duration with_room(Duration longest) {
    return longest + longest / 4;
}

}  // namespace

bool LatencyMeter::add(Duration latency, Duration infer, Time now) {
    MutexLock lock(mutex_);
    current_ = std::max({current_, latency, timeout_ + infer});
    if (++frames_ == kWindow) {
        frames_ = 0;
        previous_ = current_;
        current_ = Duration{0};
    }
    const Duration longest = std::max(current_, previous_);
    if (longest > bound_) {
        bound_ = with_room(longest);
        return true;
    }
    if (with_room(longest) * 10 >= bound_ * 9 || now - last_cut_ < kBetweenCuts) return false;
    last_cut_ = now;
    bound_ = with_room(longest);
    return true;
}

bool LatencyMeter::foresee(Duration wait) {
    if (wait <= timeout_) return false;
    MutexLock lock(mutex_);
    const Duration foreseen = with_room(wait + service_);
    if (foreseen <= bound_) return false;
    // A queue grows by a few items at a time: not every one of them is worth telling.
    bound_ = std::max(foreseen, with_room(bound_));
    previous_ = std::max(previous_, foreseen);
    return true;
}

Duration LatencyMeter::bound() const {
    MutexLock lock(mutex_);
    return bound_;
}

}  // namespace facet
