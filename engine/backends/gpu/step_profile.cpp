// SPDX-License-Identifier: MIT
// Goes through a program's steps and finds who wrote what each of them reads.
#include "engine/backends/gpu/step_profile.h"

#include <algorithm>
#include <optional>

#include "engine/graph/operation_count.h"

namespace facet::gpu {

namespace {

// Invariants: the writers hold, by buffer, the profile that wrote it last.
class StepProfiler {
  public:
    StepProfiler(const Program& program, const Graph& graph, const std::string& device, int rows)
        : program_(program),
          graph_(graph),
          device_(device),
          rows_(rows),
          writers_(program.buffers.size()),
          host_writers_(program.host_buffers.size()) {}

    void add(size_t index, double seconds) {
        const Step& step = program_.steps[index];
        const bool transfers = std::holds_alternative<Transfer>(step.action);
        const bool continues = !transfers && index > 0 && step.plan < program_.plan.size() &&
                               program_.steps[index - 1].plan == step.plan &&
                               !std::holds_alternative<Transfer>(program_.steps[index - 1].action);
        if (!continues) begin(step);
        profiles_.back().seconds += seconds;
        if (const auto* kernel = std::get_if<KernelStep>(&step.action))
            add_kernel(kernel->variant(rows_));
        else if (const auto* transfer = std::get_if<Transfer>(&step.action))
            add_transfer(*transfer);
        else
            add_host(std::get<HostStep>(step.action));
    }
    [[nodiscard]] std::vector<StepProfile> take() { return std::move(profiles_); }

  private:
    void begin(const Step& step) {
        StepProfile profile{.name = step.name, .kind = "Copy", .device = device_};
        if (const auto* transfer = std::get_if<Transfer>(&step.action)) {
            const bool down = transfer->direction == Transfer::Direction::kToHost;
            profile.kind = down ? "Download" : "Upload";
            profile.implementation = down ? "clEnqueueReadBuffer" : "clEnqueueWriteBuffer";
            profile.layout = "row-major";
        } else if (step.plan < program_.plan.size()) {
            const PlannedStep& planned = program_.plan[step.plan];
            const Node& leader = graph_.nodes[planned.node];
            profile.name = leader.name;
            profile.kind = name_of(leader.params);
            count(profile, leader);
            for (const size_t follower : planned.followers) {
                profile.fused.push_back(graph_.nodes[follower].name);
                count(profile, graph_.nodes[follower]);
            }
        }
        profiles_.push_back(std::move(profile));
    }

    void count(StepProfile& profile, const Node& node) const {
        const bool batched = graph_.value(node.outputs.front()).batched;
        profile.flop += static_cast<double>(operation_count(graph_, node)) * (batched ? rows_ : 1);
    }

    void read(const std::optional<size_t>& writer) {
        std::vector<size_t>& inputs = profiles_.back().inputs;
        if (!writer || *writer + 1 == profiles_.size()) return;
        if (std::ranges::find(inputs, *writer) == inputs.end()) inputs.push_back(*writer);
    }

    void add_kernel(const Variant& variant) {
        StepProfile& profile = profiles_.back();
        const std::string known = profile.implementation.empty() ? "" : " + ";
        profile.implementation += known + variant.kernel;
        profile.layout = "row-major";
        for (size_t i = 1; i < variant.arguments.size(); ++i) read(writers_[variant.arguments[i]]);
        writers_[variant.arguments[0]] = profiles_.size() - 1;
    }

    void add_transfer(const Transfer& transfer) {
        const size_t self = profiles_.size() - 1;
        if (transfer.direction == Transfer::Direction::kToHost) {
            read(writers_[transfer.device]);
            host_writers_[transfer.host] = self;
        } else {
            read(host_writers_[transfer.host]);
            writers_[transfer.device] = self;
        }
    }

    void add_host(const HostStep& action) {
        profiles_.back().device = "CPU";
        profiles_.back().implementation = "reference loops";
        profiles_.back().layout = "row-major";
        for (const HostId input : action.inputs)
            if (input != HostStep::kNoHost) read(host_writers_[input]);
        for (const HostId output : action.outputs) host_writers_[output] = profiles_.size() - 1;
    }

    const Program& program_;
    const Graph& graph_;
    const std::string& device_;
    const int rows_;
    std::vector<std::optional<size_t>> writers_, host_writers_;
    std::vector<StepProfile> profiles_;
};

}  // namespace

std::vector<StepProfile> profile_steps(const Program& program, const Graph& graph,
                                       const std::string& device, int rows,
                                       std::span<const double> seconds) {
    StepProfiler profiler(program, graph, device, rows);
    for (size_t i = 0; i < program.steps.size(); ++i) profiler.add(i, seconds[i]);
    return profiler.take();
}

}  // namespace facet::gpu
