// SPDX-License-Identifier: MIT
// How far two models that shall say the same do so, in the words of their model-info.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/vision/converters/converter.h"
#include "engine/vision/model_info.h"

namespace facet {

struct AgreementFigure {
    std::string output;  // the attribute, or the label of what is detected
    std::string what;    // "same label"
    double value = 0;
    std::string unit;  // "%", "years"; empty: a count
};

// One output of a model-info: what the first model says is taken for true. Thread-bound.
class OutputAgreement {
  public:
    explicit OutputAgreement(const OutputInfo& output) : output_(output) {}

    // Of one row.
    void add(const Converted& expected, const Converted& actual);

    // Over all rows. Detections: how many of each, and of the same label with an overlap of half
    // and more: recall, precision, mean overlap. Labels: how many rows have the same. Numbers: the
    // mean difference and that at the 99th percentile of rows. Points: the same of the mean
    // distance, as a share of the distance of the row's first two, which are a face's eyes.
    [[nodiscard]] std::vector<AgreementFigure> figures() const;

  private:
    void add_detections(std::span<const Detection> expected, std::span<const Detection> actual);
    void add_attribute(const Attribute& expected, const Attribute& actual);
    [[nodiscard]] std::vector<AgreementFigure> detection_figures() const;

    const OutputInfo output_;
    size_t expected_boxes_ = 0, actual_boxes_ = 0, same_boxes_ = 0;
    double overlaps_ = 0;
    size_t labels_ = 0, same_labels_ = 0;
    std::vector<double> differences_;  // of rows with numbers
};

}  // namespace facet
