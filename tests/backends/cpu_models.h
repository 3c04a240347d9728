// SPDX-License-Identifier: MIT
// The models of the test data, prepared, with photos as their inputs; for tests and benchmarks.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/backends/backend.h"

namespace facet::testing {

struct ModelCase {
    std::string name;  // part of the tests' names
    std::string path;  // below $FACET_DATA
    double mean = 0;   // pixels become (pixel - mean) / scale
    double scale = 1;
    bool rgb = false;
    // Largest difference from another engine, as a share of the output's largest magnitude where
    // that is above one.
    double tolerance = 1e-4;
};

// FP32 and FP16 models; those with quantised weights and activations.
[[nodiscard]] const std::vector<ModelCase>& float_models();
[[nodiscard]] const std::vector<ModelCase>& quantised_models();
[[nodiscard]] const ModelCase& model_named(const std::string& name);

[[nodiscard]] Result<std::shared_ptr<const Graph>> load_model(const std::filesystem::path& path);

// `rows` different cut-outs of a photo as the model's input [rows,3,H,W].
[[nodiscard]] Tensor photo_rows(const ModelCase& model, const std::filesystem::path& photo,
                                const Shape& row_shape, int rows);

// Runs rows [first, first + rows) of `input` on a request; every output's rows.
[[nodiscard]] Result<std::vector<Tensor>> infer_rows(CompiledModel& model, InferRequest& request,
                                                     const Tensor& input, int first, int rows);

}  // namespace facet::testing
