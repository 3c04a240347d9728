// SPDX-License-Identifier: MIT
// ArrivalRate: arrivals per second of late, as a count that fades away.
#pragma once

#include <cmath>

#include "engine/base/clock.h"

namespace facet {

// The count fades with a time constant of half a second: a dozen frames of a camera, so that the
// burst of one frame's faces is seen as what it is, part of a mean. It starts from nothing and
// reads low until that time has passed. Thread-compatible.
class ArrivalRate {
  public:
    void add(Time now) {
        count_ = faded(now) + 1;
        last_ = now;
    }
    [[nodiscard]] double per_second(Time now) const { return faded(now) / kSeconds; }

  private:
    static constexpr double kSeconds = 0.5;

    [[nodiscard]] double faded(Time now) const {
        if (now <= last_) return count_;
        return count_ * std::exp(-std::chrono::duration<double>(now - last_).count() / kSeconds);
    }

    double count_ = 0;
    Time last_{0};
};

}  // namespace facet
