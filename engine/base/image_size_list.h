// SPDX-License-Identifier: MIT
// Lists of image sizes: which are ones that a model may be loaded for. Not installed.
#pragma once

#include <vector>

#include "engine/base/image_size.h"
#include "engine/base/result.h"

namespace facet {

// kInvalidArgument, naming the setting 'image_size_profiles', unless there are at most 100, in any
// order, each once, with sides of 1..16384.
[[nodiscard]] Result<void> check_image_sizes(const std::vector<ImageSize>& sizes);

}  // namespace facet
