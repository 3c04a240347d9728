// SPDX-License-Identifier: MIT
// The GPU backend: kernels of Facet's own through OpenCL 1.2, on any vendor's device.
#pragma once

#include <span>

#include "engine/backends/backend.h"

namespace facet {

// One for each device that gpu_devices() uses, in its order and under its names; none where there
// is no OpenCL. They live for ever. Thread-safe.
[[nodiscard]] std::span<const Backend* const> gpu_backends();

}  // namespace facet
