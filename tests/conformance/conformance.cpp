// SPDX-License-Identifier: MIT
// Runs a case of the table on a backend and measures how far it is from the reference.
#include "tests/conformance/conformance.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/conformance/random.h"

namespace facet::testing {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

size_t row_bytes(const Port& port) {
    return port.row_shape.elements() * size_of(port.type);
}

void fill_row(Random& random, const OpCase& op_case, const MutableTensorView& view, int64_t row,
              int64_t count) {
    if (view.type == DataType::kU8) {
        for (uint8_t& value : view.as<uint8_t>().subspan(row * count, count))
            value = static_cast<uint8_t>(random.uniform(0.0f, 256.0f));
        return;
    }
    for (float& value : view.as<float>().subspan(row * count, count))
        value = random.uniform(op_case.low, op_case.high);
}

// Rows [first, first + rows) of every input into rows [0, rows) of the request.
void write_inputs(InferRequest& request, const CompiledModel& model,
                  const std::vector<Tensor>& inputs, int first, int rows) {
    for (size_t port = 0; port < inputs.size(); ++port) {
        const size_t size = row_bytes(model.inputs()[port]);
        const auto* from = static_cast<const std::byte*>(inputs[port].view().bytes);
        std::memcpy(request.input(port).bytes, from + first * size, rows * size);
    }
}

std::vector<Tensor> read_outputs(const InferRequest& request, const CompiledModel& model,
                                 int rows) {
    std::vector<Tensor> results;
    for (size_t port = 0; port < model.outputs().size(); ++port) {
        const Port& description = model.outputs()[port];
        const Shape shape = rows == 1 ? description.row_shape : description.row_shape.scaled(rows);
        results.push_back(Tensor::allocate(description.type, shape));
        std::memcpy(results.back().mutable_view().bytes, request.output(port).bytes,
                    rows * row_bytes(description));
    }
    return results;
}

bool writes_detections(const Graph& graph, ValueId output) {
    return std::ranges::any_of(graph.nodes, [output](const Node& node) {
        return std::holds_alternative<DetectionOutputParams>(node.params) &&
               node.outputs[0] == output;
    });
}

// A detection's image id is its row, which is the one thing that may depend on the batch.
void move_to_row(Tensor& detections, int row) {
    const auto values = detections.mutable_view().as<float>();
    for (size_t i = 0; i < values.size(); i += 7)
        if (values[i] >= 0) values[i] = static_cast<float>(row);
}

Difference compare_tensors(const Tensor& result, const Tensor& expected) {
    if (result.type() != DataType::kF32 || expected.type() != DataType::kF32 ||
        result.shape() != expected.shape())
        return {kInfinity, kInfinity};
    const auto a = result.as<float>();
    const auto b = expected.as<float>();
    double largest = 0;
    double worst = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        if (a[i] == b[i]) {
            if (std::isfinite(b[i])) largest = std::max<double>(largest, std::abs(b[i]));
            continue;
        }
        if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return {kInfinity, kInfinity};
        largest = std::max<double>(largest, std::abs(b[i]));
        worst = std::max(worst, std::abs(double{a[i]} - double{b[i]}));
    }
    if (worst == 0) return {};
    return {worst, largest > 0 ? worst / largest : kInfinity};
}

void merge(Difference& total, const Difference& part) {
    total.max_absolute = std::max(total.max_absolute, part.max_absolute);
    total.max_relative = std::max(total.max_relative, part.max_relative);
}

CompileOptions options_for(int rows, Precision precision) {
    CompileOptions options;
    options.max_batch = rows;
    options.threads = 2;
    options.precision = precision;
    return options;
}

}  // namespace

Result<std::shared_ptr<const Graph>> prepare_case(const OpCase& op_case) {
    Graph graph = op_case.build();
    if (const auto done = prepare(graph, reference::evaluate); !done)
        return done.error().within(op_case.name);
    const auto verdicts = analyze_batchability(graph);
    FACET_TRY(require_batchable(graph, verdicts));
    return std::make_shared<const Graph>(std::move(graph));
}

std::vector<Tensor> case_inputs(const OpCase& op_case, const Graph& graph, int rows) {
    std::vector<Tensor> inputs;
    for (size_t port = 0; port < graph.inputs.size(); ++port) {
        const Value& value = graph.value(graph.inputs[port]);
        Tensor tensor = Tensor::allocate(value.type, value.shape.scaled(rows));
        for (int row = 0; row < rows; ++row) {
            Random random(op_case.name + "/" + std::to_string(port) + "/" + std::to_string(row));
            fill_row(random, op_case, tensor.mutable_view(), row, value.shape.elements());
        }
        inputs.push_back(std::move(tensor));
    }
    return inputs;
}

Result<std::vector<Tensor>> run_graph(const Backend& backend, std::shared_ptr<const Graph> graph,
                                      const std::vector<Tensor>& inputs, int rows,
                                      const CompileOptions& options) {
    FACET_ASSIGN(const auto model, backend.compile(std::move(graph), options));
    FACET_ASSIGN(const auto request, model->create_request());
    write_inputs(*request, *model, inputs, 0, rows);
    FACET_TRY(request->infer(rows));
    return read_outputs(*request, *model, rows);
}

Difference compare(const std::vector<Tensor>& results, const std::vector<Tensor>& expected) {
    if (results.size() != expected.size()) return {kInfinity, kInfinity};
    Difference total;
    for (size_t i = 0; i < results.size(); ++i)
        merge(total, compare_tensors(results[i], expected[i]));
    return total;
}

Result<Difference> run_case(const Backend& backend, const OpCase& op_case, int rows,
                            Precision precision) {
    FACET_ASSIGN(const auto graph, prepare_case(op_case));
    const std::vector<Tensor> inputs = case_inputs(op_case, *graph, rows);
    const CompileOptions options = options_for(rows, precision);
    FACET_ASSIGN(const auto results, run_graph(backend, graph, inputs, rows, options));
    FACET_ASSIGN(const auto expected, run_graph(reference_backend(), graph, inputs, rows, options));
    return compare(results, expected);
}

Result<Difference> compare_rows(const Backend& backend, const OpCase& op_case, int rows,
                                Precision precision) {
    FACET_ASSIGN(const auto graph, prepare_case(op_case));
    const std::vector<Tensor> inputs = case_inputs(op_case, *graph, rows);
    FACET_ASSIGN(const auto model, backend.compile(graph, options_for(rows, precision)));
    FACET_ASSIGN(const auto request, model->create_request());
    write_inputs(*request, *model, inputs, 0, rows);
    FACET_TRY(request->infer(rows));
    const std::vector<Tensor> batch = read_outputs(*request, *model, rows);
    Difference total;
    for (int row = 0; row < rows; ++row) {
        write_inputs(*request, *model, inputs, row, 1);
        FACET_TRY(request->infer(1));
        std::vector<Tensor> alone = read_outputs(*request, *model, 1);
        for (size_t port = 0; port < alone.size(); ++port) {
            if (writes_detections(*graph, graph->outputs[port])) move_to_row(alone[port], row);
            const Port& description = model->outputs()[port];
            const auto* bytes = static_cast<const std::byte*>(batch[port].view().bytes);
            Tensor in_batch = Tensor::allocate(description.type, description.row_shape);
            std::memcpy(in_batch.mutable_view().bytes, bytes + row * row_bytes(description),
                        row_bytes(description));
            merge(total, compare_tensors(in_batch, alone[port]));
        }
    }
    return total;
}

}  // namespace facet::testing
