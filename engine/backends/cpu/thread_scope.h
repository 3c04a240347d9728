// SPDX-License-Identifier: MIT
// How many OpenMP threads parallel regions of the calling thread use, for a scope.
#pragma once

#include <omp.h>

namespace facet::cpu {

// oneDNN divides the work when a primitive is created and again when it runs, so both happen under
// the same number. Thread-bound.
class ThreadScope {
  public:
    explicit ThreadScope(int threads) : before_(omp_get_max_threads()) {
        omp_set_num_threads(threads);
    }
    ~ThreadScope() { omp_set_num_threads(before_); }
    ThreadScope(const ThreadScope&) = delete;
    ThreadScope& operator=(const ThreadScope&) = delete;

  private:
    const int before_;
};

}  // namespace facet::cpu
