// SPDX-License-Identifier: MIT
// A model as facet-bench runs it: u8 pixels in, converters behind.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/tools/bench_options.h"
#include "engine/vision/converters/converter.h"
#include "engine/vision/crop.h"

namespace facet {

struct BenchModel {
    struct Output {
        std::unique_ptr<Converter> converter;
        float threshold = 0.5f;
    };
    std::string name, device, description;
    CropSpec crop;                            // of its only input, u8 [1,H,W,C]
    std::shared_ptr<CompiledModel> compiled;  // for max_batch rows, or the largest profile
    std::vector<Output> outputs;              // none: nothing says what the model's outputs mean
    std::vector<std::string> mixing_nodes;    // why it runs one row only, or empty

    // What the model says of one row of a request that has run.
    [[nodiscard]] Converted convert(const InferRequest& request, size_t row) const;
};

// Reads, prepares and compiles. The model-info is found as sessions find it; without one a model
// with one output is taken as a classifier of BGR pixels, and its classes are called as
// options.labels says, or by number. A model that mixes rows is compiled for one. Errors name the
// file and the option.
[[nodiscard]] Result<BenchModel> load_bench_model(const BenchOptions& options);

}  // namespace facet
