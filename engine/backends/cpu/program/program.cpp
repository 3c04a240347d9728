// SPDX-License-Identifier: MIT
// Arena planning, binding to memory, and the loop over the steps.
#include "engine/backends/cpu/program/program.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <numeric>

namespace facet::cpu {

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kAlignment = 64;  // a cache line, and the widest vector register

size_t aligned(size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct Lifetime {
    size_t first = std::numeric_limits<size_t>::max();
    size_t last = 0;

    [[nodiscard]] bool used() const { return first <= last; }
    [[nodiscard]] bool meets(const Lifetime& other) const {
        return first <= other.last && other.first <= last;
    }
    void extend(size_t step) {
        first = std::min(first, step);
        last = std::max(last, step);
    }
};

std::vector<Lifetime> lifetimes_of(const Program& program) {
    std::vector<Lifetime> lifetimes(program.buffers.size());
    for (size_t step = 0; step < program.steps.size(); ++step) {
        const auto& action = program.steps[step].action;
        if (const auto* primitive = std::get_if<PrimitiveStep>(&action)) {
            for (const Argument& argument : primitive->arguments)
                lifetimes[argument.buffer].extend(step);
            for (const PrimitiveCall& part : primitive->parts)
                for (const Argument& argument : part.arguments)
                    lifetimes[argument.buffer].extend(step);
        } else {
            for (BufferId buffer : std::get<LoopStep>(action).buffers)
                lifetimes[buffer].extend(step);
        }
    }
    return lifetimes;
}

void* address_of(const Buffer& buffer, const BoundProgram::Memory& memory) {
    switch (buffer.place) {
        case Buffer::Place::kArena:
            return memory.arena + buffer.offset;
        case Buffer::Place::kInput:
            return memory.inputs[buffer.port];
        case Buffer::Place::kOutput:
            return memory.outputs[buffer.port];
        case Buffer::Place::kConstant:
            return const_cast<void*>(buffer.constant);
    }
    return nullptr;
}

bool is_port(const Buffer& buffer) {
    return buffer.place == Buffer::Place::kInput || buffer.place == Buffer::Place::kOutput;
}

}  // namespace

void plan_arena(Program& program) {
    const std::vector<Lifetime> lifetimes = lifetimes_of(program);
    // Largest first, each at the lowest offset free of the placed ones it meets in time.
    std::vector<BufferId> order;
    for (BufferId id = 0; id < program.buffers.size(); ++id)
        if (program.buffers[id].place == Buffer::Place::kArena && lifetimes[id].used())
            order.push_back(id);
    std::ranges::stable_sort(order, std::greater<>(),
                             [&](BufferId id) { return program.buffers[id].bytes; });

    std::vector<BufferId> placed;  // by offset
    program.arena_bytes = 0;
    for (BufferId id : order) {
        Buffer& buffer = program.buffers[id];
        const size_t size = aligned(buffer.bytes);
        for (BufferId other : placed) {
            const Buffer& taken = program.buffers[other];
            if (!lifetimes[id].meets(lifetimes[other])) continue;
            if (buffer.offset + size <= taken.offset) break;
            buffer.offset = std::max(buffer.offset, taken.offset + aligned(taken.bytes));
        }
        placed.insert(
            std::ranges::upper_bound(placed, buffer.offset, {},
                                     [&](BufferId at) { return program.buffers[at].offset; }),
            id);
        program.arena_bytes = std::max(program.arena_bytes, buffer.offset + size);
    }
}

BoundProgram::BoundProgram(const Program& program, const Memory& memory) {
    steps_.reserve(program.steps.size());
    for (const Step& step : program.steps) {
        BoundStep& bound = steps_.emplace_back(BoundStep{&step, {}, {}, false});
        if (const auto* primitive = std::get_if<PrimitiveStep>(&step.action)) {
            bound.shared = !primitive->parts.empty();
            if (!bound.shared) bind(*primitive, program, memory, bound);
            for (const PrimitiveCall& part : primitive->parts) bind(part, program, memory, bound);
            continue;
        }
        const auto& loop = std::get<LoopStep>(step.action);
        bound.shared = program.for_team && loop.shared;
        for (const BufferId id : loop.buffers) {
            const Buffer& buffer = program.buffers[id];
            if (is_port(buffer))
                port_uses_.push_back(
                    {steps_.size() - 1, 0, bound.addresses.size(), buffer.place, buffer.port, 0});
            bound.addresses.push_back(address_of(buffer, memory));
        }
    }
    stages_ = stages_of(steps_);
}

void BoundProgram::bind(const PrimitiveCall& call, const Program& program, const Memory& memory,
                        BoundStep& bound) {
    BoundCall& made = bound.calls.emplace_back(BoundCall{&call.primitive, {}, {}});
    for (const Argument& argument : call.arguments) {
        const Buffer& buffer = program.buffers[argument.buffer];
        if (is_port(buffer))
            port_uses_.push_back({steps_.size() - 1, bound.calls.size() - 1, made.memories.size(),
                                  buffer.place, buffer.port, argument.offset});
        auto* address = static_cast<std::byte*>(address_of(buffer, memory)) + argument.offset;
        made.memories.emplace_back(argument.layout, onednn::engine(), address);
        made.arguments.push_back({argument.name, made.memories.back().get()});
    }
}

void BoundProgram::move_ports(std::span<void* const> inputs, std::span<void* const> outputs) {
    for (const PortUse& use : port_uses_) {
        void* address = (use.place == Buffer::Place::kInput ? inputs : outputs)[use.port];
        BoundStep& bound = steps_[use.step];
        if (bound.calls.empty())
            bound.addresses[use.argument] = address;
        else
            bound.calls[use.call].memories[use.argument].set_data_handle(
                static_cast<std::byte*>(address) + use.offset);
    }
}

Result<void> BoundProgram::run(const dnnl::stream& stream) const {
    for (const BoundStep& bound : steps_)
        if (auto done = run_step(bound, stream); !done)
            return done.error().within(bound.step->node);
    return {};
}

Result<std::vector<double>> BoundProgram::run_timed(const dnnl::stream& stream) const {
    std::vector<double> seconds;
    seconds.reserve(steps_.size());
    for (const BoundStep& bound : steps_) {
        const Clock::time_point start = Clock::now();
        if (auto done = run_step(bound, stream); !done)
            return done.error().within(bound.step->node);
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    }
    return seconds;
}

std::vector<BoundProgram::Stage> BoundProgram::stages_of(const std::vector<BoundStep>& steps) {
    std::vector<Stage> stages;
    for (size_t at = 0; at < steps.size(); ++at) {
        const bool shared = steps[at].shared;
        if (stages.empty() || shared || stages.back().shared)
            stages.push_back({at, at + 1, shared});
        else
            stages.back().end = at + 1;
    }
    return stages;
}

Result<void> BoundProgram::run(Team& team, std::span<const dnnl::stream> streams,
                               std::vector<double>* seconds) const {
    const auto count = static_cast<size_t>(team.members());
    // One place for each member and each part: nobody waits to tell.
    std::vector<std::optional<Error>> errors(count);
    std::vector<double> times(seconds ? steps_.size() * count : 0);
    const auto run_stage = [&](size_t stage, int index, int member) {
        const int parts = stages_[stage].shared ? team.members() : 1;
        for (size_t at = stages_[stage].first; at < stages_[stage].end; ++at) {
            const auto start = seconds ? Clock::now() : Clock::time_point();
            const auto done = onednn::guard([&] {
                return run_part(steps_[at], streams[member], {index, parts});
            });
            if (!done) errors[member] = done.error().within(steps_[at].step->node);
            if (!seconds) continue;
            times[at * count + index] = std::chrono::duration<double>(Clock::now() - start).count();
        }
    };
    team.run({stages_.size(),
              [&](size_t stage) { return stages_[stage].shared ? team.members() : 1; }, run_stage});
    for (const auto& error : errors)
        if (error) return *error;
    if (!seconds) return {};
    seconds->resize(steps_.size());
    for (size_t at = 0; at < steps_.size(); ++at)
        (*seconds)[at] = *std::max_element(&times[at * count], &times[at * count] + count);
    return {};
}

Result<void> BoundProgram::run_step(const BoundStep& bound, const dnnl::stream& stream) {
    if (const auto* loop = std::get_if<LoopStep>(&bound.step->action))
        return loop->loop(bound.addresses);
    return call(bound.calls.front(), stream);
}

Result<void> BoundProgram::run_part(const BoundStep& bound, const dnnl::stream& stream,
                                    Share share) {
    if (!bound.shared) return run_step(bound, stream);
    if (!bound.calls.empty()) return call(bound.calls[share.index], stream);
    std::get<LoopStep>(bound.step->action).shared(bound.addresses, share);
    return {};
}

// The C function takes the arguments as they lie; the C++ one would copy them from a map.
Result<void> BoundProgram::call(const BoundCall& call, const dnnl::stream& stream) {
    const dnnl_status_t status =
        dnnl_primitive_execute(call.primitive->get(), stream.get(),
                               static_cast<int>(call.arguments.size()), call.arguments.data());
    if (status != dnnl_success)
        return Error{ErrorCode::kDevice,
                     "oneDNN failed to execute (status " + std::to_string(status) + ")"};
    return {};
}

}  // namespace facet::cpu
