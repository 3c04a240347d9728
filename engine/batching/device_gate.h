// SPDX-License-Identifier: MIT
// DeviceGate: lets the threads of several sessions onto one device by turns.
#pragma once

#include <memory>
#include <string>

#include "engine/base/clock.h"
#include "engine/base/mutex.h"
#include "engine/batching/device_turns.h"

namespace facet {

// DeviceTurns for threads. Thread-safe; no lock is held between enter() and leave().
class DeviceGate {
  public:
    using User = DeviceTurns::User;

    // As DeviceTurns'.
    [[nodiscard]] User add_user(int slots, int width = 1);
    // Precondition: nothing of the user's is inside or asks.
    void remove_user(User user);

    // Asks for a turn, which others with more time used wait for; enter() or withdraw() ends it.
    void ask(User user);
    void withdraw(User user);
    // Whether what was asked for is inside now.
    [[nodiscard]] bool try_enter(User user);
    // As DeviceTurns'.
    [[nodiscard]] int room(User user);
    // Waits for the turn that was asked for.
    void enter(User user);
    // What entered is done, and the device was busy with it for so long. `asks_again`: in the same
    // moment, so that nobody goes first who has used more.
    void leave(User user, Duration used, bool asks_again);

  private:
    Mutex mutex_;  // guards turns_; may be taken while a Batcher's lock is held
    CondVar changed_;
    DeviceTurns turns_ FACET_GUARDED_BY(mutex_);
};

// The gate of that device, or part of one, while anybody holds it.
[[nodiscard]] std::shared_ptr<DeviceGate> device_gate(const std::string& device);

}  // namespace facet
