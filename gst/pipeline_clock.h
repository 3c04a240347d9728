// SPDX-License-Identifier: MIT
// PipelineClock: the engine's Clock over a GstClock, so that deadlines follow the pipeline's time.
#pragma once

#include <gst/gst.h>

#include "engine/base/clock.h"
#include "gst/ref.h"

namespace facet {

// Times are the clock's own; wait_until() blocks on the caller's CondVar, and the GstClock notifies
// it when the deadline is there, however that clock runs (GstTestClock: when the test says).
//
// Thread-safe.
class PipelineClock final : public Clock {
  public:
    explicit PipelineClock(GstClock* clock) : clock_(share(clock)) {}

    [[nodiscard]] Time now() const override;
    void wait_until(CondVar& wake, Mutex& mutex, Time deadline) override;
    [[nodiscard]] GstClock* clock() const { return clock_.get(); }

  private:
    const Ref<GstClock> clock_;
};

// The clock that an element's session must follow: one that the application gave its pipeline
// before the start (gst_pipeline_use_clock()). Null: the monotonic clock.
// That also serves every pipeline which elects its clock as it starts to play: those run at the
// rate of time, which is all that a deadline of milliseconds needs, and not all of them run while
// the pipeline is paused.
[[nodiscard]] Ref<GstClock> session_clock(GstElement* element);

}  // namespace facet
