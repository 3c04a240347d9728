// SPDX-License-Identifier: MIT
// Post-training quantisation: runs a model on crops, chooses ranges, writes bytes, compares.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/tools/activation_range.h"
#include "engine/tools/model_comparison.h"

namespace facet {

struct QuantizeOptions {
    std::filesystem::path model, output;
    std::vector<std::filesystem::path> crops;  // JPEG and PNG files, or folders of them
    std::vector<std::filesystem::path> check;  // such to compare the two on; empty: `crops`
    // A model: what it finds in the images are the crops. Empty: images are crops.
    std::filesystem::path detector;
    std::string model_info;  // empty: found as sessions find it
    std::vector<std::filesystem::path> info_directories;
    RangeMethod method = RangeMethod::kMse;
    double percentile = 99.99;
    int most_crops = 1000;
    // Tensors that may stay floats, with the layers that read them: one after the other that which
    // bytes lose most by, as long as leaving it out takes a tenth of the error away.
    int most_floats = 0;
};

struct QuantizationReport {
    int layers = 0;                   // that are int8 now
    std::vector<std::string> floats;  // tensors that stayed floats
    size_t crops = 0, checked = 0;
    ModelComparison comparison;  // the floats being the first
};

// Writes options.output, then runs both files on the crops to check. Errors name the file at fault.
[[nodiscard]] Result<QuantizationReport> quantize(const QuantizeOptions& options);

}  // namespace facet
