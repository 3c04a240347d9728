// SPDX-License-Identifier: MIT
// CLBlast's matrix product on the same device, as a yardstick; nothing of Facet needs it.
#pragma once

#include <cstdint>

#include "engine/backends/gpu/opencl_api.h"

namespace facet::bench {

// Seconds of a product [n, k] x [k, m] of floats; kUnsupported where the bench was built without
// CLBlast.
[[nodiscard]] Result<double> time_clblast(const gpu::opencl::DeviceInfo& device, int64_t m,
                                          int64_t n, int64_t k);

}  // namespace facet::bench
