// SPDX-License-Identifier: MIT
// The answer of facet-tune as one HTML page that needs nothing else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/tools/tuning.h"

namespace facet {

// `load_text` and `costs_text` say in a line where the load and the costs come from; `recorded` is
// how the load really ran, where that is known.
[[nodiscard]] std::string tuning_page(const TuningQuestion& question, const TuningAnswer& answer,
                                      std::string_view load_text, std::string_view costs_text,
                                      const std::optional<SimulationRecord>& recorded);

}  // namespace facet
