// SPDX-License-Identifier: MIT
// Builds a program step by step: keeps track of where each value lies, and copies where somebody
// needs it elsewhere.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/backends/gpu/program.h"
#include "engine/backends/gpu/tile_tuning.h"

namespace facet::gpu {

// What the choice of kernels depends on.
struct Target {
    Storage storage = Storage::kF32;  // of weights and of what lies between the kernels
    unsigned compute_units = 1;
    bool is_gpu = true;  // false: a processor, where code that is quick to build wins
    int max_batch = 1;
    size_t max_work_group = 256;           // work items
    size_t local_memory = 32768;           // bytes of a work group
    std::string matrix_functions = {};     // see matrix_unit.h; empty: no matrix unit
    std::optional<size_t> only_tile = {};  // of gemm_tiles(), wherever it can serve
    TileTable tiles = {};                  // else these, where a node is in it; else the best guess
    std::set<size_t>* candidates = nullptr;  // collects what tuning should try
};

// Lowerings call this to find inputs, allocate, append steps and define outputs. Invariants: a
// value's places all hold the same elements; steps are appended in execution order.
class ProgramBuilder {
  public:
    // `graph` outlives the builder.
    ProgramBuilder(const Graph& graph, const Target& target);
    [[nodiscard]] Result<std::shared_ptr<const Program>> build();

    [[nodiscard]] const Graph& graph() const { return graph_; }
    [[nodiscard]] const Target& target() const { return target_; }
    [[nodiscard]] const Node& node(const PlannedStep& step) const {
        return graph_.nodes[step.node];
    }
    // Of one row of the batch; a scalar has rank 0.
    [[nodiscard]] const Shape& item(ValueId value) const { return graph_.value(value).shape; }
    [[nodiscard]] bool batched(ValueId value) const { return graph_.value(value).batched; }
    // Of the graph, the leader of the step being lowered.
    [[nodiscard]] size_t current_node() const { return program_->plan[current_].node; }
    // Of the last node of the step.
    [[nodiscard]] ValueId result(const PlannedStep& step) const;

    // Wherever and however it lies on the device; constants are f32.
    [[nodiscard]] View view(ValueId value);
    // From the start of a buffer, row-major.
    [[nodiscard]] View dense(ValueId value);
    [[nodiscard]] View dense(ValueId value, Storage storage);
    void define(ValueId value, View view);
    // The same elements in row-major order as another shape seen through a view: copied only when
    // somebody asks for more than source().
    struct Source {
        View view;
        Shape item;
    };
    void define_in_order_of(ValueId value, Source source);
    [[nodiscard]] Source source(ValueId value);

    // For one value's elements, in the target's storage.
    [[nodiscard]] View allocate(ValueId value);
    // Contents that all requests share.
    [[nodiscard]] BufferId constant(std::span<const float> values, Storage storage);
    [[nodiscard]] BufferId constant(std::span<const int32_t> values);

    [[nodiscard]] std::string kernel(const KernelSpec& spec) { return program_->source.add(spec); }
    void add(KernelStep step);

    [[nodiscard]] HostId on_host(ValueId value);
    [[nodiscard]] HostId allocate_host(ValueId value);
    void define_host(ValueId value, HostId host) { hosts_[value] = host; }
    void add(HostStep step);

  private:
    void place_inputs();
    void place_output(size_t port);
    [[nodiscard]] BufferId add_buffer(Buffer buffer);
    [[nodiscard]] Extent extent(ValueId value, size_t element_bytes) const;

    const Graph& graph_;
    const Target target_;
    std::shared_ptr<Program> program_ = std::make_shared<Program>();
    size_t current_ = 0;  // the planned step being lowered
    std::string current_name_;
    std::vector<std::optional<View>> views_;  // by value
    std::map<ValueId, Source> reordered_;     // not copied yet
    std::vector<std::optional<HostId>> hosts_;
    std::map<std::pair<ValueId, Storage>, View> dense_;
};

}  // namespace facet::gpu
