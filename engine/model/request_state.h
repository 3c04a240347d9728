// SPDX-License-Identifier: MIT
// RequestState: whether a request is under way, who waits for it and how it ended. Not installed.
#pragma once

#include <optional>

#include "engine/base/mutex.h"
#include "engine/model.h"

namespace facet {

// Invariants: begin() and end() alternate; a callback runs once, without a lock, after its request
// has ceased to be under way. Thread-safe.
class RequestState {
  public:
    explicit RequestState(Clock& clock) : clock_(clock) {}

    // kInvalidArgument: under way already.
    [[nodiscard]] Result<void> begin(Request::Done done);
    void end(Result<void> result);

    [[nodiscard]] Result<void> wait();
    [[nodiscard]] std::optional<Result<void>> wait_for(Duration timeout);
    // Until neither the request nor a callback is under way: nobody touches this any more.
    void wait_until_idle();

  private:
    Clock& clock_;
    Mutex mutex_;  // guards all below; not held while a callback runs
    CondVar changed_;
    bool under_way_ FACET_GUARDED_BY(mutex_) = false;
    int callbacks_ FACET_GUARDED_BY(mutex_) = 0;  // that run now
    Request::Done done_ FACET_GUARDED_BY(mutex_);
    Result<void> result_ FACET_GUARDED_BY(mutex_);
};

}  // namespace facet
