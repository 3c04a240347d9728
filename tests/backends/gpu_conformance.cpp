// SPDX-License-Identifier: MIT
// Joins graphs, runs them together, and takes their outputs apart again.
#include "tests/backends/gpu_conformance.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "engine/backends/gpu/gpu_backend.h"
#include "engine/backends/reference/reference_backend.h"

namespace facet::testing {

namespace {

constexpr size_t kGroup = 24;  // cases of one graph

using GraphPtr = std::shared_ptr<const Graph>;

void append(Graph& all, const OpCase& op_case, const Graph& part) {
    const auto shift = static_cast<ValueId>(all.values.size());
    const auto shifted = [shift](std::vector<ValueId> ids) {
        for (ValueId& id : ids)
            if (id != kNoValue) id += shift;
        return ids;
    };
    for (const Value& value : part.values) all.values.push_back(value);
    for (const Node& node : part.nodes) {
        all.nodes.push_back(node);
        all.nodes.back().name = op_case.name + "/" + node.name;
        all.nodes.back().inputs = shifted(node.inputs);
        all.nodes.back().outputs = shifted(node.outputs);
    }
    std::ranges::copy(shifted(part.inputs), std::back_inserter(all.inputs));
    std::ranges::copy(shifted(part.outputs), std::back_inserter(all.outputs));
}

size_t row_bytes(const Port& port) {
    return port.row_shape.elements() * size_of(port.type);
}

// One compiled graph of several cases.
class Group {
  public:
    static Result<Group> open(const Backend& backend, size_t first, size_t end,
                              Precision precision) {
        Group group;
        Graph all;
        for (size_t i = first; i < end; ++i) {
            FACET_ASSIGN(const GraphPtr graph, prepare_case(op_cases()[i]));
            append(all, op_cases()[i], *graph);
            std::ranges::move(case_inputs(op_cases()[i], *graph, kRows),
                              std::back_inserter(group.inputs_));
            group.first_output_.push_back(all.outputs.size() - graph->outputs.size());
        }
        group.first_output_.push_back(all.outputs.size());
        FACET_ASSIGN(group.model_, backend.compile(std::make_shared<const Graph>(std::move(all)),
                                                   {.max_batch = kRows, .precision = precision}));
        FACET_ASSIGN(group.request_, group.model_->create_request());
        return group;
    }

    // By case: the outputs of input rows [first, first + rows).
    Result<std::vector<std::vector<Tensor>>> run(int first, int rows) {
        for (size_t port = 0; port < inputs_.size(); ++port) {
            const size_t row = row_bytes(model_->inputs()[port]);
            const auto* from = static_cast<const std::byte*>(inputs_[port].view().bytes);
            std::memcpy(request_->input(port).bytes, from + first * row, rows * row);
        }
        FACET_TRY(request_->infer(rows));
        std::vector<std::vector<Tensor>> by_case(first_output_.size() - 1);
        for (size_t i = 0; i < by_case.size(); ++i)
            for (size_t port = first_output_[i]; port < first_output_[i + 1]; ++port) {
                const Port& described = model_->outputs()[port];
                Tensor output = Tensor::allocate(described.type, described.row_shape.scaled(rows));
                std::memcpy(output.mutable_view().bytes, request_->output(port).bytes,
                            rows * row_bytes(described));
                by_case[i].push_back(std::move(output));
            }
        return by_case;
    }
    [[nodiscard]] std::string description() const { return model_->description(); }

  private:
    std::vector<Tensor> inputs_;
    std::vector<size_t> first_output_;  // by case, and the number of outputs
    std::shared_ptr<CompiledModel> model_;
    std::unique_ptr<InferRequest> request_;
};

Result<std::vector<CaseOutputs>> run_group(const Backend& backend, size_t first, size_t end,
                                           Precision precision) {
    FACET_ASSIGN(Group group, Group::open(backend, first, end, precision));
    FACET_ASSIGN(const auto batch, group.run(0, kRows));
    FACET_ASSIGN(const auto two, group.run(0, 2));
    std::vector<CaseOutputs> outputs;
    for (size_t i = 0; i < batch.size(); ++i)
        outputs.push_back({batch[i], {}, two[i], {}, group.description()});
    for (int row = 0; row < kRows; ++row) {
        FACET_ASSIGN(auto alone, group.run(row, 1));
        for (size_t i = 0; i < batch.size(); ++i) outputs[i].single.push_back(std::move(alone[i]));
    }
    FACET_ASSIGN(const auto again, group.run(0, kRows));
    for (size_t i = 0; i < batch.size(); ++i) outputs[i].again = again[i];
    return outputs;
}

}  // namespace

const Result<CaseOutputs>& outputs_of_case(size_t index, Precision precision) {
    static std::map<std::pair<size_t, Precision>, Result<CaseOutputs>> known;
    if (const auto found = known.find({index, precision}); found != known.end())
        return found->second;
    const size_t first = index / kGroup * kGroup;
    const size_t end = std::min(first + kGroup, op_cases().size());
    auto outputs = run_group(*gpu_backends().front(), first, end, precision);
    for (size_t i = first; i < end; ++i)
        known.emplace(std::pair{i, precision},
                      outputs ? Result<CaseOutputs>(std::move((*outputs)[i - first]))
                              : Result<CaseOutputs>(outputs.error()));
    return known.at({index, precision});
}

void GpuConformance::SetUp() {
    if (gpu_backends().empty()) GTEST_SKIP() << "no OpenCL device";
}

void GpuConformance::expect_close_to_reference(Precision precision, double tolerance) const {
    const Result<CaseOutputs>& device = outputs_of_case(GetParam(), precision);
    ASSERT_TRUE(device) << device.error().text();
    const auto graph = prepare_case(op_case());
    ASSERT_TRUE(graph) << graph.error().text();
    const std::vector<Tensor> inputs = case_inputs(op_case(), **graph, kRows);
    for (const int rows : {kRows, 1, 2}) {
        const auto expected =
            run_graph(reference_backend(), *graph, inputs, rows, {.max_batch = rows});
        ASSERT_TRUE(expected) << expected.error().text();
        const std::vector<Tensor>& found = rows == kRows ? device->batch
                                           : rows == 1   ? device->single[0]
                                                         : device->two;
        EXPECT_LE(compare(found, *expected).max_relative, tolerance)
            << rows << " rows; " << device->description;
    }
}

std::string case_name(const ::testing::TestParamInfo<size_t>& info) {
    return op_cases()[info.param].name;
}

}  // namespace facet::testing
