// SPDX-License-Identifier: MIT
// OpenMP's per-thread setting.
#include "engine/backends/cpu/thread_scope.h"

#include <omp.h>

namespace facet::cpu {

int available_threads() {
    return omp_get_num_procs();
}

ThreadScope::ThreadScope(int threads) : before_(omp_get_max_threads()) {
    omp_set_num_threads(threads);
}

ThreadScope::~ThreadScope() {
    omp_set_num_threads(before_);
}

}  // namespace facet::cpu
