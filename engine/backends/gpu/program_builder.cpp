// SPDX-License-Identifier: MIT
// Places of values, and the transfers and copies between them.
#include "engine/backends/gpu/program_builder.h"

#include <cstring>

#include "engine/backends/gpu/chain.h"
#include "engine/backends/gpu/lowerings.h"

namespace facet::gpu {

namespace {

std::vector<std::byte> bytes_of(std::span<const float> values, Storage storage) {
    std::vector<std::byte> bytes(values.size() * size_of(storage));
    if (storage == Storage::kF32) {
        std::memcpy(bytes.data(), values.data(), bytes.size());
        return bytes;
    }
    for (size_t i = 0; i < values.size(); ++i) {
        const Half half = to_half(values[i]);
        std::memcpy(bytes.data() + i * sizeof half, &half, sizeof half);
    }
    return bytes;
}

// Kernels, transfers and outputs may read what was uploaded; steps on the CPU read it as it came.
void mark_used_inputs(Program& program, size_t inputs) {
    program.input_used.assign(inputs, false);
    const auto use = [&](BufferId id) {
        const Buffer& buffer = program.buffers[id];
        if (buffer.place == Buffer::Place::kInput) program.input_used[buffer.index] = true;
    };
    for (const Step& step : program.steps) {
        if (const auto* transfer = std::get_if<Transfer>(&step.action)) use(transfer->device);
        if (const auto* kernel = std::get_if<KernelStep>(&step.action))
            for (const Variant& variant : kernel->variants)
                for (const BufferId id : variant.arguments) use(id);
    }
    for (const OutputSource& output : program.outputs)
        if (!output.on_host) use(output.device);
}

}  // namespace

ProgramBuilder::ProgramBuilder(const Graph& graph, const Target& target)
    : graph_(graph), target_(target), views_(graph.values.size()), hosts_(graph.values.size()) {}

Result<std::shared_ptr<const Program>> ProgramBuilder::build() {
    program_->plan = plan_steps(graph_);
    place_inputs();
    for (; current_ < program_->plan.size(); ++current_) {
        const PlannedStep& step = program_->plan[current_];
        current_name_ = node(step).text();
        if (const auto done = lower_step(*this, step); !done)
            return done.error().within(current_name_);
    }
    for (size_t port = 0; port < graph_.outputs.size(); ++port) place_output(port);
    mark_used_inputs(*program_, graph_.inputs.size());
    plan_slots(*program_);
    return std::shared_ptr<const Program>(program_);
}

ValueId ProgramBuilder::result(const PlannedStep& step) const {
    const size_t last = step.followers.empty() ? step.node : step.followers.back();
    return graph_.nodes[last].outputs[0];
}

View ProgramBuilder::view(ValueId value) {
    if (views_[value]) return *views_[value];
    if (const auto found = reordered_.find(value); found != reordered_.end()) {
        const View copy = allocate(value);
        add_copy(*this, found->second.view, found->second.item, copy, batched(value));
        define(value, copy);
        return copy;
    }
    if (const auto& tensor = graph_.value(value).constant) {
        const BufferId buffer = constant(tensor->as<float>(), Storage::kF32);
        views_[value] = dense_view(buffer, Storage::kF32, item(value), false);
        return *views_[value];
    }
    const bool pixels = graph_.value(value).type == DataType::kU8;
    const Storage storage = pixels ? Storage::kU8 : Storage::kF32;
    const BufferId buffer = add_buffer({Buffer::Place::kArena, extent(value, size_of(storage)), 0});
    program_->steps.push_back({current_, current_name_,
                               Transfer{Transfer::Direction::kToDevice, buffer, *hosts_[value]}});
    define(value, dense_view(buffer, storage, item(value), batched(value)));
    return *views_[value];
}

View ProgramBuilder::dense(ValueId value) {
    const View any = view(value);
    return is_dense(any, item(value)) ? any : dense(value, target_.storage);
}

View ProgramBuilder::dense(ValueId value, Storage storage) {
    const View any = view(value);
    if (any.storage == storage && is_dense(any, item(value))) return any;
    const auto known = dense_.find({value, storage});
    if (known != dense_.end()) return known->second;
    const BufferId buffer = add_buffer({Buffer::Place::kArena, extent(value, size_of(storage)), 0});
    const View copy = dense_view(buffer, storage, item(value), batched(value));
    add_copy(*this, any, item(value), copy, batched(value));
    dense_.emplace(std::pair{value, storage}, copy);
    return copy;
}

void ProgramBuilder::define(ValueId value, View view) {
    views_[value] = std::move(view);
}

void ProgramBuilder::define_in_order_of(ValueId value, Source source) {
    reordered_.emplace(value, std::move(source));
}

ProgramBuilder::Source ProgramBuilder::source(ValueId value) {
    const auto found = reordered_.find(value);
    if (found != reordered_.end() && !views_[value]) return found->second;
    return {view(value), item(value)};
}

View ProgramBuilder::allocate(ValueId value) {
    const BufferId buffer =
        add_buffer({Buffer::Place::kArena, extent(value, size_of(target_.storage)), 0});
    return dense_view(buffer, target_.storage, item(value), batched(value));
}

BufferId ProgramBuilder::constant(std::span<const float> values, Storage storage) {
    program_->constants.push_back(bytes_of(values, storage));
    return add_buffer({Buffer::Place::kConstant, {}, program_->constants.size() - 1});
}

BufferId ProgramBuilder::constant(std::span<const int32_t> values) {
    const auto bytes = std::as_bytes(values);
    program_->constants.emplace_back(bytes.begin(), bytes.end());
    return add_buffer({Buffer::Place::kConstant, {}, program_->constants.size() - 1});
}

void ProgramBuilder::add(KernelStep step) {
    program_->steps.push_back({current_, current_name_, std::move(step)});
}

HostId ProgramBuilder::on_host(ValueId value) {
    if (hosts_[value]) return *hosts_[value];
    const View source = dense(value, Storage::kF32);
    const HostId host = allocate_host(value);
    program_->steps.push_back(
        {current_, current_name_, Transfer{Transfer::Direction::kToHost, source.buffer, host}});
    hosts_[value] = host;
    return host;
}

HostId ProgramBuilder::allocate_host(ValueId value) {
    const size_t element = facet::size_of(graph_.value(value).type);
    program_->host_buffers.push_back({HostBuffer::Place::kOwn, extent(value, element), 0});
    return program_->host_buffers.size() - 1;
}

void ProgramBuilder::add(HostStep step) {
    program_->steps.push_back({current_, current_name_, std::move(step)});
}

void ProgramBuilder::place_inputs() {
    for (size_t port = 0; port < graph_.inputs.size(); ++port) {
        const ValueId value = graph_.inputs[port];
        const DataType type = graph_.value(value).type;
        const Extent bytes = extent(value, facet::size_of(type));
        program_->host_buffers.push_back({HostBuffer::Place::kInput, bytes, port});
        hosts_[value] = program_->host_buffers.size() - 1;
        const Storage storage = type == DataType::kU8 ? Storage::kU8 : Storage::kF32;
        const BufferId buffer = add_buffer({Buffer::Place::kInput, bytes, port});
        define(value, dense_view(buffer, storage, item(value), batched(value)));
    }
}

void ProgramBuilder::place_output(size_t port) {
    const ValueId value = graph_.outputs[port];
    current_name_ = "output '" + graph_.value(value).name + "'";
    const size_t element = facet::size_of(graph_.value(value).type);
    OutputSource source{.row_bytes = item(value).elements() * element, .batched = batched(value)};
    source.on_host = hosts_[value].has_value();
    if (source.on_host)
        source.host = *hosts_[value];
    else
        source.device = dense(value, Storage::kF32).buffer;
    program_->outputs.push_back(source);
}

BufferId ProgramBuilder::add_buffer(Buffer buffer) {
    program_->buffers.push_back(buffer);
    return program_->buffers.size() - 1;
}

Extent ProgramBuilder::extent(ValueId value, size_t element_bytes) const {
    const size_t bytes = item(value).elements() * element_bytes;
    return batched(value) ? Extent{0, bytes} : Extent{bytes, 0};
}

}  // namespace facet::gpu
