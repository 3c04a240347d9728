// SPDX-License-Identifier: MIT
// Owner: whoever pushes items, one stream of one element.
#pragma once

#include <cstdint>

namespace facet {

using OwnerId = uint64_t;  // never reused in a process

enum class OwnerState {
    kActive,    // may push at any time
    kBlocked,   // cannot push until one of its items is done: waiting for it is pointless
    kDraining,  // at its end: what it has waiting starts as soon as a slot is free
};

}  // namespace facet
