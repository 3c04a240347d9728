// SPDX-License-Identifier: MIT
// Keeps OpenMP threads that wait for each other from burning the processors others need.
#pragma once

#include <memory>
#include <thread>

#include "engine/base/mutex.h"

namespace facet::cpu {

// GNU's OpenMP lets a thread that waits for its team spin for some milliseconds before it sleeps,
// which starves the very thread it waits for when decoders and the like want the processors too: a
// layer then takes milliseconds instead of microseconds. It spins briefly only while the process
// has more OpenMP threads than processors (or OMP_WAIT_POLICY=passive is in the environment, which
// a plugin cannot see to). So this holds a team of that many threads, asleep, while it lives. Other
// OpenMP libraries just see a team that does nothing. Invariant: the thread joins in the
// destructor. Thread-safe.
class SpinLimit {
  public:
    // The process's one limit, made by the first who asks and gone with the last.
    [[nodiscard]] static std::shared_ptr<SpinLimit> share();

    SpinLimit();
    ~SpinLimit();
    SpinLimit(const SpinLimit&) = delete;
    SpinLimit& operator=(const SpinLimit&) = delete;

  private:
    void hold_team();

    Mutex mutex_;  // guards the two flags; no other lock is taken while it is held
    CondVar changed_;
    bool holding_ FACET_GUARDED_BY(mutex_) = false;
    bool stopping_ FACET_GUARDED_BY(mutex_) = false;
    std::thread holder_;
};

}  // namespace facet::cpu
