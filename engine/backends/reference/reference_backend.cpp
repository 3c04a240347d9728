// SPDX-License-Identifier: MIT
// The reference backend as a device: nodes run one after the other, values live while needed.
#include "engine/backends/reference/reference_backend.h"

#include <chrono>
#include <cstring>
#include <optional>
#include <string>

#include "engine/graph/operation_count.h"

namespace facet {

namespace {

using GraphPtr = std::shared_ptr<const Graph>;

Shape shape_for(const Value& value, int rows) {
    return value.batched ? value.shape.scaled(rows) : value.shape;
}

class ReferenceModel final : public CompiledModel {
  public:
    ReferenceModel(GraphPtr graph, int max_batch);
    [[nodiscard]] const std::vector<Port>& inputs() const override { return inputs_; }
    [[nodiscard]] const std::vector<Port>& outputs() const override { return outputs_; }
    [[nodiscard]] int max_batch() const override { return max_batch_; }
    [[nodiscard]] Result<std::unique_ptr<InferRequest>> create_request(int /*threads*/) override;
    [[nodiscard]] std::string description() const override {
        return "plain loops, " + std::to_string(graph_->nodes.size()) + " nodes";
    }

    [[nodiscard]] const Graph& graph() const { return *graph_; }
    // The last node that reads the value; the number of nodes when the graph's outputs hold it.
    [[nodiscard]] size_t last_reader(ValueId id) const { return last_readers_[id]; }

  private:
    const GraphPtr graph_;
    const int max_batch_;
    std::vector<Port> inputs_, outputs_;
    std::vector<size_t> last_readers_;
};

// Invariants: the tensors of inputs and outputs never move; `values_` of others are empty between
// two inferences.
class ReferenceRequest final : public InferRequest {
  public:
    explicit ReferenceRequest(std::shared_ptr<ReferenceModel> model);
    [[nodiscard]] MutableTensorView input(size_t port) override {
        return values_[model_->graph().inputs[port]].mutable_view();
    }
    [[nodiscard]] TensorView output(size_t port) const override { return outputs_[port].view(); }
    [[nodiscard]] Result<void> infer(int rows) override;
    [[nodiscard]] Result<std::vector<StepProfile>> profile(int rows) override;

  private:
    [[nodiscard]] Result<void> check_rows(int rows) const;
    [[nodiscard]] Result<void> run_node(size_t index, int rows);
    void collect_outputs(int rows);

    const std::shared_ptr<ReferenceModel> model_;
    std::vector<Tensor> values_;   // by value id
    std::vector<Tensor> outputs_;  // by port
};

Port port_of(const Value& value) {
    return {value.name, value.type, value.shape};
}

ReferenceModel::ReferenceModel(GraphPtr graph, int max_batch)
    : graph_(std::move(graph)), max_batch_(max_batch), last_readers_(graph_->values.size(), 0) {
    for (const ValueId id : graph_->inputs) inputs_.push_back(port_of(graph_->value(id)));
    for (const ValueId id : graph_->outputs) outputs_.push_back(port_of(graph_->value(id)));
    for (size_t i = 0; i < graph_->nodes.size(); ++i)
        for (const ValueId id : graph_->nodes[i].inputs)
            if (id != kNoValue) last_readers_[id] = i;
    for (const ValueId id : graph_->inputs) last_readers_[id] = graph_->nodes.size();
    for (const ValueId id : graph_->outputs) last_readers_[id] = graph_->nodes.size();
}

Result<std::unique_ptr<InferRequest>> ReferenceModel::create_request(int /*threads*/) {
    auto self = std::static_pointer_cast<ReferenceModel>(shared_from_this());
    return std::unique_ptr<InferRequest>(std::make_unique<ReferenceRequest>(std::move(self)));
}

ReferenceRequest::ReferenceRequest(std::shared_ptr<ReferenceModel> model)
    : model_(std::move(model)), values_(model_->graph().values.size()) {
    const Graph& graph = model_->graph();
    for (const ValueId id : graph.inputs) {
        const Value& value = graph.value(id);
        values_[id] = Tensor::allocate(value.type, shape_for(value, model_->max_batch()));
    }
    for (size_t id = 0; id < graph.values.size(); ++id)
        if (graph.values[id].constant) values_[id] = *graph.values[id].constant;
    for (const Port& port : model_->outputs()) {
        // Without an axis 0 there is nothing to scale; compile() lets that pass for one row only.
        const bool scales = port.row_shape.rank() > 0;
        outputs_.push_back(Tensor::allocate(
            port.type, scales ? port.row_shape.scaled(model_->max_batch()) : port.row_shape));
    }
}

Result<void> ReferenceRequest::run_node(size_t index, int rows) {
    const Graph& graph = model_->graph();
    const Node& node = graph.nodes[index];
    std::vector<TensorView> inputs;
    for (const ValueId id : node.inputs) {
        TensorView view;
        if (id != kNoValue) {
            view = values_[id].view();
            view.shape = shape_for(graph.value(id), rows);
        }
        inputs.push_back(view);
    }
    std::vector<MutableTensorView> outputs;
    for (const ValueId id : node.outputs) {
        const Value& value = graph.value(id);
        values_[id] = Tensor::allocate(value.type, shape_for(value, rows));
        outputs.push_back(values_[id].mutable_view());
    }
    if (const auto done = reference::run(node.params, inputs, outputs); !done)
        return done.error().within(node.text());
    const auto release = [&](ValueId id) {
        if (id == kNoValue || graph.value(id).constant) return;
        if (model_->last_reader(id) <= index) values_[id] = Tensor();
    };
    for (const ValueId id : node.inputs) release(id);
    for (const ValueId id : node.outputs) release(id);
    return {};
}

// A value that is the same for every batch is repeated for each row, as its port promises.
void ReferenceRequest::collect_outputs(int rows) {
    const Graph& graph = model_->graph();
    for (size_t port = 0; port < outputs_.size(); ++port) {
        const ValueId id = graph.outputs[port];
        const Value& value = graph.value(id);
        const auto* from = static_cast<const std::byte*>(values_[id].view().bytes);
        auto* to = static_cast<std::byte*>(outputs_[port].mutable_view().bytes);
        const size_t row_size = value.shape.elements() * size_of(value.type);
        for (int row = 0; row < rows; ++row)
            std::memcpy(to + row * row_size, from + (value.batched ? row * row_size : 0), row_size);
    }
}

Result<void> ReferenceRequest::check_rows(int rows) const {
    if (rows >= 1 && rows <= model_->max_batch()) return {};
    return Error{ErrorCode::kInvalidArgument, "batch of " + std::to_string(rows) +
                                                  " rows; supported: 1 to " +
                                                  std::to_string(model_->max_batch())};
}

// A step per node; the graph's values say which earlier steps it reads.
std::vector<StepProfile> describe_nodes(const Graph& graph, int rows) {
    std::vector<std::optional<size_t>> writers(graph.values.size());
    std::vector<StepProfile> steps;
    for (const Node& node : graph.nodes) {
        StepProfile step;
        step.name = node.name;
        step.kind = name_of(node.params);
        step.implementation = "reference loops";
        step.device = "REFERENCE";
        for (const ValueId id : node.inputs)
            if (id != kNoValue && writers[id]) step.inputs.push_back(*writers[id]);
        for (const ValueId id : node.outputs) writers[id] = steps.size();
        const Value& result = graph.value(node.outputs.front());
        step.layout = "row-major " + std::string(to_string(result.type));
        step.flop = static_cast<double>(operation_count(graph, node)) * (result.batched ? rows : 1);
        steps.push_back(std::move(step));
    }
    return steps;
}

Result<std::vector<StepProfile>> ReferenceRequest::profile(int rows) {
    using Clock = std::chrono::steady_clock;
    FACET_TRY(check_rows(rows));
    std::vector<StepProfile> steps = describe_nodes(model_->graph(), rows);
    for (size_t i = 0; i < steps.size(); ++i) {
        const Clock::time_point start = Clock::now();
        FACET_TRY(run_node(i, rows));
        steps[i].seconds = std::chrono::duration<double>(Clock::now() - start).count();
    }
    collect_outputs(rows);
    return steps;
}

Result<void> ReferenceRequest::infer(int rows) {
    FACET_TRY(check_rows(rows));
    for (size_t i = 0; i < model_->graph().nodes.size(); ++i) FACET_TRY(run_node(i, rows));
    collect_outputs(rows);
    return {};
}

class ReferenceBackend final : public Backend {
  public:
    [[nodiscard]] std::string_view name() const override { return "REFERENCE"; }
    [[nodiscard]] Result<void> supports(const Graph&, const Node&) const override { return {}; }
    [[nodiscard]] Result<std::shared_ptr<CompiledModel>> compile(
        GraphPtr graph, const CompileOptions& options) const override;
};

Result<std::shared_ptr<CompiledModel>> ReferenceBackend::compile(
    GraphPtr graph, const CompileOptions& options) const {
    FACET_TRY(
        require_precision(options.precision, "REFERENCE", {Precision::kAuto, Precision::kF32}));
    if (options.max_batch < 1)
        return Error{
            ErrorCode::kInvalidArgument,
            "max_batch is " + std::to_string(options.max_batch) + "; supported: 1 and above"};
    const auto needs_rows = [&](ValueId id, bool batched) -> Result<void> {
        const Value& value = graph->value(id);
        if (options.max_batch == 1 || (batched ? value.batched : value.shape.rank() > 0)) return {};
        return Error{ErrorCode::kInvalidArgument,
                     "value '" + value.name + "' has no axis of rows; supported: max_batch 1"};
    };
    for (const ValueId id : graph->inputs) FACET_TRY(needs_rows(id, true));
    for (const ValueId id : graph->outputs) FACET_TRY(needs_rows(id, false));
    return std::shared_ptr<CompiledModel>(
        std::make_shared<ReferenceModel>(std::move(graph), options.max_batch));
}

}  // namespace

const Backend& reference_backend() {
    static const ReferenceBackend backend;
    return backend;
}

}  // namespace facet
