// SPDX-License-Identifier: MIT
// DeviceGate: lets the sessions of one device run by turns, by the time each has used.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/mutex.h"

namespace facet {

// Invariants: at most as many runs at once as the user with the most slots asked for; of those that
// wait the one that has used the least time goes first, and of equals the one that waits longest; a
// user that has been away is counted as one of those present, so nobody saves up a claim.
// Thread-safe; no lock is held between enter() and leave().
class DeviceGate {
  public:
    using User = uint64_t;

    [[nodiscard]] User add_user(int slots);
    // Precondition: nothing of the user's is inside or waits.
    void remove_user(User user);

    // Whether it is inside now.
    [[nodiscard]] bool try_enter(User user);
    // Waits for its turn.
    void enter(User user);
    // What enter() let in is done, and the device was busy with it for so long.
    void leave(User user, Duration used);

  private:
    struct Usage {
        int slots = 1;
        int inside = 0, waiting = 0;
        uint64_t waits_since = 0;  // of its longest wait
        Duration used{0};
    };

    void arrive(Usage& usage) FACET_REQUIRES(mutex_);
    void let_in(Usage& usage) FACET_REQUIRES(mutex_);
    [[nodiscard]] bool may_enter(User user) const FACET_REQUIRES(mutex_);

    Mutex mutex_;  // guards all below; may be taken while a Batcher's lock is held
    CondVar changed_;
    std::map<User, Usage> users_ FACET_GUARDED_BY(mutex_);
    User next_user_ FACET_GUARDED_BY(mutex_) = 1;
    uint64_t next_wait_ FACET_GUARDED_BY(mutex_) = 1;
    int inside_ FACET_GUARDED_BY(mutex_) = 0;
    Duration virtual_time_ FACET_GUARDED_BY(mutex_){0};  // used by whoever was let in last
};

// The gate of that device, while anybody holds it.
[[nodiscard]] std::shared_ptr<DeviceGate> device_gate(const std::string& device);

}  // namespace facet
