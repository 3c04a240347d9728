// SPDX-License-Identifier: MIT
// Matrix units (NVIDIA calls them tensor cores): which devices have one that kernels/conv_matrix.cl
// can use.
#pragma once

#include <string>

#include "engine/backends/gpu/opencl_api.h"

namespace facet::gpu {

// OpenCL C that defines MULTIPLY_FRAGMENTS, MATRIX_SCRATCH and MATRIX_UNROLL.
struct MatrixUnit {
    std::string functions;  // empty: none
    std::string refused;    // why there is none
};

// The device's own: NVIDIA's from compute capability 8.0 on, after a trial that builds one product
// and compares it with the right one. Its program is kept like any other.
[[nodiscard]] MatrixUnit matrix_unit_of(const opencl::DeviceInfo& device);

// Any device's, in plain OpenCL C with the same fragments: how tests run the kernels that use one.
[[nodiscard]] MatrixUnit emulated_matrix_unit();

// Ok, or what is wrong with one product by these functions on this device.
[[nodiscard]] Result<void> try_matrix_unit(const opencl::DeviceInfo& device,
                                           const std::string& functions);

}  // namespace facet::gpu
