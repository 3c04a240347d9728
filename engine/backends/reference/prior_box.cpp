// SPDX-License-Identifier: MIT
// Reference PriorBox: OpenVINO PriorBox-1, and PriorBox-8 in its default order of boxes.
#include <cmath>
#include <string>

#include "engine/backends/reference/prior_grid.h"

namespace facet::reference {

namespace {

bool is_one(double ratio) {
    return std::abs(ratio - 1.0) < 1e-6;
}

// 1, then each ratio not seen before, each followed by its inverse when flipped.
std::vector<double> distinct_ratios(const PriorBoxParams& params) {
    std::vector<double> ratios{1.0};
    for (const float given : params.aspect_ratio) {
        const double ratio = given;
        bool known = false;
        for (const double other : ratios) known |= std::abs(ratio - other) < 1e-6;
        if (known) continue;
        ratios.push_back(ratio);
        if (params.flip) ratios.push_back(1.0 / ratio);
    }
    return ratios;
}

// density x density boxes of `size` spread over a cell's box of that size. The definition truncates
// the size and the distance between centres to whole pixels.
void add_dense(std::vector<CellBox>& boxes, double size, double density, double ratio) {
    const auto count = static_cast<int64_t>(density);
    const double distance = std::trunc(size / static_cast<double>(count));
    const double first = distance / 2.0 - std::trunc(std::trunc(size) / 2.0);
    const double half = (is_one(ratio) ? std::trunc(size) : size) / 2.0;
    const double root = std::sqrt(ratio);
    for (int64_t row = 0; row < count; ++row) {
        for (int64_t column = 0; column < count; ++column)
            boxes.push_back({first + static_cast<double>(column) * distance,
                             first + static_cast<double>(row) * distance, half * root, half / root,
                             true});
    }
}

Result<void> add_fixed(const PriorBoxParams& params, const std::vector<double>& ratios,
                       std::vector<CellBox>& boxes) {
    if (params.fixed_size.size() > params.density.size())
        return Error{ErrorCode::kCorrupt, "density has fewer values than fixed_size"};
    for (size_t i = 0; i < params.fixed_size.size(); ++i) {
        if (params.density[i] < 1 || params.density[i] > 1000)
            return Error{ErrorCode::kCorrupt, "density is " + std::to_string(params.density[i]) +
                                                  "; supported: 1 to 1000"};
        if (params.fixed_ratio.empty()) {
            for (const double ratio : ratios)
                add_dense(boxes, params.fixed_size[i], params.density[i], ratio);
        } else {
            for (const float ratio : params.fixed_ratio)
                add_dense(boxes, params.fixed_size[i], params.density[i], ratio);
        }
    }
    return {};
}

// Per minimal size: the square, the square between minimal and maximal size, the other ratios.
void add_sized(const PriorBoxParams& params, const std::vector<double>& ratios, double unit,
               std::vector<CellBox>& boxes) {
    for (size_t i = 0; i < params.min_size.size(); ++i) {
        const double size = params.min_size[i] * unit;
        boxes.push_back({0, 0, size / 2, size / 2, false});
        if (i < params.max_size.size()) {
            const double half = std::sqrt(size * params.max_size[i]) / 2;
            boxes.push_back({0, 0, half, half, false});
        }
        if (!params.scale_all_sizes && i + 1 < params.min_size.size()) continue;
        const double scaled = params.scale_all_sizes ? size : params.min_size[0] * unit;
        for (const double ratio : ratios) {
            if (is_one(ratio)) continue;
            const double root = std::sqrt(ratio);
            boxes.push_back({0, 0, scaled / 2 * root, scaled / 2 / root, false});
        }
    }
}

}  // namespace

Result<void> run_op(const PriorBoxParams& params, Inputs inputs, Outputs outputs) {
    FACET_ASSIGN(PriorGrid grid, read_grid(inputs));
    double step = params.step;
    if (!params.scale_all_sizes) {
        // Sizes and step are fractions of the image's height; a step of -1 stands for one cell.
        step = params.step == -1.0f ? grid.image_height / static_cast<double>(grid.rows)
                                    : step * grid.image_height;
    }
    grid.clip = params.clip;
    if (step == 0) {
        grid.step_x = grid.image_width / static_cast<double>(grid.columns);
        grid.step_y = grid.image_height / static_cast<double>(grid.rows);
        grid.offset = 0.5;
    } else {
        grid.step_x = grid.step_y = step;
        grid.offset = params.offset;
    }
    const std::vector<double> ratios = distinct_ratios(params);
    std::vector<CellBox> boxes;
    FACET_TRY(add_fixed(params, ratios, boxes));
    add_sized(params, ratios, params.scale_all_sizes ? 1.0 : grid.image_height, boxes);
    return write_priors(grid, boxes, params.variance, outputs);
}

}  // namespace facet::reference
