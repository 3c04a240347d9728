// SPDX-License-Identifier: MIT
// One case of ONNX's own backend test data: a model, its inputs and the outputs it must give.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace facet::testing {

enum class Verdict { kPassed, kFailed, kOutOfScope, kCrashed };

struct Outcome {
    Verdict verdict = Verdict::kPassed;
    std::string op;      // the model's operator, or "(several operators)"
    std::string detail;  // why it failed or is out of scope; how it passed
};

struct OnnxCase {
    std::string group;             // "node", "simple", ...
    std::string name;              // "test_relu"
    std::filesystem::path folder;  // holds model.onnx and test_data_set_0, ...
};

// All cases below `root`, sorted; empty when there is no such folder.
[[nodiscard]] std::vector<OnnxCase> find_onnx_cases(const std::filesystem::path& root);

// Runs a case on REFERENCE and on CPU. ONNX gives every operand as an input of the graph, where
// Facet wants weights, bounds and the like constant; so a case is tried with its floating-point
// inputs as inputs, then with the first of them alone, then as a graph of constants that prepare()
// has to compute. It is out of scope when Facet refuses all three as kUnsupported and onnx_scope.h
// has a reason for it; any other error is a failure. `scratch` is a folder for the rewritten model.
[[nodiscard]] Outcome run_onnx_case(const OnnxCase& onnx_case,
                                    const std::filesystem::path& scratch);

// The name of the case's operator.
[[nodiscard]] std::string operator_of(const OnnxCase& onnx_case);

}  // namespace facet::testing
