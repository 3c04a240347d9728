// SPDX-License-Identifier: MIT
// Finds the steps by the values that pass between them.
#include "engine/backends/cpu/choice/joined_steps.h"

#include <algorithm>

#include "engine/backends/cpu/lower/pixel_step.h"
#include "engine/backends/cpu/lower/separable_step.h"

namespace facet::cpu {

namespace {

constexpr size_t kJoined = static_cast<size_t>(-1);  // in the place of a node

ValueId result_of(const Graph& graph, const PlannedStep& step) {
    const size_t last = step.followers.empty() ? step.node : step.followers.back().node;
    return graph.nodes[last].outputs[0];
}

// The step that alone reads `value`, or null.
PlannedStep* only_reader(const Graph& graph, std::vector<PlannedStep>& plan,
                         const std::vector<int>& readers, ValueId value) {
    if (readers[value] != 1) return nullptr;
    const auto found = std::ranges::find_if(plan, [&](const PlannedStep& step) {
        return step.node != kJoined && std::ranges::count(graph.nodes[step.node].inputs, value) > 0;
    });
    return found == plan.end() ? nullptr : &*found;
}

void remove_joined(std::vector<PlannedStep>& plan) {
    std::erase_if(plan, [](const PlannedStep& step) { return step.node == kJoined; });
}

// Whose result the step alone reads. False, and nothing taken, where another step holds a node.
bool take_arithmetic(const std::vector<size_t>& nodes, std::vector<PlannedStep>& plan,
                     PlannedStep& step) {
    std::vector<PlannedStep*> taken;
    for (const size_t node : nodes) {
        const auto found = std::ranges::find(plan, node, &PlannedStep::node);
        if (found == plan.end() || found->integer || !found->followers.empty()) return false;
        taken.push_back(&*found);
    }
    for (PlannedStep* arithmetic : taken) {
        step.producers.push_back(*arithmetic);
        arithmetic->node = kJoined;
    }
    return true;
}

// An activation by itself, as what follows the step that it alone reads.
void take_activation(const Graph& graph, PlannedStep* activation, PlannedStep& step) {
    if (!activation || !activation->followers.empty() || activation->integer ||
        !std::holds_alternative<ActivationParams>(graph.nodes[activation->node].params))
        return;
    PlannedStep longer = step;
    longer.followers.push_back({Follower::Kind::kActivation, activation->node, kNoValue});
    if (!pixel_plan(graph, longer, 1)) return;
    step = std::move(longer);
    activation->node = kJoined;
}

}  // namespace

void join_separable(const Graph& graph, std::vector<PlannedStep>& plan) {
    const std::vector<int> readers = count_readers(graph);
    for (PlannedStep& step : plan) {
        if (step.node == kJoined || step.integer) continue;
        const Node& node = graph.nodes[step.node];
        if (!std::holds_alternative<ConvolutionParams>(node.params)) continue;
        const auto producer = std::ranges::find_if(plan, [&](const PlannedStep& other) {
            return other.node != kJoined && result_of(graph, other) == node.inputs[0] &&
                   readers[node.inputs[0]] == 1;
        });
        if (producer == plan.end() || producer->integer || !producer->producers.empty() ||
            !separable_geometry(graph, *producer, step, 1))
            continue;
        step.producers.push_back(*producer);
        producer->followers.clear();
        producer->node = kJoined;
    }
    remove_joined(plan);
}

void join_pixels(const Graph& graph, std::vector<PlannedStep>& plan) {
    const std::vector<int> readers = count_readers(graph);
    for (PlannedStep& step : plan) {
        if (step.node == kJoined || step.integer || step.gathered) continue;
        PlannedStep joined = step;
        joined.pixels = true;
        const auto pixels = pixel_plan(graph, joined, 1);
        if (!pixels || !take_arithmetic(pixels->arithmetic, plan, joined)) continue;
        step = joined;
        PlannedStep* pooling = only_reader(graph, plan, readers, result_of(graph, step));
        if (!pooling || pooling->integer) continue;
        PlannedStep pooled = *pooling;
        pooled.pixels = true;
        pooled.producers = std::move(joined.producers);
        joined.producers.clear();
        pooled.producers.push_back(std::move(joined));
        if (!pixel_plan(graph, pooled, 1)) continue;
        take_activation(graph, only_reader(graph, plan, readers, result_of(graph, pooled)), pooled);
        *pooling = std::move(pooled);
        step.node = kJoined;
    }
    remove_joined(plan);
}

}  // namespace facet::cpu
