// SPDX-License-Identifier: MIT
// The monotonic clock.
#include "engine/base/clock.h"

namespace facet {

namespace {

class SteadyClock final : public Clock {
  public:
    Time now() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
    void wait_until(CondVar& wake, Mutex& mutex, Time deadline) override {
        if (deadline == kNever) return wake.wait(mutex);
        wake.wait_until(mutex, std::chrono::steady_clock::time_point(deadline));
    }
};

}  // namespace

Clock& steady_clock() {
    static SteadyClock clock;
    return clock;
}

}  // namespace facet
