// SPDX-License-Identifier: MIT
// Two models that shall say the same, run on the same crops.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/tools/crop_runner.h"
#include "engine/tools/model_agreement.h"

namespace facet {

struct OutputDifference {
    std::string name;
    double largest = 0;        // magnitude of the first's values
    double mean_error = 0;     // of absolute differences
    double largest_error = 0;  // of absolute differences
    double same_maximum = 1;   // share of crops whose largest element is the same one
};

struct ModelComparison {
    std::vector<OutputDifference> outputs;
    std::vector<AgreementFigure> agreement;  // of what the model-info makes of the outputs
};

// The models have the same outputs, and `info` is what both were opened with.
[[nodiscard]] Result<ModelComparison> compare_models(CropRunner& first, CropRunner& second,
                                                     const ModelInfo& info,
                                                     std::span<const ImageRow> crops);

}  // namespace facet
