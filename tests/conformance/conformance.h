// SPDX-License-Identifier: MIT
// Runs a case of the table on a backend and measures how far it is from the reference.
#pragma once

#include <memory>
#include <vector>

#include "engine/backends/backend.h"
#include "tests/conformance/op_cases.h"

namespace facet::testing {

// Between two results of the same shape. An element that is not finite in just one of them, or
// outputs of different shapes, make both infinite.
struct Difference {
    double max_absolute = 0;
    double max_relative = 0;  // max_absolute / largest magnitude of the output it was found in
};

// The case's graph, prepared with the reference evaluator and proven batchable.
[[nodiscard]] Result<std::shared_ptr<const Graph>> prepare_case(const OpCase& op_case);

// One tensor of `rows` rows per input of the graph, seeded by the case's name; row i is the same
// whatever `rows` is.
[[nodiscard]] std::vector<Tensor> case_inputs(const OpCase& op_case, const Graph& graph, int rows);

// Compiles for `options`, runs `rows` rows and returns a copy of each output's rows.
[[nodiscard]] Result<std::vector<Tensor>> run_graph(const Backend& backend,
                                                    std::shared_ptr<const Graph> graph,
                                                    const std::vector<Tensor>& inputs, int rows,
                                                    const CompileOptions& options);

[[nodiscard]] Difference compare(const std::vector<Tensor>& results,
                                 const std::vector<Tensor>& expected);

// The backend against the reference, both compiled for a batch of `rows`.
[[nodiscard]] Result<Difference> run_case(const Backend& backend, const OpCase& op_case, int rows,
                                          Precision precision = Precision::kAuto);

// A batch of `rows` against each of its rows alone, on one request of the backend.
[[nodiscard]] Result<Difference> compare_rows(const Backend& backend, const OpCase& op_case,
                                              int rows, Precision precision = Precision::kAuto);

}  // namespace facet::testing
