// SPDX-License-Identifier: MIT
// Each convolution and matrix product of a model beside a plain matrix product of the same size.
#pragma once

#include <nlohmann/json.hpp>

#include "engine/backends/backend.h"
#include "engine/backends/gpu/opencl_api.h"

namespace facet::bench {

// Of `rows` rows: name, pixels, channels, products, facet_ms by the device's clock, clblast_ms.
// Prints a table. kUnsupported without CLBlast.
[[nodiscard]] Result<nlohmann::ordered_json> bench_layers(const gpu::opencl::DeviceInfo& device,
                                                          const Graph& graph, InferRequest& request,
                                                          int rows);

}  // namespace facet::bench
