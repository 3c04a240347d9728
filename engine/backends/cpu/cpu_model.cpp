// SPDX-License-Identifier: MIT
// What is decided at load, and building programs under a lock.
#include "engine/backends/cpu/cpu_model.h"

#include <algorithm>

#include "engine/backends/cpu/choice/convolution_choice.h"
#include "engine/backends/cpu/choice/slice_choice.h"
#include "engine/backends/cpu/cpu_request.h"
#include "engine/backends/cpu/fusion/integer_fusion.h"
#include "engine/backends/cpu/fusion/row_numbers.h"
#include "engine/backends/cpu/threads/thread_scope.h"
#include "engine/graph/passes.h"

namespace facet::cpu {

namespace {

Port port_of(const Value& value) {
    return {value.name, value.type, value.shape};
}

Result<void> check(const Graph& graph, const CompileOptions& options) {
    FACET_TRY(
        require_precision(options.precision, "CPU",
                          {Precision::kAuto, Precision::kF32, Precision::kBf16, Precision::kInt8}));
    if (options.precision == Precision::kBf16 && !onednn::has_bf16_products())
        return Error{ErrorCode::kUnsupported,
                     "precision bf16: this CPU does not multiply bfloat16 numbers (AVX512_BF16 or "
                     "AMX); supported: auto, fp32, int8"};
    if (options.max_batch < 1)
        return Error{
            ErrorCode::kInvalidArgument,
            "max_batch is " + std::to_string(options.max_batch) + "; supported: 1 and above"};
    if (options.threads < 0)
        return Error{ErrorCode::kInvalidArgument,
                     "threads is " + std::to_string(options.threads) + "; supported: 0 and above"};
    for (const ValueId id : graph.inputs) {
        const Value& value = graph.value(id);
        if (options.max_batch > 1 && !value.batched)
            return Error{ErrorCode::kInvalidArgument,
                         "input '" + value.name + "' has no axis of rows; supported: max_batch 1"};
    }
    for (const ValueId id : graph.outputs) {
        const Value& value = graph.value(id);
        if (options.max_batch > 1 && value.shape.rank() == 0)
            return Error{ErrorCode::kInvalidArgument,
                         "output '" + value.name + "' has no axis of rows; supported: max_batch 1"};
    }
    return {};
}

// The graph in the form in which bytes go furthest, and which values are bytes.
struct IntegerForm {
    std::shared_ptr<const Graph> graph;
    ByteValues bytes;
    int layers = 0;
};

Result<IntegerForm> integer_form(std::shared_ptr<const Graph> graph, Precision precision) {
    const bool wanted = precision == Precision::kAuto || precision == Precision::kInt8;
    if (wanted && onednn::has_byte_products() && count_quantized_layers(*graph) > 0) {
        Graph hoisted = *graph;
        hoist_quantizers(hoisted);
        const int layers = count_quantized_layers(hoisted);
        ByteValues bytes = byte_values(hoisted);
        return IntegerForm{std::make_shared<const Graph>(std::move(hoisted)), std::move(bytes),
                           layers};
    }
    if (precision == Precision::kInt8 && !onednn::has_byte_products())
        return Error{ErrorCode::kUnsupported,
                     "precision int8: this CPU has no VNNI, without which sums of products of "
                     "bytes saturate; supported: auto, fp32"};
    if (precision == Precision::kInt8)
        return Error{ErrorCode::kInvalidArgument,
                     "precision int8: model '" + graph->name +
                         "' has no quantised layer; supported: auto, fp32, or a model with "
                         "quantised weights and activations (facet-quantize makes one)"};
    return IntegerForm{std::move(graph), {}, 0};
}

}  // namespace

CpuModel::CpuModel(std::shared_ptr<const Graph> graph, ByteValues bytes,
                   const CompileOptions& options)
    : graph_(std::move(graph)),
      max_batch_(options.max_batch),
      threads_(options.threads > 0 ? options.threads : available_threads()),
      cut_(can_be_cut(*graph_)),
      spin_limit_(threads_ > 1 ? SpinLimit::share() : nullptr),
      precision_(to_string(options.precision)),
      bytes_(std::move(bytes)),
      plan_(plan_steps(*graph_, bytes_.empty() ? std::vector<PlannedStep>{}
                                               : plan_integer_steps(*graph_, bytes_))),
      packing_(*graph_) {
    for (const ValueId id : graph_->inputs) inputs_.push_back(port_of(graph_->value(id)));
    for (const ValueId id : graph_->outputs) outputs_.push_back(port_of(graph_->value(id)));
}

Result<std::shared_ptr<CompiledModel>> CpuModel::compile(std::shared_ptr<const Graph> graph,
                                                         const CompileOptions& options) {
    FACET_TRY(check(*graph, options));
    return onednn::guard([&]() -> Result<std::shared_ptr<CompiledModel>> {
        Graph thinned = *graph;
        hoist_strides(thinned);
        FACET_ASSIGN(
            IntegerForm form,
            integer_form(std::make_shared<const Graph>(std::move(thinned)), options.precision));
        const std::shared_ptr<CpuModel> model(
            new CpuModel(std::move(form.graph), std::move(form.bytes), options));
        choose_convolutions(model->graph(), options.max_batch, options.precision, model->plan_);
        const auto bf16_layers = std::ranges::count(model->plan_, true, &PlannedStep::bf16);
        FACET_ASSIGN(const auto largest, model->choose_slices());
        const MutexLock lock(model->mutex_);
        model->description_ =
            onednn::version_text() + ", " + std::to_string(model->threads_) +
            (model->threads_ == 1 ? " thread, " : " threads, ") +
            std::to_string(largest->steps.size()) + " steps, " +
            (bf16_layers > 0 ? std::to_string(bf16_layers) + " bf16 layers, " : "") +
            (form.layers > 0 ? std::to_string(form.layers) + " int8 layers, " : "") +
            std::to_string(model->reference_steps_) + " by the reference loops";
        return std::shared_ptr<CompiledModel>(model);
    });
}

Result<std::unique_ptr<InferRequest>> CpuModel::create_request(int threads) {
    auto self = std::static_pointer_cast<CpuModel>(shared_from_this());
    return onednn::guard([&]() -> Result<std::unique_ptr<InferRequest>> {
        auto request = std::make_unique<CpuRequest>(
            std::move(self), threads > 0 ? std::min(threads, threads_) : threads_);
        // What a first run costs beside the others is paid here: threads that start, memory that
        // is touched for the first time. A model that refuses zeros says so when it is asked.
        (void)request->infer(1);
        return std::unique_ptr<InferRequest>(std::move(request));
    });
}

std::optional<size_t> CpuModel::working_bytes(int rows) {
    if (rows < 1 || rows > max_batch_) return {};
    const auto sum = onednn::guard([&]() -> Result<size_t> {
        const RowSchedule schedule = schedule_rows(rows, slicing_);
        const size_t busy = std::min<size_t>(threads_, schedule.narrow.size());
        size_t narrow = 0, wide = 0;
        for (const RowSlice& slice : schedule.narrow) {
            FACET_ASSIGN(const auto built, program(slice.rows, 1));
            narrow = std::max(narrow, built->arena_bytes);
        }
        if (schedule.wide.rows > 0) {
            FACET_ASSIGN(const auto built, program(cut_ ? 1 : schedule.wide.rows, threads_));
            wide = built->arena_bytes;
        }
        // The first thread's arena serves both.
        return std::max(narrow, wide) + (busy > 1 ? (busy - 1) * narrow : 0);
    });
    if (!sum) return {};
    return *sum;
}

size_t CpuModel::arena_bytes() {
    const MutexLock lock(mutex_);
    size_t most = 0;
    for (const auto& [size, program] : programs_)
        if (program) most = std::max(most, program->arena_bytes);
    return most;
}

Result<std::shared_ptr<const Program>> CpuModel::choose_slices() {
    slicing_ = {.threads = threads_};
    if (!cut_) {
        // The largest batch comes first: its choice of weight layouts is the one all sizes share.
        FACET_ASSIGN(auto largest, program(max_batch_, threads_));
        FACET_TRY(program(1, threads_));
        return largest;
    }
    FACET_ASSIGN(slicing_,
                 choose_slicing({inputs_, outputs_, max_batch_, threads_,
                                 structure_key(*graph_) + ' ' + precision_,
                                 [&](int rows, int threads) { return program(rows, threads); }}));
    FACET_TRY(program(slicing_.most_rows, 1));
    const MutexLock lock(mutex_);
    // Larger slices were built to be timed.
    std::erase_if(programs_,
                  [&](const auto& entry) { return entry.first.first > slicing_.most_rows; });
    return programs_.at({slicing_.most_rows, 1});
}

Result<std::shared_ptr<const Program>> CpuModel::program(int rows, int threads) {
    const MutexLock lock(mutex_);
    auto& built = programs_[{rows, threads}];
    if (built) return built;
    const ThreadScope scope(cut_ ? 1 : threads);
    ProgramBuilder builder(*graph_, plan_, bytes_, packing_, rows, threads, cut_ && threads > 1);
    FACET_ASSIGN(built, builder.build());
    reference_steps_ = builder.reference_steps();
    return built;
}

}  // namespace facet::cpu
