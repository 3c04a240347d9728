// SPDX-License-Identifier: MIT
// A team one larger than the machine, made once and left asleep.
#include "engine/backends/cpu/threads/spin_limit.h"

#include <omp.h>

#include <atomic>

namespace facet::cpu {

std::shared_ptr<SpinLimit> SpinLimit::share() {
    static Mutex mutex;  // guards `shared`; taken before a limit's own
    static std::weak_ptr<SpinLimit> shared;
    const MutexLock lock(mutex);
    auto limit = shared.lock();
    if (!limit) {
        limit = std::make_shared<SpinLimit>();
        shared = limit;
    }
    return limit;
}

SpinLimit::SpinLimit() : holder_(&SpinLimit::hold_team, this) {
    const MutexLock lock(mutex_);
    while (!holding_) changed_.wait(mutex_);
}

SpinLimit::~SpinLimit() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    holder_.join();
}

void SpinLimit::hold_team() {
    std::atomic<int> members = 0;  // keeps the region from being optimised away
#pragma omp parallel num_threads(omp_get_num_procs() + 1)
    members.fetch_add(1, std::memory_order_relaxed);

    const MutexLock lock(mutex_);
    holding_ = members.load() > 0;
    changed_.notify_all();
    while (!stopping_) changed_.wait(mutex_);
}

}  // namespace facet::cpu
