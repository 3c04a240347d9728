// SPDX-License-Identifier: MIT
// A graph compiled for a device, free of OpenCL: kernels over numbered buffers, and steps on the
// CPU with the transfers around them. One program serves every batch size.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/backends/gpu/kernel_source.h"
#include "engine/backends/gpu/opencl_api.h"
#include "engine/backends/gpu/plan.h"
#include "engine/backends/gpu/view.h"
#include "engine/graph/graph.h"

namespace facet::gpu {

using HostId = size_t;

// Bytes for `rows` rows: fixed + rows * per_row.
struct Extent {
    size_t fixed = 0, per_row = 0;
    [[nodiscard]] size_t bytes(int rows) const { return fixed + per_row * rows; }
};

// Memory of the device. Arena buffers that are never in use together share a slot.
struct Buffer {
    enum class Place { kArena, kInput, kConstant };
    Place place = Place::kArena;
    Extent extent;
    size_t index = 0;  // kArena: slot, set by plan_slots(); kInput: port; kConstant: constants[]
};

// Memory of the host: an input as the request offers it, or of the program's own.
struct HostBuffer {
    enum class Place { kOwn, kInput };
    Place place = Place::kOwn;
    Extent extent;
    size_t port = 0;
};

// Arguments: the buffers in order, the first of which is written, then `int rows`.
struct Variant {
    std::string kernel;
    std::vector<BufferId> arguments;
    std::function<opencl::WorkSize(int rows)> work;
    std::optional<size_t> tile = {};  // of gemm_tiles(), where it has one
};

// Kernels that compute the same; one of them serves a batch size best.
struct KernelStep {
    std::vector<Variant> variants;
    std::vector<size_t> choice;  // by rows: index into variants; empty: the first
    bool batched = true;         // false: rows is 1 for every batch

    [[nodiscard]] const Variant& variant(int rows) const {
        return variants[choice.empty() ? 0 : choice[rows]];
    }
};

struct Transfer {
    enum class Direction { kToDevice, kToHost };
    Direction direction = Direction::kToHost;
    BufferId device = 0;
    HostId host = 0;
};

// A node on the CPU. Inputs are kNoHost where an optional one is absent or where it is a constant.
struct HostStep {
    static constexpr HostId kNoHost = static_cast<HostId>(-1);
    size_t node = 0;
    std::vector<HostId> inputs, outputs;
};

struct Step {
    size_t plan = 0;  // index into Program::plan; the number of planned steps: around all of them
    std::string name;
    std::variant<KernelStep, Transfer, HostStep> action;
};

// Where an output's rows come from.
struct OutputSource {
    bool on_host = false;
    BufferId device = 0;
    HostId host = 0;
    size_t row_bytes = 0;
    bool batched = true;  // false: one item, repeated for each row
};

struct Program {
    std::vector<PlannedStep> plan;
    KernelSource source;
    std::vector<Buffer> buffers;
    std::vector<HostBuffer> host_buffers;
    std::vector<std::vector<std::byte>> constants;
    std::vector<Step> steps;
    std::vector<bool> input_used;  // by port: some kernel reads it
    std::vector<OutputSource> outputs;
    std::vector<Extent> slots;  // each the least that holds any of its buffers at any batch size
};

// Gives arena buffers their slots: a buffer is in use from the first to the last step that names
// it, to the end when an output lies in it.
void plan_slots(Program& program);

}  // namespace facet::gpu
