// SPDX-License-Identifier: MIT
// Locations, reorders where layouts meet, and buffers that die in place.
#include "engine/backends/cpu/lower/program_builder.h"

#include <algorithm>
#include <cstring>

#include "engine/backends/cpu/lower/lowerings.h"
#include "engine/backends/cpu/threads/thread_scope.h"

namespace facet::cpu {

using onednn::Desc;
using onednn::Dims;

ProgramBuilder::ProgramBuilder(const Graph& graph, const std::vector<PlannedStep>& plan,
                               const ByteValues& bytes, Packing& packing, int rows, int threads,
                               bool for_team)
    : graph_(graph),
      plan_(plan),
      bytes_(bytes),
      packing_(packing),
      rows_(rows),
      threads_(threads),
      for_team_(for_team),
      locations_(graph.values.size()),
      remaining_readers_(count_readers(graph)) {}

Result<std::shared_ptr<const Program>> ProgramBuilder::build() {
    place_inputs();
    for (const PlannedStep& step : plan_) {
        FACET_TRY(lower(step));
        for (const PlannedStep& producer : step.producers) finish_step(producer);
        finish_step(step);
    }
    for (size_t port = 0; port < graph_.outputs.size(); ++port) place_output(port);
    plan_arena(*program_);
    program_->for_team = for_team_;
    return std::shared_ptr<const Program>(program_);
}

Shape ProgramBuilder::shape(ValueId value) const {
    const Value& described = graph_.value(value);
    return described.batched ? described.shape.scaled(rows_) : described.shape;
}

Dims ProgramBuilder::extents(ValueId value) const {
    const Shape full = shape(value);
    if (full.rank() == 0) return {1};
    return Dims(full.extents().begin(), full.extents().end());
}

Desc ProgramBuilder::plain_layout(ValueId value) const {
    return onednn::plain(graph_.value(value).type, shape(value));
}

Location ProgramBuilder::primary(ValueId value) {
    if (locations_[value].empty() && graph_.value(value).constant) {
        const TensorView view = graph_.value(value).constant->view();
        define(value, {constant(view.bytes, view.byte_size()), plain_layout(value)});
    }
    return locations_[value].front();
}

Location ProgramBuilder::in_layout(ValueId value, const Desc& layout) {
    Location first = primary(value);
    for (const Location& location : locations_[value])
        if (location.layout == layout) return location;
    if (grid(value) && onednn::is_f32(layout)) first = floats(value);
    if (first.layout == layout) return first;
    if (const auto& tensor = graph_.value(value).constant) {
        const void* packed = packing_.pack(value, tensor->view().bytes, first.layout, layout);
        const Location location{constant(packed, layout.get_size()), layout};
        locations_[value].push_back(location);
        return location;
    }
    const Location location{allocate(layout.get_size()), layout};
    add_reorder(first, location);
    locations_[value].push_back(location);
    inhabitants_[location.buffer].push_back(value);
    return location;
}

Location ProgramBuilder::plain(ValueId value) {
    const Location first = primary(value);
    const Desc wanted = plain_layout(value);
    if (wanted == Desc()) return first;
    const bool floats_wanted = onednn::is_f32(wanted);
    for (const Location& location : locations_[value])
        if (onednn::is_plain(location.layout) && onednn::is_f32(location.layout) == floats_wanted)
            return {location.buffer, wanted};
    return in_layout(value, wanted);
}

Location ProgramBuilder::floats(ValueId value) {
    const Location first = primary(value);
    if (onednn::is_f32(first.layout)) return first;
    if (!grid(value)) return plain(value);
    for (const Location& location : locations_[value])
        if (onednn::is_f32(location.layout)) return location;
    return dequantize(*this, value);
}

bool ProgramBuilder::may_overwrite(ValueId value, BufferId buffer) const {
    if (program_->buffers[buffer].place != Buffer::Place::kArena) return false;
    int readers = 0;
    for (ValueId inhabitant : inhabitants_[buffer]) readers += remaining_readers_[inhabitant];
    return readers == 1 && remaining_readers_[value] == 1;
}

BufferId ProgramBuilder::in_place_or_new(ValueId value, const Location& source) {
    return may_overwrite(value, source.buffer) ? source.buffer : allocate(source.layout.get_size());
}

BufferId ProgramBuilder::allocate(size_t bytes) {
    program_->buffers.push_back({Buffer::Place::kArena, bytes});
    inhabitants_.emplace_back();
    return program_->buffers.size() - 1;
}

BufferId ProgramBuilder::constant(const void* bytes, size_t size) {
    program_->buffers.push_back({Buffer::Place::kConstant, size, 0, bytes});
    inhabitants_.emplace_back();
    return program_->buffers.size() - 1;
}

void ProgramBuilder::define(ValueId value, const Location& location) {
    locations_[value].push_back(location);
    inhabitants_[location.buffer].push_back(value);
    if (program_->steps.empty()) return;
    auto* loop = std::get_if<LoopStep>(&program_->steps.back().action);
    if (loop && loop->layout == Desc() &&
        std::ranges::find(loop->buffers, location.buffer) != loop->buffers.end())
        loop->layout = location.layout;
}

BufferId ProgramBuilder::joined(ValueId whole, size_t bytes) {
    const auto found = joined_.find(whole);
    if (found != joined_.end()) return found->second;
    return joined_.emplace(whole, allocate(bytes)).first->second;
}

std::optional<BufferId> ProgramBuilder::joined(ValueId whole) const {
    const auto found = joined_.find(whole);
    if (found == joined_.end()) return std::nullopt;
    return found->second;
}

const Node* ProgramBuilder::only_reader(ValueId value) const {
    if (std::ranges::count(graph_.outputs, value) > 0) return nullptr;
    const Node* reader = nullptr;
    for (const Node& node : graph_.nodes) {
        const auto times = std::ranges::count(node.inputs, value);
        if (times > 1 || (times == 1 && reader)) return nullptr;
        if (times == 1) reader = &node;
    }
    return reader;
}

void ProgramBuilder::add_step(std::variant<PrimitiveStep, LoopStep> action, Step::Role role) {
    program_->steps.push_back({current_node_, std::move(action), role, current_graph_node_});
}

void ProgramBuilder::add_primitive(const onednn::Candidate& candidate,
                                   std::vector<Argument> arguments, const BandCut& cut) {
    std::vector<PrimitiveCall> parts;
    if (for_team_ && cut) parts = parts_of(candidate, arguments, cut);
    const Desc scratch = candidate.scratchpad();
    if (scratch.get_size() > 0 && parts.empty())
        arguments.push_back({DNNL_ARG_SCRATCHPAD, allocate(scratch.get_size()), scratch});
    add_step(PrimitiveStep{{candidate.instantiate(), std::move(arguments)}, std::move(parts)},
             Step::Role::kNode);
}

std::optional<PrimitiveCall> ProgramBuilder::band_call(const std::vector<Argument>& arguments,
                                                       const StepBand& band, int64_t first,
                                                       int64_t count) {
    PrimitiveCall call{band.candidate.instantiate(), {}};
    for (Argument argument : arguments) {
        const bool result = argument.name == DNNL_ARG_DST ||
                            std::ranges::count(band.like_result, argument.name) > 0;
        if (result || argument.name == DNNL_ARG_SRC) {
            const auto lines =
                result ? onednn::band_of(argument.layout, first, count)
                       : onednn::band_of(argument.layout, band.source_first, band.source_count);
            if (!lines) return std::nullopt;
            argument.layout = lines->layout;
            argument.offset = lines->offset;
        }
        call.arguments.push_back(argument);
    }
    const Desc scratch = band.candidate.scratchpad();
    if (scratch.get_size() > 0)
        call.arguments.push_back({DNNL_ARG_SCRATCHPAD, allocate(scratch.get_size()), scratch});
    return call;
}

// The same code as of the whole: then every element is computed as there.
std::vector<PrimitiveCall> ProgramBuilder::parts_of(const onednn::Candidate& whole,
                                                    const std::vector<Argument>& arguments,
                                                    const BandCut& cut) {
    const Dims extents = onednn::extents_of(whole.destination());
    if (extents.size() != 4 || extents[2] < threads_) return {};
    std::vector<PrimitiveCall> parts;
    for (int thread = 0; thread < threads_; ++thread) {
        const Share share{thread, threads_};
        const int64_t first = share.begin(extents[2]), count = share.end(extents[2]) - first;
        const std::optional<StepBand> band = cut(first, count);
        if (!band || !band->candidate || band->candidate.implementation() != whole.implementation())
            return {};
        auto call = band_call(arguments, *band, first, count);
        if (!call) return {};
        parts.push_back(std::move(*call));
    }
    return parts;
}

void ProgramBuilder::add_loop(std::vector<BufferId> buffers, Loop loop) {
    add_step(LoopStep{std::move(loop), std::move(buffers), {}, {}}, Step::Role::kNode);
}

void ProgramBuilder::add_shared_loop(std::vector<BufferId> buffers, SharedLoop loop) {
    const int threads = for_team_ ? 1 : threads_;
    LoopStep step{{}, std::move(buffers), {}, {}};
    step.loop = [loop, threads](std::span<void* const> at) -> Result<void> {
        on_threads(threads, [&](Share share) { loop(at, share); });
        return {};
    };
    if (for_team_) step.shared = std::move(loop);
    add_step(std::move(step), Step::Role::kNode);
}

void ProgramBuilder::add_reorder(const Location& from, const Location& to) {
    add_primitive(onednn::reorder(from.layout, to.layout),
                  {{DNNL_ARG_FROM, from.buffer, from.layout}, {DNNL_ARG_TO, to.buffer, to.layout}},
                  cut_reorder(from.layout, to.layout));
    program_->steps.back().role = Step::Role::kReorder;
}

void ProgramBuilder::count_reference_step() {
    program_->steps.back().role = Step::Role::kReferenceNode;
    ++reference_steps_;
}

Result<void> ProgramBuilder::lower(const PlannedStep& step) {
    current_node_ = node(step).text();
    current_graph_node_ = step.node;
    if (auto lowered = lower_step(*this, step); !lowered)
        return lowered.error().within(current_node_);
    return {};
}

Result<void> ProgramBuilder::lower_followers(const PlannedStep& step) {
    for (const Follower& follower : step.followers) FACET_TRY(lower({.node = follower.node}));
    return {};
}

void ProgramBuilder::place_inputs() {
    for (size_t port = 0; port < graph_.inputs.size(); ++port) {
        const ValueId value = graph_.inputs[port];
        const Desc layout = plain_layout(value);
        program_->buffers.push_back({Buffer::Place::kInput, layout.get_size(), port});
        inhabitants_.emplace_back();
        define(value, {program_->buffers.size() - 1, layout});
    }
}

// A row-major value in a buffer of its own moves to the output's memory; others are copied there.
void ProgramBuilder::place_output(size_t port) {
    const ValueId value = graph_.outputs[port];
    const Value& described = graph_.value(value);
    current_node_ = "output '" + described.name + "'";
    current_graph_node_.reset();
    const Location source = plain(value);
    const size_t bytes = shape(value).elements() * size_of(described.type);
    // What is the same for every batch is repeated for each row, as the port promises.
    const int copies = described.batched ? 1 : rows_;
    Buffer& buffer = program_->buffers[source.buffer];
    if (buffer.place == Buffer::Place::kArena && buffer.bytes == bytes && copies == 1) {
        buffer.place = Buffer::Place::kOutput;
        buffer.port = port;
        return;
    }
    program_->buffers.push_back({Buffer::Place::kOutput, bytes * copies, port});
    inhabitants_.emplace_back();
    add_loop({source.buffer, program_->buffers.size() - 1},
             [bytes, copies](std::span<void* const> at) -> Result<void> {
                 for (int copy = 0; copy < copies; ++copy)
                     std::memcpy(static_cast<std::byte*>(at[1]) + copy * bytes, at[0], bytes);
                 return {};
             });
    program_->steps.back().role = Step::Role::kOutput;
    std::get<LoopStep>(program_->steps.back().action).layout = source.layout;
}

void ProgramBuilder::finish_step(const PlannedStep& step) {
    finish(node(step));
    for (const Follower& follower : step.followers) finish(graph_.nodes[follower.node]);
}

void ProgramBuilder::finish(const Node& finished) {
    for (ValueId id : finished.inputs)
        if (id != kNoValue) --remaining_readers_[id];
}

}  // namespace facet::cpu
