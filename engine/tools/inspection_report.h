// SPDX-License-Identifier: MIT
// An inspection as text for people and as JSON for programs.
#pragma once

#include <string>

#include "engine/tools/inspection.h"

namespace facet {

// Several lines; with `all_nodes` a table of every node, else only of those that may mix rows.
[[nodiscard]] std::string inspection_text(const Inspection& inspection, bool all_nodes);
// One object, indented; docs/tools.md describes its fields.
[[nodiscard]] std::string inspection_json(const Inspection& inspection);

}  // namespace facet
