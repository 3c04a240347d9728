// SPDX-License-Identifier: MIT
// How many requests a session runs side by side on a device, and of how many threads each: few wide
// ones or many narrow ones. Not installed.
#pragma once

#include <span>
#include <vector>

namespace facet {

struct RequestPlan {
    int requests = 1;
    int threads = 0;  // of each; 0: the device shares out its own work
    friend bool operator==(const RequestPlan&, const RequestPlan&) = default;
};

// What is asked for, 0: to be chosen; and what there is, 0: the device has no threads to share out.
struct AskedRequests {
    int requests = 0, threads = 0;
    int processors = 0;
};

// The plans to choose among, from the widest request to the narrowest, none of which has more
// threads together than there are processors unless that is asked for. Threads that are not asked
// for are shared out over the requests that are, and the other way round; a device without threads
// runs one request unless more are asked for. At least one plan. Reentrant.
[[nodiscard]] std::vector<RequestPlan> plans_for(const AskedRequests& asked);

// Batch sizes at which plans are compared, ascending from 1: powers of two, as many as `largest`
// allows, up to four rows for each processor.
[[nodiscard]] std::vector<int> sizes_to_compare(int largest, int processors);

// times[plan][size]: what a batch of each size takes when the plan's requests share it, in any
// unit.
//
// The index of the plan whose times are shortest in the geometric mean over the sizes, of those
// whose largest batch takes no more than a tenth longer than the best one's. The narrowest of those
// that are within a fifth of it goes first: the threads of a wide request wait for each other
// whenever a pipeline's other threads take a processor from one, which an idle machine does not
// show (tests/bench/saturation does). Precondition: as many times for each plan, all above 0.
[[nodiscard]] size_t choose_plan(std::span<const std::vector<double>> times);

}  // namespace facet
