// SPDX-License-Identifier: MIT
// Which devices the setting `device` names. Not installed.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace facet {

// "AUTO:GPU,GPU.1,CPU": those devices, in that order of preference; "AUTO": what auto_devices()
// (registry.h) says; anything else: that one. kInvalidArgument where a list has an empty or a
// repeated entry or one that is a list itself.
[[nodiscard]] Result<std::vector<std::string>> devices_of(const std::string& device);

}  // namespace facet
