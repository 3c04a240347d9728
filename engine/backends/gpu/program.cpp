// SPDX-License-Identifier: MIT
// Slots of the arena, taken and freed along the steps.
#include "engine/backends/gpu/program.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace facet::gpu {

namespace {

constexpr size_t kUnused = std::numeric_limits<size_t>::max();

struct Lifetime {
    size_t first = kUnused, last = 0;
};

std::vector<Lifetime> lifetimes_of(const Program& program) {
    std::vector<Lifetime> lifetimes(program.buffers.size());
    const auto use = [&](BufferId buffer, size_t step) {
        lifetimes[buffer].first = std::min(lifetimes[buffer].first, step);
        lifetimes[buffer].last = std::max(lifetimes[buffer].last, step);
    };
    for (size_t step = 0; step < program.steps.size(); ++step) {
        const auto& action = program.steps[step].action;
        if (const auto* kernel = std::get_if<KernelStep>(&action))
            for (const Variant& variant : kernel->variants)
                for (const BufferId buffer : variant.arguments) use(buffer, step);
        if (const auto* transfer = std::get_if<Transfer>(&action)) use(transfer->device, step);
    }
    for (const OutputSource& output : program.outputs)
        if (!output.on_host) use(output.device, program.steps.size());
    return lifetimes;
}

size_t growth(const Extent& slot, const Extent& wanted) {
    return std::max(slot.fixed, wanted.fixed) - slot.fixed +
           std::max(slot.per_row, wanted.per_row) - slot.per_row;
}

}  // namespace

void plan_slots(Program& program) {
    const std::vector<Lifetime> lifetimes = lifetimes_of(program);
    std::vector<BufferId> order;
    for (BufferId id = 0; id < program.buffers.size(); ++id)
        if (program.buffers[id].place == Buffer::Place::kArena && lifetimes[id].first != kUnused)
            order.push_back(id);
    std::ranges::stable_sort(order, {}, [&](BufferId id) { return lifetimes[id].first; });

    std::vector<size_t> busy_until;  // by slot: the last step of its last buffer
    for (const BufferId id : order) {
        Buffer& buffer = program.buffers[id];
        std::optional<size_t> best;
        for (size_t slot = 0; slot < program.slots.size(); ++slot) {
            if (busy_until[slot] >= lifetimes[id].first) continue;
            if (!best || growth(program.slots[slot], buffer.extent) <
                             growth(program.slots[*best], buffer.extent))
                best = slot;
        }
        if (!best) {
            best = program.slots.size();
            program.slots.emplace_back();
            busy_until.push_back(0);
        }
        buffer.index = *best;
        busy_until[*best] = lifetimes[id].last;
        Extent& slot = program.slots[*best];
        slot.fixed = std::max(slot.fixed, buffer.extent.fixed);
        slot.per_row = std::max(slot.per_row, buffer.extent.per_row);
    }
}

}  // namespace facet::gpu
