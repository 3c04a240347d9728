// SPDX-License-Identifier: MIT
// Goes through a program's steps and finds who wrote what each of them reads.
#include "engine/backends/cpu/program/step_profile.h"

#include <algorithm>
#include <optional>

#include "engine/graph/operation_count.h"

namespace facet::cpu {

namespace {

using Role = Step::Role;

bool computes(const Step& step) {
    return step.graph_node && step.role != Role::kReorder;
}

// Invariants: `writers_` holds, by buffer, the profile that wrote it last; `last_` holds, by node
// of the graph, the last step that computes it.
class StepProfiler {
  public:
    StepProfiler(const Program& program, const Graph& graph, const std::vector<PlannedStep>& plan,
                 int rows);
    void add(size_t index, double seconds);
    [[nodiscard]] std::vector<StepProfile> take() { return std::move(profiles_); }

  private:
    [[nodiscard]] bool continues(size_t index) const;
    [[nodiscard]] StepProfile begin(const Step& step) const;
    void add_action(const Step& step);
    void read(BufferId buffer);
    void count_node(size_t node);

    const Program& program_;
    const Graph& graph_;
    const std::vector<PlannedStep>& plan_;
    const int rows_;
    std::vector<std::optional<size_t>> last_, writers_;
    std::vector<StepProfile> profiles_;
};

StepProfiler::StepProfiler(const Program& program, const Graph& graph,
                           const std::vector<PlannedStep>& plan, int rows)
    : program_(program),
      graph_(graph),
      plan_(plan),
      rows_(rows),
      last_(graph.nodes.size()),
      writers_(program.buffers.size()) {
    for (size_t i = 0; i < program.steps.size(); ++i)
        if (computes(program.steps[i])) last_[*program.steps[i].graph_node] = i;
}

bool StepProfiler::continues(size_t index) const {
    if (index == 0) return false;
    const Step& step = program_.steps[index];
    const Step& before = program_.steps[index - 1];
    return computes(step) && computes(before) && step.graph_node == before.graph_node;
}

StepProfile StepProfiler::begin(const Step& step) const {
    StepProfile profile;
    profile.device = "CPU";
    profile.name = step.graph_node ? graph_.nodes[*step.graph_node].name : step.node;
    if (computes(step))
        profile.kind = name_of(graph_.nodes[*step.graph_node].params);
    else
        profile.kind = step.role == Role::kReorder ? "Reorder" : "Copy";
    return profile;
}

void StepProfiler::read(BufferId buffer) {
    const size_t self = profiles_.size() - 1;
    const auto writer = writers_[buffer];
    if (!writer || *writer == self) return;
    std::vector<size_t>& inputs = profiles_.back().inputs;
    if (std::ranges::find(inputs, *writer) == inputs.end()) inputs.push_back(*writer);
}

void StepProfiler::add_action(const Step& step) {
    const size_t self = profiles_.size() - 1;
    StepProfile& profile = profiles_.back();
    std::string implementation;
    if (const auto* primitive = std::get_if<PrimitiveStep>(&step.action)) {
        implementation = onednn::implementation_of(primitive->primitive);
        for (const Argument& argument : primitive->arguments)
            if (argument.name != DNNL_ARG_SCRATCHPAD) read(argument.buffer);
        for (const Argument& argument : primitive->arguments) {
            if (argument.name != DNNL_ARG_DST) continue;
            writers_[argument.buffer] = self;
            profile.layout = onednn::text_of(argument.layout);
        }
    } else {
        const auto& loop = std::get<LoopStep>(step.action);
        implementation = step.role == Role::kReferenceNode ? "reference loops" : "Facet loop";
        for (const BufferId buffer : loop.buffers) read(buffer);
        // A loop's last buffer is written, and so is any that nobody wrote before.
        for (const BufferId buffer : loop.buffers)
            if (buffer == loop.buffers.back() || !writers_[buffer]) writers_[buffer] = self;
        profile.layout = onednn::text_of(loop.layout);
    }
    if (profile.implementation.find(implementation) != std::string::npos) return;
    profile.implementation += (profile.implementation.empty() ? "" : " + ") + implementation;
}

void StepProfiler::count_node(size_t node) {
    const Node& counted = graph_.nodes[node];
    const bool batched = graph_.value(counted.outputs.front()).batched;
    profiles_.back().flop +=
        static_cast<double>(operation_count(graph_, counted)) * (batched ? rows_ : 1);
}

void StepProfiler::add(size_t index, double seconds) {
    const Step& step = program_.steps[index];
    if (!continues(index)) profiles_.push_back(begin(step));
    profiles_.back().seconds += seconds;
    add_action(step);
    if (!computes(step) || last_[*step.graph_node] != index) return;
    count_node(*step.graph_node);
    const auto planned = std::ranges::find(plan_, *step.graph_node, &PlannedStep::node);
    if (planned == plan_.end()) return;
    for (const PlannedStep& producer : planned->producers) {
        profiles_.back().fused.push_back(graph_.nodes[producer.node].name);
        count_node(producer.node);
        for (const Follower& follower : producer.followers) {
            profiles_.back().fused.push_back(graph_.nodes[follower.node].name);
            count_node(follower.node);
        }
    }
    for (const Follower& follower : planned->followers) {
        if (last_[follower.node]) continue;  // it was computed by steps of its own
        profiles_.back().fused.push_back(graph_.nodes[follower.node].name);
        count_node(follower.node);
    }
}

}  // namespace

std::vector<StepProfile> profile_steps(const Program& program, const Graph& graph,
                                       const std::vector<PlannedStep>& plan, int rows,
                                       std::span<const double> seconds) {
    StepProfiler profiler(program, graph, plan, rows);
    for (size_t i = 0; i < program.steps.size(); ++i) profiler.add(i, seconds[i]);
    return profiler.take();
}

}  // namespace facet::cpu
