// SPDX-License-Identifier: MIT
// The checks in words, and the plan by the batching policy's own choice of sizes.
#include "engine/model/batch_profiles.h"

#include <algorithm>
#include <string>

namespace facet {

namespace {

constexpr double kReadiness = 0.9;

Error refused(const std::string& what) {
    return {ErrorCode::kInvalidArgument, "setting 'batch_profiles': " + what};
}

}  // namespace

Result<void> check_batch_profiles(const std::vector<int>& profiles) {
    if (profiles.size() > kMostProfiles)
        return refused(std::to_string(profiles.size()) + " sizes; supported: at most " +
                       std::to_string(kMostProfiles));
    for (size_t i = 0; i < profiles.size(); ++i) {
        if (profiles[i] < 1 || profiles[i] > kLargestBatch)
            return refused(std::to_string(profiles[i]) + " is outside 1.." +
                           std::to_string(kLargestBatch));
        if (i > 0 && profiles[i] <= profiles[i - 1])
            return refused(std::to_string(profiles[i]) + " after " +
                           std::to_string(profiles[i - 1]) + "; sizes ascend, each once");
    }
    return {};
}

std::vector<RunPart> plan_parts(const std::vector<int>& profiles, const CostTable& costs,
                                int rows) {
    if (profiles.empty()) return {{rows, rows}};
    const BatchLimits limits{.max_batch = profiles.back(), .profiles = profiles};
    std::vector<RunPart> parts;
    double cost = 0;
    for (int left = rows; left > 0; left -= parts.back().rows) {
        const BatchSize size = best_size(limits, costs, static_cast<size_t>(left));
        parts.push_back({static_cast<int>(size.count), static_cast<int>(size.run_size)});
        cost += static_cast<double>(costs.cost(parts.back().run_rows).count());
    }
    if (!costs.empty() && static_cast<double>(costs.cost(rows).count()) < kReadiness * cost)
        return {{rows, rows}};
    return parts;
}

}  // namespace facet
