// SPDX-License-Identifier: MIT
// Compiling: the program, its kernels, its weights on the device.
#include "engine/backends/gpu/gpu_model.h"

#include <algorithm>

#include "engine/backends/gpu/gemm.h"
#include "engine/backends/gpu/gpu_request.h"
#include "engine/backends/gpu/matrix_unit.h"
#include "engine/backends/gpu/program_builder.h"
#include "engine/backends/gpu/program_cache.h"

namespace facet::gpu {

namespace {

Error invalid(std::string message) {
    return {ErrorCode::kInvalidArgument, std::move(message)};
}

Result<void> check(const Graph& graph, const std::string& name, const CompileOptions& options) {
    FACET_TRY(require_precision(options.precision, name,
                                {Precision::kAuto, Precision::kF32, Precision::kF16}));
    if (options.max_batch < 1)
        return invalid("max_batch is " + std::to_string(options.max_batch) +
                       "; supported: 1 and above");
    if (options.threads < 0)
        return invalid("threads is " + std::to_string(options.threads) +
                       "; supported: 0 and above");
    for (const ValueId id : graph.inputs)
        if (options.max_batch > 1 && !graph.value(id).batched)
            return invalid("input '" + graph.value(id).name +
                           "' has no axis of rows; supported: max_batch 1");
    for (const ValueId id : graph.outputs)
        if (options.max_batch > 1 && graph.value(id).shape.rank() == 0)
            return invalid("output '" + graph.value(id).name +
                           "' has no axis of rows; supported: max_batch 1");
    return {};
}

// Kernels count elements in int.
Result<void> check_sizes(const Graph& graph, const std::string& name,
                         const CompileOptions& options) {
    for (const Value& value : graph.values) {
        const int64_t elements = value.shape.elements() * (value.batched ? options.max_batch : 1);
        if (elements < INT32_MAX) continue;
        return Error{ErrorCode::kUnsupported, "value '" + value.name + "' " + value.shape.text() +
                                                  " for max_batch " +
                                                  std::to_string(options.max_batch) + " on " +
                                                  name + "; supported: less than 2^31 elements"};
    }
    return {};
}

Storage storage_for(const CompileOptions& options) {
    return options.precision == Precision::kF16 ? Storage::kF16 : Storage::kF32;
}

// How many steps use other than plain tiles, at some batch size.
std::string kinds_text(const Program& program) {
    using Kind = GemmTile::Kind;
    std::string text;
    for (const auto& [kind, words] :
         {std::pair{Kind::kMatrix, "on the matrix unit"}, {Kind::kWinograd, "by Winograd"}}) {
        const auto steps = std::ranges::count_if(program.steps, [kind = kind](const Step& step) {
            const auto* kernel = std::get_if<KernelStep>(&step.action);
            return kernel && std::ranges::any_of(kernel->variants, [kind](const Variant& variant) {
                       return variant.tile && gemm_tiles()[*variant.tile].kind == kind;
                   });
        });
        if (steps > 0) text += ", " + std::to_string(steps) + " " + words;
    }
    return text;
}

Port port_of(const Value& value) {
    return {value.name, value.type, value.shape};
}

}  // namespace

GpuModel::GpuModel(std::string name, opencl::ContextPtr context, std::shared_ptr<const Graph> graph,
                   const CompileOptions& options)
    : name_(std::move(name)),
      context_(std::move(context)),
      graph_(std::move(graph)),
      max_batch_(options.max_batch),
      storage_(storage_for(options)) {
    for (const ValueId id : graph_->inputs) inputs_.push_back(port_of(graph_->value(id)));
    for (const ValueId id : graph_->outputs) outputs_.push_back(port_of(graph_->value(id)));
}

Result<std::shared_ptr<CompiledModel>> GpuModel::compile(const opencl::DeviceInfo& device,
                                                         const std::string& name,
                                                         std::shared_ptr<const Graph> graph,
                                                         const CompileOptions& options) {
    FACET_TRY(check(*graph, name, options));
    Tiles tiles;
    if (device.type == opencl::DeviceType::kCpu) {
        tiles.only = kQuickTile;
    } else {
        FACET_TRY(check_sizes(*graph, name, options));
        MatrixUnit unit;
        if (options.precision == Precision::kF16) unit = matrix_unit_of(device);
        FACET_ASSIGN(tiles.table, tuned_tiles(device, name, graph, options, unit,
                                              ProgramCache::of(device).directory()));
        tiles.matrix_functions = std::move(unit.functions);
    }
    return compile_with(device, name, std::move(graph), options, std::move(tiles));
}

Result<std::shared_ptr<CompiledModel>> GpuModel::compile_with(const opencl::DeviceInfo& device,
                                                              const std::string& name,
                                                              std::shared_ptr<const Graph> graph,
                                                              const CompileOptions& options,
                                                              Tiles tiles) {
    FACET_TRY(check_sizes(*graph, name, options));
    FACET_ASSIGN(auto context, opencl::Context::open(device));
    const std::shared_ptr<GpuModel> model(
        new GpuModel(name, std::move(context), std::move(graph), options));
    Target target = target_of(device, options);
    target.only_tile = tiles.only;
    target.tiles = std::move(tiles.table);
    target.matrix_functions = std::move(tiles.matrix_functions);
    model->notes_ = target.tiles.notes;
    FACET_TRY(model->build(target));
    return std::shared_ptr<CompiledModel>(model);
}

Target GpuModel::target_of(const opencl::DeviceInfo& device, const CompileOptions& options) {
    return {.storage = storage_for(options),
            .compute_units = std::max(device.compute_units, 1u),
            .is_gpu = device.type != opencl::DeviceType::kCpu,
            .max_batch = options.max_batch,
            .max_work_group = device.max_work_group,
            .local_memory = static_cast<size_t>(device.local_memory)};
}

Result<void> GpuModel::build(const Target& target) {
    ProgramBuilder builder(*graph_, target);
    FACET_ASSIGN(program_, builder.build());
    if (program_->source.kernel_count() > 0) {
        FACET_ASSIGN(auto binary, ProgramCache::of(context_->device())
                                      .program(context_, program_->source.text(), kBuildOptions));
        binary_ = std::move(binary);
    }
    return upload_constants();
}

Result<void> GpuModel::upload_constants() {
    FACET_ASSIGN(auto queue, opencl::Queue::create(context_));
    const Result<void> enqueued = enqueue_constants(queue);
    // Also after an error: what is under way still reads the program's memory.
    const Result<void> finished = queue.finish();
    return enqueued.ok() ? finished : enqueued;
}

Result<void> GpuModel::enqueue_constants(opencl::Queue& queue) {
    for (const std::vector<std::byte>& bytes : program_->constants) {
        FACET_ASSIGN(auto buffer,
                     opencl::Buffer::create(context_, std::max<size_t>(bytes.size(), 1)));
        if (!bytes.empty()) FACET_TRY(queue.write(buffer, 0, bytes));
        constants_.push_back(std::move(buffer));
    }
    return {};
}

Result<std::unique_ptr<InferRequest>> GpuModel::create_request(int /*threads*/) {
    return GpuRequest::create(std::static_pointer_cast<const GpuModel>(shared_from_this()));
}

std::optional<size_t> GpuModel::working_bytes(int rows) {
    if (rows < 1 || rows > max_batch_) return {};
    size_t bytes = 0;
    for (const Extent& slot : program_->slots) bytes += slot.bytes(rows);
    return bytes;
}

std::string GpuModel::description() const {
    const opencl::DeviceInfo& device = context_->device();
    std::string text = device.name + " (" + device.version + ", driver " + device.driver + "), " +
                       (storage_ == Storage::kF16 ? "fp16" : "fp32") + ", " +
                       std::to_string(program_->steps.size()) + " steps of " +
                       std::to_string(program_->source.kernel_count()) + " kernels";
    std::string on_cpu;
    for (const PlannedStep& step : program_->plan)
        if (!step.host_reason.empty())
            on_cpu += (on_cpu.empty() ? "" : ", ") + graph_->nodes[step.node].text() + ": " +
                      step.host_reason;
    text += kinds_text(*program_);
    for (const std::string& note : notes_) text += ", " + note;
    return text + (on_cpu.empty() ? ", all nodes on the device" : "; on the CPU: " + on_cpu);
}

}  // namespace facet::gpu
