// SPDX-License-Identifier: MIT
// Reference pooling of regions: Fast R-CNN's, as ONNX MaxRoiPool-1 and OpenVINO ROIPooling-1 have
// it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

struct Span {
    int64_t begin = 0, end = 0;
};

// Part `index` of `parts` of the pixels [first, last], within [0, extent).
Span part_of(int64_t first, int64_t last, int64_t index, int64_t parts, int64_t extent) {
    const double size =
        static_cast<double>(std::max<int64_t>(last - first + 1, 1)) / static_cast<double>(parts);
    const auto begin = static_cast<int64_t>(std::floor(static_cast<double>(index) * size));
    const auto end = static_cast<int64_t>(std::ceil(static_cast<double>(index + 1) * size));
    return {std::clamp<int64_t>(begin + first, 0, extent),
            std::clamp<int64_t>(end + first, 0, extent)};
}

float maximum(const float* plane, int64_t width, Span rows, Span columns) {
    if (rows.begin >= rows.end || columns.begin >= columns.end) return 0.0f;
    float best = -std::numeric_limits<float>::infinity();
    for (int64_t y = rows.begin; y < rows.end; ++y)
        for (int64_t x = columns.begin; x < columns.end; ++x)
            best = std::max(best, plane[y * width + x]);
    return best;
}

// A pixel's index in range, whatever the file says.
int64_t pixel(float coordinate, float scale) {
    constexpr double kMost = 1 << 24;
    const double value = std::round(double{coordinate} * scale);
    return std::isnan(value) ? 0 : static_cast<int64_t>(std::clamp(value, -kMost, kMost));
}

}  // namespace

Result<void> run_op(const RoiPoolingParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Shape& x = inputs[0].shape;
    const Shape& y = outputs[0].shape;
    float* result = outputs[0].as<float>().data();
    for (int64_t r = 0; r < y[0]; ++r) {
        const float* region = inputs[1].as<float>().data() + r * 5;
        if (!(region[0] >= 0 && region[0] < static_cast<float>(x[0])))
            return Error{ErrorCode::kInvalidArgument,
                         "a region of row " + std::to_string(region[0]) + " of " + x.text()};
        const auto row = static_cast<int64_t>(region[0]);
        const auto at = [&](int i) { return pixel(region[i], params.spatial_scale); };
        for (int64_t c = 0; c < x[1]; ++c) {
            const float* plane = inputs[0].as<float>().data() + (row * x[1] + c) * x[2] * x[3];
            for (int64_t i = 0; i < y[2]; ++i) {
                const Span rows = part_of(at(2), at(4), i, y[2], x[2]);
                for (int64_t j = 0; j < y[3]; ++j)
                    *result++ = maximum(plane, x[3], rows, part_of(at(1), at(3), j, y[3], x[3]));
            }
        }
    }
    return {};
}

}  // namespace facet::reference
