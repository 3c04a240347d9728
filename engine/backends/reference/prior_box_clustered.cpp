// SPDX-License-Identifier: MIT
// Reference PriorBoxClustered: OpenVINO PriorBoxClustered-1.
#include "engine/backends/reference/prior_grid.h"

namespace facet::reference {

Result<void> run_op(const PriorBoxClusteredParams& params, Inputs inputs, Outputs outputs) {
    FACET_ASSIGN(PriorGrid grid, read_grid(inputs));
    if (params.width.size() != params.height.size())
        return Error{ErrorCode::kCorrupt, "width and height differ in length"};
    grid.step_x = params.step_width == 0 ? params.step : params.step_width;
    grid.step_y = params.step_height == 0 ? params.step : params.step_height;
    if (grid.step_x == 0 && grid.step_y == 0) {
        grid.step_x = grid.image_width / static_cast<double>(grid.columns);
        grid.step_y = grid.image_height / static_cast<double>(grid.rows);
    }
    grid.offset = params.offset;
    grid.clip = params.clip;
    std::vector<CellBox> boxes;
    for (size_t i = 0; i < params.width.size(); ++i)
        boxes.push_back({0, 0, params.width[i] / 2.0, params.height[i] / 2.0, false});
    return write_priors(grid, boxes, params.variance, outputs);
}

}  // namespace facet::reference
