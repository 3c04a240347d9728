// SPDX-License-Identifier: MIT
// Batch profiles: which lists of sizes are one, and how a batch between two of them runs. Not
// installed.
#pragma once

#include <vector>

#include "engine/base/result.h"
#include "engine/batching/batch_policy.h"

namespace facet {

constexpr size_t kMostProfiles = 100;
constexpr int kLargestBatch = 2048;

// kInvalidArgument, naming the setting, unless there are at most 100, ascending, each 1..2048.
[[nodiscard]] Result<void> check_batch_profiles(const std::vector<int>& profiles);

// Rows of a batch that run together.
struct RunPart {
    int rows = 0;
    int run_rows = 0;  // with those that pad
    friend bool operator==(const RunPart&, const RunPart&) = default;
};

// The cheapest, by the costs, of: `rows` padded to the next profile, split over several, or as they
// are; the last must be cheaper by a tenth, since a size that is no profile is not made ready.
// Without costs: padded. Without profiles: as they are. Precondition: 1 <= rows <= the largest.
[[nodiscard]] std::vector<RunPart> plan_parts(const std::vector<int>& profiles,
                                              const CostTable& costs, int rows);

}  // namespace facet
