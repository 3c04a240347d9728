// SPDX-License-Identifier: MIT
// Upload, kernels, download; and the nodes that run on the CPU between two waits.
#include "engine/backends/gpu/gpu_request.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "engine/backends/gpu/step_profile.h"
#include "engine/backends/reference/reference_backend.h"

namespace facet::gpu {

namespace {

size_t port_bytes(const Port& port, int rows) {
    return port.row_shape.elements() * size_of(port.type) * rows;
}

Result<std::vector<opencl::PinnedMemory>> pin(const opencl::Queue& queue,
                                              const std::vector<Port>& ports, int rows) {
    std::vector<opencl::PinnedMemory> pinned;
    for (const Port& port : ports) {
        FACET_ASSIGN(auto memory, opencl::PinnedMemory::create(
                                      queue, std::max<size_t>(port_bytes(port, rows), 1)));
        pinned.push_back(std::move(memory));
    }
    return pinned;
}

Shape batch_shape(const Port& port, int rows) {
    return port.row_shape.rank() > 0 ? port.row_shape.scaled(rows) : port.row_shape;
}

}  // namespace

Result<std::unique_ptr<InferRequest>> GpuRequest::create(std::shared_ptr<const GpuModel> model) {
    FACET_ASSIGN(auto queue, opencl::Queue::create(model->context()));
    std::unique_ptr<GpuRequest> request(new GpuRequest(std::move(model), std::move(queue)));
    FACET_TRY(request->allocate());
    FACET_TRY(request->bind());
    return std::unique_ptr<InferRequest>(std::move(request));
}

Result<void> GpuRequest::allocate() {
    const Program& program = model_->program();
    const int rows = model_->max_batch();
    FACET_ASSIGN(input_memory_, pin(own_queue_, model_->inputs(), rows));
    FACET_ASSIGN(output_memory_, pin(own_queue_, model_->outputs(), rows));
    const auto create = [&](size_t bytes) {
        return opencl::Buffer::create(model_->context(), std::max<size_t>(bytes, 1));
    };
    for (size_t port = 0; port < model_->inputs().size(); ++port) {
        opencl::Buffer buffer;
        if (program.input_used[port]) {
            FACET_ASSIGN(buffer, create(port_bytes(model_->inputs()[port], rows)));
        }
        inputs_.push_back(std::move(buffer));
    }
    for (const Extent& slot : program.slots) {
        FACET_ASSIGN(auto buffer, create(slot.bytes(rows)));
        slots_.push_back(std::move(buffer));
    }
    for (const HostBuffer& buffer : program.host_buffers) {
        const bool own = buffer.place == HostBuffer::Place::kOwn;
        const auto bytes = static_cast<int64_t>(own ? buffer.extent.bytes(rows) : 0);
        host_buffers_.push_back(Tensor::allocate(DataType::kU8, {bytes}));
    }
    return {};
}

const opencl::Buffer& GpuRequest::memory(BufferId id) const {
    const Buffer& buffer = model_->program().buffers[id];
    if (buffer.place == Buffer::Place::kInput) return inputs_[buffer.index];
    if (buffer.place == Buffer::Place::kConstant) return model_->constant(buffer.index);
    return slots_[buffer.index];
}

Result<void> GpuRequest::bind() {
    for (const Step& step : model_->program().steps) {
        kernels_.emplace_back();
        const auto* kernel = std::get_if<KernelStep>(&step.action);
        if (kernel == nullptr) continue;
        for (const Variant& variant : kernel->variants) {
            FACET_ASSIGN(auto bound, opencl::Kernel::create(*model_->binary(), variant.kernel));
            unsigned index = 0;
            for (const BufferId id : variant.arguments)
                FACET_TRY(bound.set_arg(index++, memory(id)));
            kernels_.back().push_back({std::move(bound), index});
        }
    }
    return {};
}

MutableTensorView GpuRequest::input(size_t port) {
    const Port& described = model_->inputs()[port];
    return {described.type, batch_shape(described, model_->max_batch()),
            input_memory_[port].bytes().data()};
}

TensorView GpuRequest::output(size_t port) const {
    const Port& described = model_->outputs()[port];
    return {described.type, batch_shape(described, model_->max_batch()),
            output_memory_[port].bytes().data()};
}

Result<void> GpuRequest::infer(int rows) {
    return run(rows, nullptr);
}

Result<void> GpuRequest::observe(int rows, const Observer& observer) {
    if (!profiling_queue_) {
        FACET_ASSIGN(auto queue, opencl::Queue::create(model_->context(), true));
        profiling_queue_.emplace(std::move(queue));
    }
    queue_ = &*profiling_queue_;
    Result<void> done = run(rows, &observer);
    queue_ = &own_queue_;
    return done;
}

Result<std::vector<float>> GpuRequest::result_of(size_t step, int rows) {
    const auto& kernel = std::get<KernelStep>(model_->program().steps[step].action);
    const BufferId id = kernel.variant(rows).arguments[0];
    std::vector<std::byte> bytes(model_->program().buffers[id].extent.bytes(rows));
    FACET_TRY(queue_->read(memory(id), 0, bytes, {.done = &last_command_}));
    // Also after an error nothing may write to `bytes` any more.
    FACET_TRY(queue_->finish());
    FACET_TRY(last_command_.wait());
    std::vector<float> values(bytes.size() / size_of(model_->storage()));
    if (model_->storage() == Storage::kF32) {
        std::memcpy(values.data(), bytes.data(), bytes.size());
        return values;
    }
    for (size_t i = 0; i < values.size(); ++i) {
        Half half{};
        std::memcpy(&half, bytes.data() + i * sizeof half, sizeof half);
        values[i] = to_float(half);
    }
    return values;
}

Result<std::vector<StepProfile>> GpuRequest::profile(int rows) {
    std::vector<double> seconds;
    FACET_TRY(observe(rows, [&](size_t, double taken) {
        seconds.push_back(taken);
        return Result<void>();
    }));
    return profile_steps(model_->program(), model_->graph(), model_->device_name(), rows, seconds);
}

Result<void> GpuRequest::run(int rows, const Observer* observer) {
    if (rows < 1 || rows > model_->max_batch())
        return Error{ErrorCode::kInvalidArgument, "batch of " + std::to_string(rows) +
                                                      " rows; supported: 1 to " +
                                                      std::to_string(model_->max_batch())};
    const Result<void> done = enqueue_all(rows, observer);
    if (done) {
        repeat_outputs(rows);
    } else {
        // What is under way must not write to memory that the caller may give back.
        last_read_ = {};
        (void)queue_->finish();
    }
    return done;
}

Result<void> GpuRequest::enqueue_all(int rows, const Observer* observer) {
    const Program& program = model_->program();
    for (size_t port = 0; port < inputs_.size(); ++port) {
        if (!inputs_[port]) continue;
        const size_t bytes = port_bytes(model_->inputs()[port], rows);
        FACET_TRY(queue_->write(inputs_[port], 0, input_memory_[port].bytes().first(bytes)));
    }
    for (size_t i = 0; i < program.steps.size(); ++i) {
        Result<void> done;
        if (observer == nullptr) {
            done = run_step(i, rows);
        } else {
            const Result<double> taken = time_step(i, rows);
            done = taken ? (*observer)(i, *taken) : Result<void>(taken.error());
        }
        if (!done) return done.error().within(program.steps[i].name);
    }
    FACET_TRY(fetch_outputs(rows));
    return await_reads();
}

Result<void> GpuRequest::run_step(size_t index, int rows) {
    const auto& action = model_->program().steps[index].action;
    if (const auto* kernel = std::get_if<KernelStep>(&action))
        return run_kernel(index, *kernel, rows);
    if (const auto* transfer = std::get_if<Transfer>(&action)) return run_transfer(*transfer, rows);
    return run_on_host(std::get<HostStep>(action), rows);
}

Result<double> GpuRequest::time_step(size_t index, int rows) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point start = Clock::now();
    FACET_TRY(run_step(index, rows));
    if (std::holds_alternative<HostStep>(model_->program().steps[index].action))
        return std::chrono::duration<double>(Clock::now() - start).count();
    FACET_TRY(queue_->flush());
    FACET_TRY(last_command_.wait());
    FACET_ASSIGN(const opencl::EventTimes times, last_command_.times());
    return static_cast<double>(times.ended - times.started) * 1e-9;
}

Result<void> GpuRequest::run_kernel(size_t step, const KernelStep& kernel, int rows) {
    const int own_rows = kernel.batched ? rows : 1;
    const Variant& variant = kernel.variant(rows);
    BoundVariant& bound = kernels_[step][&variant - kernel.variants.data()];
    if (bound.rows != own_rows) {
        FACET_TRY(bound.kernel.set_arg(bound.rows_argument, int32_t{own_rows}));
        bound.rows = own_rows;
    }
    return queue_->run(bound.kernel, variant.work(own_rows), sync());
}

std::span<std::byte> GpuRequest::host(HostId id, int rows) {
    const HostBuffer& buffer = model_->program().host_buffers[id];
    const size_t bytes = buffer.extent.bytes(rows);
    if (buffer.place == HostBuffer::Place::kInput)
        return input_memory_[buffer.port].bytes().first(bytes);
    return {static_cast<std::byte*>(host_buffers_[id].mutable_view().bytes), bytes};
}

Result<void> GpuRequest::run_transfer(const Transfer& transfer, int rows) {
    const std::span<std::byte> bytes = host(transfer.host, rows);
    if (transfer.direction == Transfer::Direction::kToDevice)
        return queue_->write(memory(transfer.device), 0, bytes, sync());
    if (queue_ == &own_queue_)
        return queue_->read(memory(transfer.device), 0, bytes, {.done = &last_read_});
    return queue_->read(memory(transfer.device), 0, bytes, sync());
}

Result<void> GpuRequest::run_on_host(const HostStep& action, int rows) {
    FACET_TRY(await_reads());
    const Graph& graph = model_->graph();
    const Node& node = graph.nodes[action.node];
    const auto shape_of = [&](ValueId id) {
        const Value& value = graph.value(id);
        return value.batched ? value.shape.scaled(rows) : value.shape;
    };
    std::vector<TensorView> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        const ValueId id = node.inputs[i];
        if (action.inputs[i] != HostStep::kNoHost)
            inputs.push_back(
                {graph.value(id).type, shape_of(id), host(action.inputs[i], rows).data()});
        else
            inputs.push_back(id == kNoValue ? TensorView{} : graph.value(id).constant->view());
    }
    std::vector<MutableTensorView> outputs;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
        const ValueId id = node.outputs[i];
        outputs.push_back(
            {graph.value(id).type, shape_of(id), host(action.outputs[i], rows).data()});
    }
    return reference::run(node.params, inputs, outputs);
}

Result<void> GpuRequest::fetch_outputs(int rows) {
    const Program& program = model_->program();
    for (size_t port = 0; port < program.outputs.size(); ++port) {
        const OutputSource& source = program.outputs[port];
        const size_t bytes = source.row_bytes * (source.batched ? rows : 1);
        if (source.on_host || bytes == 0) continue;
        FACET_TRY(queue_->read(memory(source.device), 0, output_memory_[port].bytes().first(bytes),
                               {.done = &last_read_}));
    }
    return {};
}

// Waiting for the last read is enough: commands end in order.
Result<void> GpuRequest::await_reads() {
    if (!last_read_) return {};
    FACET_TRY(queue_->flush());
    const Result<void> done = last_read_.wait();
    last_read_ = {};
    return done;
}

void GpuRequest::repeat_outputs(int rows) {
    const Program& program = model_->program();
    for (size_t port = 0; port < program.outputs.size(); ++port) {
        const OutputSource& source = program.outputs[port];
        std::byte* to = output_memory_[port].bytes().data();
        const size_t bytes = source.row_bytes * (source.batched ? rows : 1);
        if (source.on_host) std::memcpy(to, host(source.host, rows).data(), bytes);
        for (int row = 1; !source.batched && row < rows; ++row)
            std::memcpy(to + row * source.row_bytes, to, source.row_bytes);
    }
}

}  // namespace facet::gpu
