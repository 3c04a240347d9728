// SPDX-License-Identifier: MIT
// Which tile a GEMM runs with, measured on the device once and remembered on disk.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "engine/backends/backend.h"
#include "engine/backends/gpu/matrix_unit.h"
#include "engine/backends/gpu/opencl_api.h"
#include "engine/backends/gpu/tile_table.h"

namespace facet::gpu {

// The fastest tiles for this graph: from `directory`, where a run on an equal device with an equal
// driver left them, else measured and left there; an empty path keeps nothing. Of the plain tiles
// only those are tried that the model of choose_tile() takes for nearly the best, so that measuring
// takes seconds; the longest of it is building their kernels.
//
// Tiles of `unit` and of Winograd serve only after they gave what a plain tile gives for made-up
// inputs, layer by layer, within the tolerance of the precision. One that does not, or does not
// build or run, is out of use for this graph; a note and a warning say why. Thread-safe.
[[nodiscard]] Result<TileTable> tuned_tiles(const opencl::DeviceInfo& device,
                                            const std::string& name,
                                            const std::shared_ptr<const Graph>& graph,
                                            const CompileOptions& options, const MatrixUnit& unit,
                                            const std::filesystem::path& directory);

}  // namespace facet::gpu
