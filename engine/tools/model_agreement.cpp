// SPDX-License-Identifier: MIT
// Matches boxes, compares labels and numbers.
#include "engine/tools/model_agreement.h"

#include <algorithm>
#include <cmath>

#include "engine/vision/image_view.h"

namespace facet {

namespace {

constexpr float kLeastOverlap = 0.5f;  // as the PASCAL VOC challenge counts a box as found

double distance(std::span<const float> a, std::span<const float> b) {
    return std::hypot(double{a[0]} - b[0], double{a[1]} - b[1]);
}

// Mean over points x, y, x, y, ...
double point_error(std::span<const float> expected, std::span<const float> actual) {
    double sum = 0;
    for (size_t i = 0; i + 1 < expected.size(); i += 2)
        sum += distance(expected.subspan(i), actual.subspan(i));
    const double width = distance(expected, expected.subspan(2));
    return width == 0 ? 0 : sum / (static_cast<double>(expected.size()) / 2) / width;
}

double largest_difference(std::span<const float> expected, std::span<const float> actual) {
    double most = 0;
    for (size_t i = 0; i < expected.size(); ++i)
        most = std::max(most, std::abs(double{expected[i]} - actual[i]));
    return most;
}

double percent(size_t part, size_t whole) {
    return whole == 0 ? 100 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void OutputAgreement::add(const Converted& expected, const Converted& actual) {
    add_detections(expected.detections, actual.detections);
    // A value that is not finite yields no attribute.
    if (expected.attributes.size() != actual.attributes.size()) ++labels_;
    for (size_t i = 0; i < std::min(expected.attributes.size(), actual.attributes.size()); ++i)
        add_attribute(expected.attributes[i], actual.attributes[i]);
}

void OutputAgreement::add_detections(std::span<const Detection> expected,
                                     std::span<const Detection> actual) {
    expected_boxes_ += expected.size();
    actual_boxes_ += actual.size();
    std::vector<bool> taken(expected.size(), false);
    // Strongest first, as converters give them.
    for (const Detection& found : actual) {
        size_t best = expected.size();
        float most = kLeastOverlap;
        for (size_t i = 0; i < expected.size(); ++i) {
            const float overlap = intersection_over_union(found.box, expected[i].box);
            if (taken[i] || expected[i].label_id != found.label_id || overlap < most) continue;
            most = overlap;
            best = i;
        }
        if (best == expected.size()) continue;
        taken[best] = true;
        ++same_boxes_;
        overlaps_ += most;
    }
}

void OutputAgreement::add_attribute(const Attribute& expected, const Attribute& actual) {
    if (!expected.values.empty() && expected.values.size() == actual.values.size()) {
        const bool points = output_.converter == "landmarks" && expected.values.size() >= 4;
        differences_.push_back(points ? 100 * point_error(expected.values, actual.values)
                                      : largest_difference(expected.values, actual.values));
    } else if (expected.value && actual.value) {
        differences_.push_back(std::abs(double{*expected.value} - *actual.value));
    } else {
        ++labels_;
        if (expected.label_id == actual.label_id) ++same_labels_;
    }
}

std::vector<AgreementFigure> OutputAgreement::detection_figures() const {
    const std::string name = output_.labels.empty() ? "detections" : output_.labels.back();
    return {{name, "boxes of the first", static_cast<double>(expected_boxes_), ""},
            {name, "boxes of the second", static_cast<double>(actual_boxes_), ""},
            {name, "recall", percent(same_boxes_, expected_boxes_), "%"},
            {name, "precision", percent(same_boxes_, actual_boxes_), "%"},
            {name, "mean overlap",
             same_boxes_ == 0 ? 0 : 100 * overlaps_ / static_cast<double>(same_boxes_), "%"}};
}

std::vector<AgreementFigure> OutputAgreement::figures() const {
    if (!yields_attributes(output_)) return detection_figures();
    std::vector<AgreementFigure> figures;
    if (labels_ > 0)
        figures.push_back({output_.attribute, "same label", percent(same_labels_, labels_), "%"});
    if (differences_.empty()) return figures;
    const std::string unit =
        output_.converter == "landmarks" ? "% of the first two's distance" : output_.unit;
    std::vector<double> sorted = differences_;
    std::ranges::sort(sorted);
    double sum = 0;
    for (const double difference : sorted) sum += difference;
    const auto count = static_cast<double>(sorted.size());
    figures.push_back({output_.attribute, "mean difference", sum / count, unit});
    figures.push_back({output_.attribute, "99th percentile",
                       sorted[static_cast<size_t>(0.99 * (count - 1))], unit});
    return figures;
}

}  // namespace facet
