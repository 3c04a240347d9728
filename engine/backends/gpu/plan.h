// SPDX-License-Identifier: MIT
// Which nodes the device takes, and which run as one kernel with the node before them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet::gpu {

// Ok, or why this node of a prepared graph runs on the CPU.
[[nodiscard]] Result<void> runs_on_device(const Graph& graph, const Node& node);

// Activation, PRelu, arithmetic, batch norm, FakeQuantize: one element in, one out.
[[nodiscard]] bool is_element_wise(const Node& node);

// A node and the element-wise nodes that its kernel applies to each result before storing it. A
// follower reads the value before it as its only reader; whatever else it reads is there before
// the step runs.
struct PlannedStep {
    size_t node = 0;
    std::vector<size_t> followers;
    std::string host_reason;  // why it runs on the CPU; empty: it runs on the device
};

// In an order in which each step finds its inputs computed. Independent of the batch size.
[[nodiscard]] std::vector<PlannedStep> plan_steps(const Graph& graph);

}  // namespace facet::gpu
