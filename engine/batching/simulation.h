// SPDX-License-Identifier: MIT
// A run of a load through the real queue and a policy, with batches that only take time.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/batching/batch_queue.h"
#include "engine/batching/simulation_load.h"

namespace facet {

struct SimulationSettings {
    BatchLimits limits;    // what the policy and the queue are told, slots included
    Duration deadline{0};  // a crop's result meets its deadline by this time after arrival; > 0
    // Of `slots` > 1: the share of the device that batches running at once take from each other.
    // 1: two at once take twice as long each; 0: as if each had a device of its own.
    double contention = 1;
    double noise = 0;    // deviation of a batch's time, as a share of its cost, 0..0.5
    uint64_t seed = 1;   // of the noise
    bool sheds = false;  // crops that cannot be done in time are shed, as by overload=skip
    bool first_come_first_served = false;  // across streams, instead of the queue's rounds
};

struct SimulatedCrop {
    int stream = 0;
    bool is_shed = false;  // never ran; wait and latency are 0
    bool met = false;      // its result came within the deadline
    Duration wait{0};      // from arrival to its batch's start
    Duration latency{0};   // from arrival to its result
};

struct SimulatedBatch {
    Time started{0}, ended{0};
    int items = 0, run_size = 0;
    StartReason reason = StartReason::kFull;
};

struct SimulationRecord {
    int streams = 0, slots = 1;
    Duration length{0};                   // of the load
    Time ended{0};                        // of the last batch
    std::vector<SimulatedCrop> crops;     // each of the load's once, by the end of its batch
    std::vector<SimulatedBatch> batches;  // by their end
};

// Frames arrive open-loop: no stream is pushed back. A frame's crops arrive together. After the
// last frame every stream drains. `costs` is the truth of a batch that runs alone; the policy
// begins with what follows from it for one beside others. Precondition: !costs.empty(). Reentrant;
// the same arguments give the same record.
[[nodiscard]] SimulationRecord simulate(const Load& load, const Policy& policy,
                                        const CostTable& costs, const SimulationSettings& settings);

}  // namespace facet
