// SPDX-License-Identifier: MIT
// A compiled graph at one batch size: steps over numbered buffers, and its binding to memory.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "engine/backends/cpu/onednn/onednn_api.h"
#include "engine/backends/cpu/threads/share.h"
#include "engine/backends/cpu/threads/team.h"

namespace facet::cpu {

using BufferId = size_t;

struct Buffer {
    enum class Place { kArena, kInput, kOutput, kConstant };
    Place place = Place::kArena;
    size_t bytes = 0;
    size_t port = 0;                 // kInput, kOutput
    const void* constant = nullptr;  // kConstant: borrowed from the graph or the packed weights
    size_t offset = 0;               // kArena: set by plan_arena()
};

struct Argument {
    int name = 0;  // DNNL_ARG_...
    BufferId buffer = 0;
    onednn::Desc layout;
    size_t offset = 0;  // bytes into the buffer
};

struct PrimitiveCall {
    dnnl::primitive primitive;
    std::vector<Argument> arguments;
};

struct PrimitiveStep : PrimitiveCall {
    std::vector<PrimitiveCall> parts = {};  // that do the same, one for each thread of a team
};

// A loop of Facet's own; called with the addresses of the step's buffers in order. Reentrant.
using Loop = std::function<Result<void>(std::span<void* const>)>;

// Does its share of what the loop does. Reentrant.
using SharedLoop = std::function<void(std::span<void* const>, Share)>;

struct LoopStep {
    Loop loop;
    std::vector<BufferId> buffers;  // those read, then those written: at least the last one
    onednn::Desc layout = {};       // of what it writes
    SharedLoop shared = {};         // empty: one thread of a team does it all
};

struct Step {
    enum class Role { kNode, kReferenceNode, kReorder, kOutput };
    std::string node;  // as errors name it
    std::variant<PrimitiveStep, LoopStep> action;
    Role role = Role::kNode;
    std::optional<size_t> graph_node = {};  // that it computes, or reorders an input of
};

// Immutable once built; shared by every request.
struct Program {
    std::vector<Buffer> buffers;
    std::vector<Step> steps;
    size_t arena_bytes = 0;
    bool for_team = false;  // run by a team, each thread its part of each step
};

// Gives every arena buffer an offset (64-byte aligned) such that buffers in use at the same step do
// not overlap; a buffer is in use from the first to the last step that names it.
void plan_arena(Program& program);

// A program with every buffer at its address: running it allocates nothing of Facet's own.
// Thread-bound.
class BoundProgram {
  public:
    struct Memory {
        std::byte* arena = nullptr;
        std::span<void*const> inputs, outputs;  // by port
    };
    // `program` outlives the binding. May throw dnnl::error.
    BoundProgram(const Program& program, const Memory& memory);

    // The ports' memory from the next run on.
    void move_ports(std::span<void* const> inputs, std::span<void* const> outputs);
    [[nodiscard]] Result<void> run(const dnnl::stream& stream) const;
    // As run(); returns the seconds of each step.
    [[nodiscard]] Result<std::vector<double>> run_timed(const dnnl::stream& stream) const;
    // Of a program that is for a team of so many, with a stream for each member. `seconds`, if
    // given, takes those of each step, of its longest part.
    [[nodiscard]] Result<void> run(Team& team, std::span<const dnnl::stream> streams,
                                   std::vector<double>* seconds = nullptr) const;

  private:
    struct BoundCall {
        const dnnl::primitive* primitive = nullptr;
        std::vector<dnnl::memory> memories;  // keep `arguments` alive
        std::vector<dnnl_exec_arg_t> arguments;
    };
    struct BoundStep {
        const Step* step = nullptr;
        std::vector<BoundCall> calls;  // of a primitive: the whole, or the parts
        std::vector<void*> addresses;  // of a loop
        bool shared = false;           // by the members of a team
    };
    // What a team does between two meetings: a shared step, or all steps up to the next one.
    struct Stage {
        size_t first = 0, end = 0;  // of steps_
        bool shared = false;
    };

    [[nodiscard]] static Result<void> call(const BoundCall& call, const dnnl::stream& stream);
    [[nodiscard]] static Result<void> run_step(const BoundStep& bound, const dnnl::stream& stream);
    [[nodiscard]] static Result<void> run_part(const BoundStep& bound, const dnnl::stream& stream,
                                               Share share);
    void bind(const PrimitiveCall& call, const Program& program, const Memory& memory,
              BoundStep& bound);
    [[nodiscard]] static std::vector<Stage> stages_of(const std::vector<BoundStep>& steps);

    // Where a step holds the address of a port.
    struct PortUse {
        size_t step = 0, call = 0, argument = 0;
        Buffer::Place place = Buffer::Place::kInput;
        size_t port = 0, offset = 0;
    };

    std::vector<BoundStep> steps_;
    std::vector<Stage> stages_;
    std::vector<PortUse> port_uses_;
};

}  // namespace facet::cpu
