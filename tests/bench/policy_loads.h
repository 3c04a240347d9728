// SPDX-License-Identifier: MIT
// What the policy benches share: the cost tables on file, and loads as shares of a device's
// capacity.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/batching/cost_table.h"
#include "engine/batching/simulation_load.h"
#include "engine/batching/simulation_report.h"

namespace facet::testing {

struct NamedCosts {
    std::string name;
    CostTable costs;
};

// Lines of "name = 1:410250 4:980000"; empty lines and lines that begin with '#' are skipped.
[[nodiscard]] Result<std::vector<NamedCosts>> read_cost_tables(const std::filesystem::path& file);

// Crops per second at the best batch size up to max_batch.
[[nodiscard]] double capacity(const CostTable& costs, int max_batch);

// `streams` of 25 frames a second whose faces come to `share` of `crops_per_second`; more than
// twenty faces per frame on average become more frames instead.
[[nodiscard]] LoadDescription scaled_load(int streams, double share, double crops_per_second,
                                          Arrival arrival);

struct LeastTimes {
    Percentiles wait;     // from arrival to the start of the crop's batch
    Percentiles latency;  // from arrival to result
};
// The times below which no policy can keep them that takes crops in order on one slot: as if the
// device ran at its full capacity with batches of any size, no crop took less than a batch of one,
// and every crop were the last of a full batch as soon as it can be.
[[nodiscard]] LeastTimes least_times(const Load& load, const CostTable& costs, int max_batch);

}  // namespace facet::testing
