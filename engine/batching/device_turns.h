// SPDX-License-Identifier: MIT
// DeviceTurns: whose batch a shared device runs next, as a state machine without threads, clocks or
// locks.
#pragma once

#include <cstdint>
#include <map>

#include "engine/base/clock.h"

namespace facet {

// Start-time fair queueing (Goyal, Vin, Cheng 1996) over device time. Invariants:
//  - what runs at once is never wider together than the runs of the user who can be widest: its
//    slots times their width;
//  - while somebody waits, the one whose turn it is may begin as soon as there is room for its
//    width; nobody overtakes it into the room that it waits for;
//  - of those that wait the one that has used the least goes first, and of equals the one that
//    waits longest. Used is time multiplied by width. So of two users that never stop asking
//    neither is ahead by more than what the longest runs of both, one for each that runs at once,
//    use;
//  - a user that asks after a while is counted as whoever began last, so nobody saves up a claim.
// Thread-compatible.
class DeviceTurns {
  public:
    using User = uint64_t;

    // Of `slots` runs at once, each of which takes `width` of the device, such as threads.
    [[nodiscard]] User add_user(int slots, int width = 1);
    // Precondition: nothing of the user's runs or waits.
    void remove_user(User user);

    // One more run of the user's waits for its turn, or one less.
    void ask(User user);
    void withdraw(User user);
    // Whether it is the turn of one of the user's, which waits.
    [[nodiscard]] bool may_begin(User user) const;
    // How many of the user's runs could begin now, one after the other, if it asked for them.
    [[nodiscard]] int room(User user) const;
    // Precondition: may_begin().
    void begin(User user);
    // One of the user's ended, and the device was busy with it for so long.
    void end(User user, Duration used);

  private:
    struct Usage {
        int slots = 1, width = 1;
        int running = 0, waiting = 0;
        uint64_t waits_since = 0;  // of its longest wait
        Duration used{0};
    };

    [[nodiscard]] int free_width() const;

    std::map<User, Usage> users_;
    User next_user_ = 1;
    uint64_t next_wait_ = 1;
    int running_width_ = 0;
    Duration virtual_time_{0};  // used by whoever began last
};

}  // namespace facet
