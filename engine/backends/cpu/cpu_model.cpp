// SPDX-License-Identifier: MIT
// Building programs under a lock, and requests that run them outside it.
#include "engine/backends/cpu/cpu_model.h"

#include "engine/backends/cpu/convolution_choice.h"
#include "engine/backends/cpu/step_profile.h"
#include "engine/backends/cpu/thread_scope.h"

namespace facet::cpu {

namespace {

// Invariants: input and output memory never moves; a binding matches the arena it was made with.
class CpuRequest final : public InferRequest {
  public:
    explicit CpuRequest(std::shared_ptr<CpuModel> model);
    [[nodiscard]] MutableTensorView input(size_t port) override {
        return inputs_[port].mutable_view();
    }
    [[nodiscard]] TensorView output(size_t port) const override { return outputs_[port].view(); }
    [[nodiscard]] Result<void> infer(int rows) override;
    [[nodiscard]] Result<std::vector<StepProfile>> profile(int rows) override;

  private:
    struct Binding {
        std::shared_ptr<const Program> program;
        std::unique_ptr<BoundProgram> bound;
    };

    [[nodiscard]] Result<void> check_rows(int rows) const;
    // Builds and binds the program of `rows`, growing the arena if it has to.
    [[nodiscard]] Result<void> bind(int rows);

    const std::shared_ptr<CpuModel> model_;
    const dnnl::stream stream_;
    std::vector<void*> input_addresses_, output_addresses_;  // of the tensors below
    std::vector<Tensor> inputs_, outputs_;                   // by port
    Tensor arena_;
    std::vector<Binding> bindings_;  // by rows
};

std::vector<Tensor> allocate_ports(const std::vector<Port>& ports, int max_batch,
                                   std::vector<void*>& addresses) {
    std::vector<Tensor> tensors;
    for (const Port& port : ports) {
        const bool scales = port.row_shape.rank() > 0;
        tensors.push_back(Tensor::allocate(
            port.type, scales ? port.row_shape.scaled(max_batch) : port.row_shape));
        addresses.push_back(tensors.back().mutable_view().bytes);
    }
    return tensors;
}

CpuRequest::CpuRequest(std::shared_ptr<CpuModel> model)
    : model_(std::move(model)),
      stream_(onednn::engine()),
      inputs_(allocate_ports(model_->inputs(), model_->max_batch(), input_addresses_)),
      outputs_(allocate_ports(model_->outputs(), model_->max_batch(), output_addresses_)),
      bindings_(model_->max_batch() + 1) {}

Result<void> CpuRequest::bind(int rows) {
    FACET_ASSIGN(auto program, model_->program(rows));
    if (arena_.empty() || arena_.view().byte_size() < program->arena_bytes) {
        for (Binding& binding : bindings_) binding.bound.reset();
        arena_ = Tensor::allocate(DataType::kU8, {static_cast<int64_t>(program->arena_bytes)});
    }
    const BoundProgram::Memory memory{static_cast<std::byte*>(arena_.mutable_view().bytes),
                                      input_addresses_, output_addresses_};
    auto bound = std::make_unique<BoundProgram>(*program, memory);
    bindings_[rows] = {std::move(program), std::move(bound)};
    return {};
}

Result<void> CpuRequest::check_rows(int rows) const {
    if (rows >= 1 && rows <= model_->max_batch()) return {};
    return Error{ErrorCode::kInvalidArgument, "batch of " + std::to_string(rows) +
                                                  " rows; supported: 1 to " +
                                                  std::to_string(model_->max_batch())};
}

Result<void> CpuRequest::infer(int rows) {
    FACET_TRY(check_rows(rows));
    const ThreadScope threads(model_->threads());
    return onednn::guard([&]() -> Result<void> {
        if (!bindings_[rows].bound) FACET_TRY(bind(rows));
        return bindings_[rows].bound->run(stream_);
    });
}

Result<std::vector<StepProfile>> CpuRequest::profile(int rows) {
    FACET_TRY(check_rows(rows));
    const ThreadScope threads(model_->threads());
    return onednn::guard([&]() -> Result<std::vector<StepProfile>> {
        if (!bindings_[rows].bound) FACET_TRY(bind(rows));
        FACET_ASSIGN(const auto seconds, bindings_[rows].bound->run_timed(stream_));
        return profile_steps(*bindings_[rows].program, model_->graph(), model_->plan(), rows,
                             seconds);
    });
}

Port port_of(const Value& value) {
    return {value.name, value.type, value.shape};
}

Result<void> check(const Graph& graph, const CompileOptions& options) {
    FACET_TRY(require_precision(options.precision, "CPU", {Precision::kAuto, Precision::kF32}));
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

}  // namespace

CpuModel::CpuModel(std::shared_ptr<const Graph> graph, const CompileOptions& options)
    : graph_(std::move(graph)),
      max_batch_(options.max_batch),
      threads_(options.threads > 0 ? options.threads : available_threads()),
      spin_limit_(threads_ > 1 ? SpinLimit::share() : nullptr),
      plan_(plan_steps(*graph_)),
      programs_(options.max_batch + 1) {
    for (const ValueId id : graph_->inputs) inputs_.push_back(port_of(graph_->value(id)));
    for (const ValueId id : graph_->outputs) outputs_.push_back(port_of(graph_->value(id)));
}

Result<std::shared_ptr<CompiledModel>> CpuModel::compile(std::shared_ptr<const Graph> graph,
                                                         const CompileOptions& options) {
    FACET_TRY(check(*graph, options));
    return onednn::guard([&]() -> Result<std::shared_ptr<CompiledModel>> {
        const std::shared_ptr<CpuModel> model(new CpuModel(std::move(graph), options));
        choose_convolutions(model->graph(), options.max_batch, model->plan_);
        // The largest batch comes first: its choice of weight layouts is the one all sizes share.
        FACET_ASSIGN(const auto largest, model->program(options.max_batch));
        FACET_TRY(model->program(1));
        const MutexLock lock(model->mutex_);
        model->description_ = onednn::version_text() + ", " + std::to_string(model->threads_) +
                              (model->threads_ == 1 ? " thread, " : " threads, ") +
                              std::to_string(largest->steps.size()) + " steps, " +
                              std::to_string(model->reference_steps_) + " by the reference loops";
        return std::shared_ptr<CompiledModel>(model);
    });
}

Result<std::unique_ptr<InferRequest>> CpuModel::create_request() {
    auto self = std::static_pointer_cast<CpuModel>(shared_from_this());
    return onednn::guard([&]() -> Result<std::unique_ptr<InferRequest>> {
        return std::unique_ptr<InferRequest>(std::make_unique<CpuRequest>(std::move(self)));
    });
}

std::optional<size_t> CpuModel::working_bytes(int rows) {
    if (rows < 1 || rows > max_batch_) return {};
    const auto built = onednn::guard([&] { return program(rows); });
    if (!built) return {};
    return (*built)->arena_bytes;
}

Result<std::shared_ptr<const Program>> CpuModel::program(int rows) {
    const MutexLock lock(mutex_);
    if (programs_[rows]) return programs_[rows];
    const ThreadScope threads(threads_);
    ProgramBuilder builder(*graph_, plan_, packing_, rows, threads_);
    FACET_ASSIGN(programs_[rows], builder.build());
    reference_steps_ = builder.reference_steps();
    return programs_[rows];
}

}  // namespace facet::cpu
