// SPDX-License-Identifier: MIT
// Arena planning, binding to memory, and the loop over the steps.
#include "engine/backends/cpu/program/program.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <numeric>

namespace facet::cpu {

namespace {

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
    const auto note_port = [&](BufferId buffer, size_t argument) {
        const auto [place, bytes, port, constant, offset] = program.buffers[buffer];
        if (place == Buffer::Place::kInput || place == Buffer::Place::kOutput)
            port_uses_.push_back({steps_.size(), argument, place, port});
    };
    for (const Step& step : program.steps) {
        BoundStep bound{&step, {}, {}, {}};
        if (const auto* primitive = std::get_if<PrimitiveStep>(&step.action)) {
            for (const Argument& argument : primitive->arguments) {
                note_port(argument.buffer, bound.memories.size());
                void* address = address_of(program.buffers[argument.buffer], memory);
                bound.memories.emplace_back(argument.layout, onednn::engine(), address);
                bound.arguments.push_back({argument.name, bound.memories.back().get()});
            }
        } else {
            for (BufferId buffer : std::get<LoopStep>(step.action).buffers) {
                note_port(buffer, bound.addresses.size());
                bound.addresses.push_back(address_of(program.buffers[buffer], memory));
            }
        }
        steps_.push_back(std::move(bound));
    }
}

void BoundProgram::move_ports(std::span<void* const> inputs, std::span<void* const> outputs) {
    for (const PortUse& use : port_uses_) {
        void* address = (use.place == Buffer::Place::kInput ? inputs : outputs)[use.port];
        BoundStep& bound = steps_[use.step];
        if (bound.memories.empty())
            bound.addresses[use.argument] = address;
        else
            bound.memories[use.argument].set_data_handle(address);
    }
}

Result<void> BoundProgram::run(const dnnl::stream& stream) const {
    for (const BoundStep& bound : steps_)
        if (auto done = run_step(bound, stream); !done)
            return done.error().within(bound.step->node);
    return {};
}

Result<std::vector<double>> BoundProgram::run_timed(const dnnl::stream& stream) const {
    using Clock = std::chrono::steady_clock;
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

Result<void> BoundProgram::run_step(const BoundStep& bound, const dnnl::stream& stream) {
    if (const auto* loop = std::get_if<LoopStep>(&bound.step->action))
        return loop->loop(bound.addresses);
    // The C function takes the arguments as they lie; the C++ one would copy them from a map.
    const auto& primitive = std::get<PrimitiveStep>(bound.step->action).primitive;
    const dnnl_status_t status =
        dnnl_primitive_execute(primitive.get(), stream.get(),
                               static_cast<int>(bound.arguments.size()), bound.arguments.data());
    if (status != dnnl_success)
        return Error{ErrorCode::kDevice,
                     "oneDNN failed to execute (status " + std::to_string(status) + ")"};
    return {};
}

}  // namespace facet::cpu
