// SPDX-License-Identifier: MIT
// The longest of the last items, kept in two windows.
#include "gst/latency_meter.h"

#include <algorithm>

namespace facet {

bool LatencyMeter::add(Duration wait, Duration infer) {
    MutexLock lock(mutex_);
    current_ = std::max({current_, wait + infer, timeout_ + infer});
    if (++items_ == kWindow) {
        items_ = 0;
        previous_ = current_;
        current_ = Duration{0};
    }
    const Duration bound = bound_locked();
    const Duration change = bound > reported_ ? bound - reported_ : reported_ - bound;
    if (change * 10 <= reported_) return false;
    reported_ = bound;
    return true;
}

Duration LatencyMeter::bound() const {
    MutexLock lock(mutex_);
    return bound_locked();
}

Duration LatencyMeter::bound_locked() const {
    return std::max({timeout_, current_, previous_});
}

}  // namespace facet
