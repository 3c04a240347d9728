// SPDX-License-Identifier: MIT
// Boxes repeated over a grid of cells.
#include "engine/backends/reference/prior_grid.h"

#include <algorithm>
#include <array>
#include <string>

namespace facet::reference {

Result<PriorGrid> read_grid(Inputs inputs) {
    FACET_ASSIGN(const auto layer, read_integers(inputs[0], "layer size"));
    FACET_ASSIGN(const auto image, read_integers(inputs[1], "image size"));
    if (layer.size() != 2 || image.size() != 2 || std::ranges::min(layer) < 1 ||
        std::ranges::min(image) < 1)
        return Error{ErrorCode::kCorrupt, "layer and image size must be two positive extents each"};
    PriorGrid grid;
    grid.rows = layer[0];
    grid.columns = layer[1];
    grid.image_height = static_cast<double>(image[0]);
    grid.image_width = static_cast<double>(image[1]);
    return grid;
}

Result<void> write_priors(const PriorGrid& grid, const std::vector<CellBox>& boxes,
                          const std::vector<float>& variance, Outputs outputs) {
    FACET_TRY(require_f32({}, outputs));
    const int64_t count = grid.rows * grid.columns * static_cast<int64_t>(boxes.size()) * 4;
    if (outputs[0].shape != Shape{2, count})
        return Error{ErrorCode::kCorrupt,
                     "the attributes describe " + std::to_string(boxes.size()) +
                         " boxes a cell, but the output is " + outputs[0].shape.text()};
    if (variance.size() > 1 && variance.size() != 4)
        return Error{ErrorCode::kCorrupt, "variance has " + std::to_string(variance.size()) +
                                              " values; supported: 0, 1, 4"};
    float* y = outputs[0].as<float>().data();
    for (int64_t row = 0; row < grid.rows; ++row) {
        for (int64_t column = 0; column < grid.columns; ++column) {
            const double cell_x = (static_cast<double>(column) + grid.offset) * grid.step_x;
            const double cell_y = (static_cast<double>(row) + grid.offset) * grid.step_y;
            for (const CellBox& box : boxes) {
                const double x = cell_x + box.shift_x;
                const double top = cell_y + box.shift_y;
                const std::array<double, 4> edges{
                    (x - box.half_width) / grid.image_width,
                    (top - box.half_height) / grid.image_height,
                    (x + box.half_width) / grid.image_width,
                    (top + box.half_height) / grid.image_height,
                };
                for (size_t i = 0; i < 4; ++i) {
                    double edge = edges[i];
                    if (box.clipped) edge = i < 2 ? std::max(edge, 0.0) : std::min(edge, 1.0);
                    *y++ = static_cast<float>(grid.clip ? std::clamp(edge, 0.0, 1.0) : edge);
                }
            }
        }
    }
    for (int64_t i = 0; i < count; ++i) {
        if (variance.empty())
            *y++ = 0.1f;
        else
            *y++ = variance.size() == 1 ? variance[0] : variance[i % 4];
    }
    return {};
}

}  // namespace facet::reference
