// SPDX-License-Identifier: MIT
// Reference non-maximum suppression: ONNX NonMaxSuppression-11.
#include <algorithm>
#include <numeric>
#include <vector>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

struct Box {
    double top, left, bottom, right;
    [[nodiscard]] double area() const { return (bottom - top) * (right - left); }
};

Box box_of(const float* values, bool center_point) {
    if (center_point) {
        const double half_width = values[2] / 2.0, half_height = values[3] / 2.0;
        return {values[1] - half_height, values[0] - half_width, values[1] + half_height,
                values[0] + half_width};
    }
    const auto [top, bottom] = std::minmax(values[0], values[2]);
    const auto [left, right] = std::minmax(values[1], values[3]);
    return {top, left, bottom, right};
}

double overlap(const Box& a, const Box& b) {
    const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
    const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
    if (height <= 0 || width <= 0) return 0;
    const double shared = height * width;
    return shared / (a.area() + b.area() - shared);
}

float number(Inputs inputs, size_t index, float otherwise) {
    return is_present(inputs, index) ? inputs[index].as<float>()[0] : otherwise;
}

// The boxes of one class that stay, best first.
std::vector<int64_t> kept_boxes(const std::vector<Box>& boxes, const float* scores, double most,
                                float threshold, const float* least_score) {
    std::vector<int64_t> order(boxes.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    std::ranges::stable_sort(order, [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
    std::vector<int64_t> kept;
    for (const int64_t candidate : order) {
        if (static_cast<double>(kept.size()) >= most) break;
        if (least_score != nullptr && !(scores[candidate] > *least_score)) break;
        if (std::ranges::none_of(kept, [&](int64_t better) {
                return overlap(boxes[better], boxes[candidate]) > threshold;
            }))
            kept.push_back(candidate);
    }
    return kept;
}

}  // namespace

Result<void> run_op(const NonMaxSuppressionParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs.first(2), {}));
    const Shape& scores = inputs[1].shape;
    const auto rows = outputs[0].as<int64_t>();
    std::ranges::fill(rows, -1);
    const int64_t lists = std::max<int64_t>(scores[0] * scores[1], 1);
    const auto most = static_cast<double>(outputs[0].shape[0] / lists);
    const float threshold = number(inputs, 3, 0.0f);
    const float least_score = number(inputs, 4, 0.0f);
    size_t next = 0;
    for (int64_t n = 0; n < scores[0]; ++n) {
        std::vector<Box> boxes;
        for (int64_t p = 0; p < scores[2]; ++p)
            boxes.push_back(box_of(inputs[0].as<float>().data() + (n * scores[2] + p) * 4,
                                   params.center_point_box));
        for (int64_t c = 0; c < scores[1]; ++c) {
            const float* line = inputs[1].as<float>().data() + (n * scores[1] + c) * scores[2];
            for (const int64_t box : kept_boxes(boxes, line, most, threshold,
                                                is_present(inputs, 4) ? &least_score : nullptr)) {
                for (const int64_t entry : {n, c, box}) rows[next++] = entry;
            }
        }
    }
    return {};
}

}  // namespace facet::reference
