// SPDX-License-Identifier: MIT
// SessionStats: what a session has done so far, for those who watch it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/batching/histogram.h"
#include "engine/batching/owner.h"

namespace facet {

struct OwnerStats {
    uint64_t items = 0;      // with a result or an error of their own
    uint64_t shed = 0;       // by overload
    uint64_t cancelled = 0;  // withdrawn
    uint64_t late = 0;       // started after their deadline
};

// What a layer took in one batch, with all that was computed on its way.
struct LayerCounters {
    std::string model;
    std::string layer;               // the node's name in the file
    std::vector<std::string> fused;  // further nodes that are computed with it
    std::string kind;                // "Convolution"
    std::string implementation;      // the device's own name for the kernel
    std::string layout;              // of what it writes
    std::string device;
    int rows = 0;        // of the batch
    double seconds = 0;  // the median of a few batches
    double flop = 0;     // for all rows; 0: not counted
};

struct SessionStats {
    Histogram batch_size;          // items
    Histogram fill_percent;        // items of a batch in hundredths of max_batch
    Histogram wait_us;             // of an item, from submit to the start of its batch
    Histogram service_us;          // of a batch, from its start to its results
    uint64_t deadline_misses = 0;  // items that started after their deadline, of `wait_us.count()`
    uint64_t padding_rows = 0;     // rows that were run for nobody
    uint64_t shed = 0;             // items
    size_t queue_depth = 0;        // items that wait now
    size_t queue_depth_max = 0;    // at most so far, seen when items came
    // Batches by what started them, in this order.
    static constexpr std::array<std::string_view, 5> kReasons = {"full", "deadline", "idle",
                                                                 "all-in", "drain"};
    std::array<uint64_t, kReasons.size()> started_by{};
    std::map<OwnerId, OwnerStats> owners;  // those that are open
    // In the order they run, of the largest batch: timed once, when a session that writes a trace
    // is opened. Without a trace, and of devices that do not time their layers: none.
    std::vector<LayerCounters> layers;
};

}  // namespace facet
