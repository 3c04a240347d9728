// SPDX-License-Identifier: MIT
// Prints the devices there are.
#pragma once

#include <span>
#include <string>

#include "engine/backends/device_description.h"

namespace facet {

// A paragraph per device. `no_gpu`: why there is none; empty: nothing is said of it.
[[nodiscard]] std::string devices_text(std::span<const DeviceDescription> devices,
                                       const std::string& no_gpu);
// {"schema":"facet-devices/1","auto":["GPU","CPU"],"no_gpu":null,"devices":[...]}, indented.
[[nodiscard]] std::string devices_json(std::span<const DeviceDescription> devices,
                                       std::span<const std::string> automatic,
                                       const std::string& no_gpu);

}  // namespace facet
