// SPDX-License-Identifier: MIT
// The room behind the people: soft walls and things that look a little like faces but are none.
#pragma once

#include <cstdint>

#include "elements/testsrc/canvas.h"

namespace facet::drawing {

// The same for the same seed and size.
[[nodiscard]] Canvas backdrop(uint64_t seed, int width, int height);

}  // namespace facet::drawing
