// SPDX-License-Identifier: MIT
// Binding programs to a thread's arena, and running slices side by side.
#include "engine/backends/cpu/cpu_request.h"

#include <algorithm>
#include <atomic>

#include "engine/backends/cpu/fusion/row_numbers.h"
#include "engine/backends/cpu/program/step_profile.h"
#include "engine/backends/cpu/threads/thread_scope.h"

namespace facet::cpu {

namespace {

std::vector<Tensor> allocate_ports(const std::vector<Port>& ports, int max_batch) {
    std::vector<Tensor> tensors;
    for (const Port& port : ports) {
        const bool scales = port.row_shape.rank() > 0;
        tensors.push_back(Tensor::allocate(
            port.type, scales ? port.row_shape.scaled(max_batch) : port.row_shape));
    }
    return tensors;
}

void place_ports(const std::vector<Port>& ports, std::vector<Tensor>& tensors, int first,
                 std::vector<void*>& addresses) {
    for (size_t port = 0; port < ports.size(); ++port) {
        const size_t row = ports[port].row_shape.elements() * size_of(ports[port].type);
        addresses[port] = static_cast<std::byte*>(tensors[port].mutable_view().bytes) + row * first;
    }
}

// Adds the seconds and operations of `more`, the same steps run on other rows.
void add_up(std::vector<StepProfile>& steps, const std::vector<StepProfile>& more) {
    for (size_t i = 0; i < steps.size(); ++i) {
        steps[i].seconds += more[i].seconds;
        steps[i].flop += more[i].flop;
    }
}

// Appends `more` as steps of their own.
void append(std::vector<StepProfile>& steps, std::vector<StepProfile> more) {
    const size_t before = steps.size();
    for (StepProfile& step : more) {
        for (size_t& input : step.inputs) input += before;
        steps.push_back(std::move(step));
    }
}

}  // namespace

CpuRequest::Worker::Worker(int max_batch, size_t input_count, size_t output_count)
    : narrow(max_batch + 1), wide(max_batch + 1), inputs(input_count), outputs(output_count) {}

CpuRequest::CpuRequest(std::shared_ptr<CpuModel> model, int threads)
    : model_(std::move(model)),
      threads_(threads),
      inputs_(allocate_ports(model_->inputs(), model_->max_batch())),
      outputs_(allocate_ports(model_->outputs(), model_->max_batch())),
      numbered_outputs_(numbered_outputs(model_->graph())),
      schedules_(model_->max_batch() + 1) {
    for (int thread = 0; thread < threads_; ++thread) {
        workers_.push_back(
            std::make_unique<Worker>(model_->max_batch(), inputs_.size(), outputs_.size()));
        streams_.emplace_back(onednn::engine());
    }
    if (threads_ > 1 && model_->is_cut()) team_ = std::make_unique<Team>(threads_);
}

Result<void> CpuRequest::check_rows(int rows) const {
    if (rows >= 1 && rows <= model_->max_batch()) return {};
    return Error{ErrorCode::kInvalidArgument, "batch of " + std::to_string(rows) +
                                                  " rows; supported: 1 to " +
                                                  std::to_string(model_->max_batch())};
}

const RowSchedule& CpuRequest::schedule(int rows) {
    if (!schedules_[rows]) {
        Slicing slicing = model_->slicing();
        slicing.threads = threads_;
        schedules_[rows] = schedule_rows(rows, slicing);
    }
    return *schedules_[rows];
}

Result<void> CpuRequest::bind(Worker& worker, int rows, bool wide) {
    std::vector<Binding>& bindings = wide ? worker.wide : worker.narrow;
    if (bindings[rows].bound) return {};
    FACET_ASSIGN(auto program, model_->program(rows, wide ? threads_ : 1));
    if (worker.arena.size() < program->arena_bytes) {
        // A smaller slice needs more than the largest only where oneDNN has other code for it.
        for (auto* all : {&worker.narrow, &worker.wide})
            for (Binding& binding : *all) binding.bound.reset();
        worker.arena = Pages(std::max(program->arena_bytes, model_->arena_bytes()));
    }
    place_ports(model_->inputs(), inputs_, 0, worker.inputs);
    place_ports(model_->outputs(), outputs_, 0, worker.outputs);
    const BoundProgram::Memory memory{worker.arena.data(), worker.inputs, worker.outputs};
    auto bound = std::make_unique<BoundProgram>(*program, memory);
    bindings[rows] = {std::move(program), std::move(bound)};
    return {};
}

Result<void> CpuRequest::bind_all(const RowSchedule& schedule) {
    // Any worker may come to run any slice. A second pass binds what a grown arena unbound.
    for (int pass = 0; pass < 2; ++pass) {
        const size_t busy = std::min(workers_.size(), schedule.narrow.size());
        for (size_t worker = 0; worker < busy; ++worker)
            for (const RowSlice& slice : schedule.narrow)
                FACET_TRY(bind(*workers_[worker], slice.rows, false));
        if (schedule.wide.rows > 0) FACET_TRY(bind(*workers_[0], wide_rows(schedule.wide), true));
    }
    return {};
}

BoundProgram& CpuRequest::place(Worker& worker, const RowSlice& slice, bool wide) {
    place_ports(model_->inputs(), inputs_, slice.first, worker.inputs);
    place_ports(model_->outputs(), outputs_, slice.first, worker.outputs);
    BoundProgram& bound = *(wide ? worker.wide : worker.narrow)[slice.rows].bound;
    bound.move_ports(worker.inputs, worker.outputs);
    return bound;
}

void CpuRequest::renumber(const RowSlice& slice) {
    for (const size_t port : numbered_outputs_)
        renumber_rows(outputs_[port].mutable_view(), model_->outputs()[port].row_shape.elements(),
                      slice.first, slice.rows);
}

Result<void> CpuRequest::run_narrow(const std::vector<RowSlice>& slices) {
    const auto run = [&](size_t index, const RowSlice& slice) -> Result<void> {
        FACET_TRY(onednn::guard(
            [&] { return place(*workers_[index], slice, false).run(streams_[index]); }));
        renumber(slice);
        return {};
    };
    const ThreadScope alone(1);
    const size_t busy = std::min(workers_.size(), slices.size());
    if (busy <= 1 || !team_) {
        for (const RowSlice& slice : slices) FACET_TRY(run(0, slice));
        return {};
    }
    for (const auto& worker : workers_) worker->error.reset();
    std::atomic<size_t> next = 0;
    const auto work = [&](size_t, int index, int) {
        for (size_t at = next++; at < slices.size(); at = next++)
            if (const auto done = run(static_cast<size_t>(index), slices[at]); !done)
                workers_[index]->error = done.error();
    };
    team_->run({1, [&](size_t) { return static_cast<int>(busy); }, work});
    for (const auto& worker : workers_)
        if (worker->error) return *worker->error;
    return {};
}

Result<void> CpuRequest::run_wide(const RowSlice& slice, std::vector<double>* seconds) {
    const ThreadScope threads(team_ ? 1 : threads_);
    const int rows = wide_rows(slice);
    for (int row = 0; row < slice.rows; row += rows) {
        const RowSlice part{slice.first + row, rows};
        BoundProgram& bound = place(*workers_[0], part, true);
        if (team_) {
            FACET_TRY(bound.run(*team_, streams_, seconds));
        } else if (seconds) {
            FACET_ASSIGN(*seconds, bound.run_timed(streams_[0]));
        } else {
            FACET_TRY(bound.run(streams_[0]));
        }
        renumber(part);
    }
    return {};
}

Result<void> CpuRequest::infer(int rows) {
    FACET_TRY(check_rows(rows));
    return onednn::guard([&]() -> Result<void> {
        const RowSchedule& plan = schedule(rows);
        FACET_TRY(bind_all(plan));
        FACET_TRY(run_narrow(plan.narrow));
        return plan.wide.rows > 0 ? run_wide(plan.wide, nullptr) : Result<void>();
    });
}

Result<std::vector<StepProfile>> CpuRequest::profile(int rows) {
    FACET_TRY(check_rows(rows));
    return onednn::guard([&]() -> Result<std::vector<StepProfile>> {
        const RowSchedule& plan = schedule(rows);
        FACET_TRY(bind_all(plan));
        Worker& worker = *workers_[0];
        std::vector<StepProfile> all;
        std::vector<StepProfile> group;  // of the slices of one size
        int group_rows = 0;
        for (const RowSlice& slice : plan.narrow) {
            const ThreadScope alone(1);
            FACET_ASSIGN(const auto seconds, place(worker, slice, false).run_timed(streams_[0]));
            renumber(slice);
            auto steps = profile_steps(*worker.narrow[slice.rows].program, model_->graph(),
                                       model_->plan(), slice.rows, seconds);
            if (slice.rows == group_rows) {
                add_up(group, steps);
                continue;
            }
            append(all, std::move(group));
            group = std::move(steps);
            group_rows = slice.rows;
        }
        append(all, std::move(group));
        if (plan.wide.rows == 0) return all;
        std::vector<double> seconds;
        FACET_TRY(run_wide(plan.wide, &seconds));
        append(all, profile_steps(*worker.wide[wide_rows(plan.wide)].program, model_->graph(),
                                  model_->plan(), wide_rows(plan.wide), seconds));
        return all;
    });
}

}  // namespace facet::cpu
