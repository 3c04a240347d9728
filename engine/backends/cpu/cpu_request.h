// SPDX-License-Identifier: MIT
// One inference at a time on a compiled model: slices of rows on threads with arenas of their own.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/backends/cpu/cpu_model.h"
#include "engine/backends/cpu/program/pages.h"

namespace facet::cpu {

// Invariants: input and output memory never moves; a binding matches the arena it was made with,
// which is large enough for any slice from the start;
// every slice of a size that ran before runs without allocating.
class CpuRequest final : public InferRequest {
  public:
    // May throw dnnl::error.
    CpuRequest(std::shared_ptr<CpuModel> model, int threads);
    [[nodiscard]] MutableTensorView input(size_t port) override {
        return inputs_[port].mutable_view();
    }
    [[nodiscard]] TensorView output(size_t port) const override { return outputs_[port].view(); }
    [[nodiscard]] Result<void> infer(int rows) override;
    // Slices run one after the other; steps of slices of one size are added up.
    [[nodiscard]] Result<std::vector<StepProfile>> profile(int rows) override;

  private:
    struct Binding {
        std::shared_ptr<const Program> program;
        std::unique_ptr<BoundProgram> bound;
    };
    // What one thread works with. The first also runs what all threads run together.
    struct Worker {
        Worker(int max_batch, size_t inputs, size_t outputs);
        Pages arena;
        std::vector<Binding> narrow, wide;   // by rows
        std::vector<void*> inputs, outputs;  // of the slice at hand, by port
        std::optional<Error> error;
    };

    [[nodiscard]] Result<void> check_rows(int rows) const;
    [[nodiscard]] const RowSchedule& schedule(int rows);
    // Builds and binds the program of `rows`, growing the arena if it has to.
    [[nodiscard]] Result<void> bind(Worker& worker, int rows, bool wide);
    [[nodiscard]] Result<void> bind_all(const RowSchedule& schedule);
    // The slice's program at the slice's rows of the ports.
    [[nodiscard]] BoundProgram& place(Worker& worker, const RowSlice& slice, bool wide);
    // What a slice numbered from 0 becomes a part of its batch.
    void renumber(const RowSlice& slice);
    [[nodiscard]] Result<void> run_narrow(const std::vector<RowSlice>& slices);
    // On all threads together; a team takes one row after the other. `seconds`, if given, takes
    // those of each step.
    [[nodiscard]] Result<void> run_wide(const RowSlice& slice, std::vector<double>* seconds);
    // Of the program that run_wide() runs.
    [[nodiscard]] int wide_rows(const RowSlice& slice) const { return team_ ? 1 : slice.rows; }

    const std::shared_ptr<CpuModel> model_;
    const int threads_;                     // 1 to the model's
    std::vector<Tensor> inputs_, outputs_;  // by port
    const std::vector<size_t> numbered_outputs_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<dnnl::stream> streams_;  // by worker
    std::unique_ptr<Team> team_;         // null for one thread, and where batches are not cut
    std::vector<std::optional<RowSchedule>> schedules_;  // by rows
};

}  // namespace facet::cpu
