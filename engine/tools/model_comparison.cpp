// SPDX-License-Identifier: MIT
// One pass over the crops; numbers and meanings side by side.
#include "engine/tools/model_comparison.h"

#include <algorithm>
#include <cmath>

namespace facet {

namespace {

size_t largest_of(std::span<const float> values) {
    return static_cast<size_t>(std::ranges::max_element(values) - values.begin());
}

// `share`: of one crop.
void add(OutputDifference& output, std::span<const float> expected, std::span<const float> actual,
         double share) {
    double sum = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
        const double error = std::abs(double{expected[i]} - double{actual[i]});
        output.largest = std::max(output.largest, std::abs(double{expected[i]}));
        output.largest_error = std::max(output.largest_error, error);
        sum += error;
    }
    output.mean_error += sum / static_cast<double>(expected.size()) * share;
    if (largest_of(expected) != largest_of(actual)) output.same_maximum -= share;
}

}  // namespace

Result<ModelComparison> compare_models(CropRunner& first, CropRunner& second, const ModelInfo& info,
                                       std::span<const ImageRow> crops) {
    ModelComparison comparison;
    for (const Port& port : first.outputs()) comparison.outputs.push_back({.name = port.name});
    std::vector<OutputAgreement> agreements(info.outputs.begin(), info.outputs.end());
    for (const ImageRow& crop : crops) {
        FACET_TRY(first.run(crop));
        FACET_TRY(second.run(crop));
        for (size_t port = 0; port < comparison.outputs.size(); ++port)
            add(comparison.outputs[port], first.output(port), second.output(port),
                1.0 / static_cast<double>(crops.size()));
        for (size_t i = 0; i < agreements.size(); ++i) {
            Converted expected, actual;
            first.converters()[i]->convert(first.views(), info.outputs[i].threshold, expected);
            second.converters()[i]->convert(second.views(), info.outputs[i].threshold, actual);
            agreements[i].add(expected, actual);
        }
    }
    for (const OutputAgreement& agreement : agreements)
        for (AgreementFigure& figure : agreement.figures())
            comparison.agreement.push_back(std::move(figure));
    return comparison;
}

}  // namespace facet
