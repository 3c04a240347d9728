// SPDX-License-Identifier: MIT
// The CPU backend: oneDNN primitives over a planned arena, and small loops for what oneDNN lacks.
#pragma once

#include "engine/backends/backend.h"

namespace facet {

[[nodiscard]] const Backend& cpu_backend();

}  // namespace facet
