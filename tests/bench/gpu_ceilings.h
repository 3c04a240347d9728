// SPDX-License-Identifier: MIT
// What a device can do at most, measured: fused multiply-adds, and bytes moved.
#pragma once

#include <string>

#include "engine/backends/gpu/opencl_api.h"

namespace facet::bench {

struct Ceilings {
    double flop_per_s = 0;         // fp32, a fused multiply-add counting as two
    double bytes_per_s = 0;        // of global memory, read and written
    double matrix_flop_per_s = 0;  // halves on the matrix unit; 0: none
    std::string no_matrix;         // why there is none
};
// `quick`: less work, for devices that are slow.
[[nodiscard]] Result<Ceilings> measure_ceilings(const gpu::opencl::DeviceInfo& device, bool quick);

}  // namespace facet::bench
