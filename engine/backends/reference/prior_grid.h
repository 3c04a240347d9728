// SPDX-License-Identifier: MIT
// What PriorBox and PriorBoxClustered share: boxes repeated over a grid of cells.
#pragma once

#include <vector>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

// A box around a cell's centre, in pixels of the network's input.
struct CellBox {
    double shift_x = 0, shift_y = 0;  // of its centre from the cell's centre
    double half_width = 0, half_height = 0;
    bool clipped = false;  // always cut at the image's border, whatever the node says
};

struct PriorGrid {
    int64_t rows = 0, columns = 0;
    double image_height = 0, image_width = 0;
    double step_x = 0, step_y = 0;  // between centres, in pixels
    double offset = 0;              // of the first centre, in cells
    bool clip = false;
};

// Reads layer size and image size, (height, width) each, into the grid.
[[nodiscard]] Result<PriorGrid> read_grid(Inputs inputs);

// Writes [2, rows * columns * boxes * 4]: every cell's boxes as fractions of the image (x_min,
// y_min, x_max, y_max), then the variances: one value for all, four, or none for 0.1.
[[nodiscard]] Result<void> write_priors(const PriorGrid& grid, const std::vector<CellBox>& boxes,
                                        const std::vector<float>& variance, Outputs outputs);

}  // namespace facet::reference
