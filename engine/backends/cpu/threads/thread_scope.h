// SPDX-License-Identifier: MIT
// How many OpenMP threads parallel regions of the calling thread use, for a scope.
#pragma once

#include <functional>

#include "engine/backends/cpu/threads/share.h"

namespace facet::cpu {

// What the machine offers this process.
[[nodiscard]] int available_threads();

// Seconds of processor time the calling thread has used: what it measures of itself does not count
// the time that others took from it.
[[nodiscard]] double thread_seconds();

// Calls `work` on so many OpenMP threads side by side, the caller among them.
void on_threads(int threads, const std::function<void(Share)>& work);

// oneDNN divides the work when a primitive is created and again when it runs, so both happen under
// the same number. Thread-bound.
class ThreadScope {
  public:
    explicit ThreadScope(int threads);
    ~ThreadScope();
    ThreadScope(const ThreadScope&) = delete;
    ThreadScope& operator=(const ThreadScope&) = delete;

  private:
    const int before_;
};

}  // namespace facet::cpu
