// SPDX-License-Identifier: MIT
// OpenMP's per-thread setting.
#include "engine/backends/cpu/threads/thread_scope.h"

#include <omp.h>

#include <ctime>

namespace facet::cpu {

int available_threads() {
    return omp_get_num_procs();
}

double thread_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void on_threads(int threads, const std::function<void(Share)>& work) {
    if (threads == 1) return work({});
#pragma omp parallel num_threads(threads)
    work({omp_get_thread_num(), omp_get_num_threads()});
}

ThreadScope::ThreadScope(int threads) : before_(omp_get_max_threads()) {
    omp_set_num_threads(threads);
}

ThreadScope::~ThreadScope() {
    omp_set_num_threads(before_);
}

}  // namespace facet::cpu
