// SPDX-License-Identifier: MIT
// Builds the program of one batch size: keeps track of where each value lies and in which layout.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/backends/cpu/fusion/fusion.h"
#include "engine/backends/cpu/lower/band_cuts.h"
#include "engine/backends/cpu/onednn/packing.h"
#include "engine/backends/cpu/program/program.h"
#include "engine/graph/byte_values.h"

namespace facet::cpu {

// A value in memory. The layout's element type may differ from the value's (pixels stay u8 until
// somebody needs floats); it is empty for types oneDNN does not store, which are always row-major.
struct Location {
    BufferId buffer = 0;
    onednn::Desc layout;
};

// Lowerings call this to find inputs, allocate, append steps and define outputs. Invariants: a
// value is defined once; every location of a value holds the same elements; steps are appended in
// execution order. Everything may throw dnnl::error.
class ProgramBuilder {
  public:
    // All four outlive the builder; `graph` and `packing` outlive the program. `bytes` is empty
    // where every value is evaluated in floats. `for_team`: the threads are a team's.
    ProgramBuilder(const Graph& graph, const std::vector<PlannedStep>& plan,
                   const ByteValues& bytes, Packing& packing, int rows, int threads,
                   bool for_team = false);
    [[nodiscard]] Result<std::shared_ptr<const Program>> build();

    [[nodiscard]] const Graph& graph() const { return graph_; }
    [[nodiscard]] const Node& node(const PlannedStep& step) const {
        return graph_.nodes[step.node];
    }
    [[nodiscard]] int rows() const { return rows_; }
    [[nodiscard]] int threads() const { return threads_; }
    [[nodiscard]] Packing& packing() { return packing_; }
    // The value's shape at this batch size.
    [[nodiscard]] Shape shape(ValueId value) const;
    // As extents; a scalar has one axis.
    [[nodiscard]] onednn::Dims extents(ValueId value) const;
    // Row-major, in the value's own type.
    [[nodiscard]] onednn::Desc plain_layout(ValueId value) const;

    // Where the value lies first of all.
    [[nodiscard]] Location primary(ValueId value);
    // In exactly this layout; reorders when no location has it.
    [[nodiscard]] Location in_layout(ValueId value, const onednn::Desc& layout);
    // Row-major in the value's own type.
    [[nodiscard]] Location plain(ValueId value);
    // The grid of a value kept as bytes, or null. Its primary location holds bytes, channels last
    // or row-major; the others hold bytes or floats.
    [[nodiscard]] const ByteGrid* grid(ValueId value) const {
        return bytes_.empty() || !bytes_[value] ? nullptr : &*bytes_[value];
    }
    [[nodiscard]] const ByteValues& bytes() const { return bytes_; }
    // Floats in whichever layout they already have.
    [[nodiscard]] Location floats(ValueId value);

    // Is the step being lowered the last one to need the buffer `value` lies in, and may it write
    // there?
    [[nodiscard]] bool may_overwrite(ValueId value, BufferId buffer) const;
    // The buffer of `source` if it may be overwritten, else a new one of the same size.
    [[nodiscard]] BufferId in_place_or_new(ValueId value, const Location& source);

    [[nodiscard]] BufferId allocate(size_t bytes);
    [[nodiscard]] BufferId constant(const void* bytes, size_t size);
    void define(ValueId value, const Location& location);
    // The one buffer of `whole`, which its parts write before it is defined.
    [[nodiscard]] BufferId joined(ValueId whole, size_t bytes);
    // That buffer if a part has asked for it.
    [[nodiscard]] std::optional<BufferId> joined(ValueId whole) const;
    // The node that alone reads `value`, if that is no output.
    [[nodiscard]] const Node* only_reader(ValueId value) const;

    // `arguments` without the scratchpad. A team shares the step out by lines of the result's
    // height if `cut` is given and every band has a primitive.
    void add_primitive(const onednn::Candidate& candidate, std::vector<Argument> arguments,
                       const BandCut& cut = {});
    void add_loop(std::vector<BufferId> buffers, Loop loop);
    // A loop that threads share out.
    void add_shared_loop(std::vector<BufferId> buffers, SharedLoop loop);
    // Copies between layouts of the same extents.
    void add_reorder(const Location& from, const Location& to);
    // The last step is one that the general loops of the reference backend run.
    void count_reference_step();
    [[nodiscard]] int reference_steps() const { return reference_steps_; }

    // Lowers `step`; a fused follower that its primitive cannot take is lowered by this again.
    [[nodiscard]] Result<void> lower(const PlannedStep& step);
    [[nodiscard]] Result<void> lower_followers(const PlannedStep& step);

  private:
    void add_step(std::variant<PrimitiveStep, LoopStep> action, Step::Role role);
    [[nodiscard]] std::optional<PrimitiveCall> band_call(const std::vector<Argument>& arguments,
                                                         const StepBand& band, int64_t first,
                                                         int64_t count);
    [[nodiscard]] std::vector<PrimitiveCall> parts_of(const onednn::Candidate& whole,
                                                      const std::vector<Argument>& arguments,
                                                      const BandCut& cut);
    void place_inputs();
    void place_output(size_t port);
    void finish_step(const PlannedStep& step);
    void finish(const Node& node);

    const Graph& graph_;
    const std::vector<PlannedStep>& plan_;
    const ByteValues& bytes_;
    Packing& packing_;
    const int rows_, threads_;
    const bool for_team_;
    std::shared_ptr<Program> program_ = std::make_shared<Program>();
    std::vector<std::vector<Location>> locations_;  // by value; the first is the primary one
    std::vector<int> remaining_readers_;            // by value, of nodes not yet lowered
    std::map<ValueId, BufferId> joined_;
    std::vector<std::vector<ValueId>> inhabitants_;  // by buffer
    std::string current_node_;
    std::optional<size_t> current_graph_node_;
    int reference_steps_ = 0;
};

}  // namespace facet::cpu
