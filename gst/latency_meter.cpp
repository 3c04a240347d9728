// SPDX-License-Identifier: MIT
// The longest of the last frames, kept in two windows.
#include "gst/latency_meter.h"

#include <algorithm>

namespace facet {

bool LatencyMeter::add(Duration latency, Duration infer, Time now) {
    MutexLock lock(mutex_);
    current_ = std::max({current_, latency, timeout_ + infer});
    if (++frames_ == kWindow) {
        frames_ = 0;
        previous_ = current_;
        current_ = Duration{0};
    }
    const Duration bound = bound_locked();
    if (bound < reported_) {
        if ((reported_ - bound) * 10 <= reported_ || now - last_cut_ < kBetweenCuts) return false;
        last_cut_ = now;
    } else if ((bound - reported_) * 10 <= reported_) {
        return false;
    }
    reported_ = bound;
    return true;
}

// Between two reports it stays what was reported, or the pipeline would be told another figure by
// whoever happens to ask.
Duration LatencyMeter::bound() const {
    MutexLock lock(mutex_);
    return std::max(reported_, bound_locked());
}

Duration LatencyMeter::bound_locked() const {
    return std::max({timeout_, current_, previous_});
}

}  // namespace facet
