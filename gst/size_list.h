// SPDX-License-Identifier: MIT
// Lists of sizes as properties spell them.
#pragma once

#include <string>
#include <vector>

#include "engine/base/image_size.h"
#include "engine/base/result.h"

namespace facet {

// "1,2,4,8"; empty text: none. kInvalidArgument, naming `property`, where a part is no number;
// ranges and order are the session's to judge.
[[nodiscard]] Result<std::vector<int>> parse_batch_profiles(const std::string& property,
                                                            const std::string& text);

// "0-3,6", ascending in the answer whatever the order; empty text: none. kInvalidArgument, naming
// `property`, where a part is neither a number of 0..1023 nor a range of them.
[[nodiscard]] Result<std::vector<int>> parse_processors(const std::string& property,
                                                        const std::string& text);

// "320x192,640x384", up to 100 in any order, each once; empty text: none. kInvalidArgument, naming
// `property`, otherwise.
[[nodiscard]] Result<std::vector<ImageSize>> parse_image_sizes(const std::string& property,
                                                               const std::string& text);

}  // namespace facet
