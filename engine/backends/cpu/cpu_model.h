// SPDX-License-Identifier: MIT
// A graph compiled for the CPU: packed weights, and one program per batch size, built when first
// asked for.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/backends/cpu/lower/program_builder.h"
#include "engine/backends/cpu/program/row_schedule.h"
#include "engine/backends/cpu/threads/spin_limit.h"
#include "engine/base/mutex.h"

namespace facet::cpu {

// Invariants: a program never changes or moves once built; packed weights only grow. Thread-safe.
class CpuModel final : public CompiledModel {
  public:
    // Builds the programs of the largest slice and of one row, so that errors show at once.
    [[nodiscard]] static Result<std::shared_ptr<CompiledModel>> compile(
        std::shared_ptr<const Graph> graph, const CompileOptions& options);

    [[nodiscard]] const std::vector<Port>& inputs() const override { return inputs_; }
    [[nodiscard]] const std::vector<Port>& outputs() const override { return outputs_; }
    [[nodiscard]] int max_batch() const override { return max_batch_; }
    [[nodiscard]] int threads() const override { return threads_; }
    [[nodiscard]] Result<std::unique_ptr<InferRequest>> create_request(int threads) override;
    [[nodiscard]] std::string description() const override { return description_; }
    // The arenas of all threads; builds the programs of `rows`.
    [[nodiscard]] std::optional<size_t> working_bytes(int rows) override;

    [[nodiscard]] const Graph& graph() const { return *graph_; }
    [[nodiscard]] const std::vector<PlannedStep>& plan() const { return plan_; }
    // May batches be cut between rows?
    [[nodiscard]] bool is_cut() const { return cut_; }
    // How a batch is cut.
    [[nodiscard]] const Slicing& slicing() const { return slicing_; }
    // Of one thread, for any slice that was built at load; others rarely need more.
    [[nodiscard]] size_t arena_bytes();
    // For `rows` rows on so many threads, which are a team if the batch can be cut. Precondition: 1
    // <= rows <= max_batch(), 1 <= threads <= threads().
    [[nodiscard]] Result<std::shared_ptr<const Program>> program(int rows, int threads);

  private:
    // The program of the largest slice.
    [[nodiscard]] Result<std::shared_ptr<const Program>> choose_slices();

    // `bytes`: empty where every layer is evaluated in floats.
    CpuModel(std::shared_ptr<const Graph> graph, ByteValues bytes, const CompileOptions& options);

    const std::shared_ptr<const Graph> graph_;
    const int max_batch_;
    const int threads_;
    const bool cut_;  // batches may be cut between rows; else all threads run all rows together
    const std::shared_ptr<SpinLimit> spin_limit_;  // null for one thread
    const std::string precision_;
    const ByteValues bytes_;
    std::vector<PlannedStep> plan_;  // complete when compile() returns
    std::vector<Port> inputs_, outputs_;
    std::string description_;
    Slicing slicing_;

    Mutex mutex_;  // guards what is below; only Packing's own lock is taken while it is held
    Packing packing_ FACET_GUARDED_BY(mutex_);
    // By rows and threads.
    std::map<std::pair<int, int>, std::shared_ptr<const Program>> programs_
        FACET_GUARDED_BY(mutex_);
    int reference_steps_ FACET_GUARDED_BY(mutex_) = 0;
};

}  // namespace facet::cpu
