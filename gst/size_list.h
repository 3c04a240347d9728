// SPDX-License-Identifier: MIT
// Lists of sizes as properties spell them.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace facet {

// "1,2,4,8"; empty text: none. kInvalidArgument, naming `property`, where a part is no number;
// ranges and order are the session's to judge.
[[nodiscard]] Result<std::vector<int>> parse_batch_profiles(const std::string& property,
                                                            const std::string& text);

}  // namespace facet
