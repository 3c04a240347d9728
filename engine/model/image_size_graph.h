// SPDX-License-Identifier: MIT
// A graph for images of another size, and constants that graphs of several sizes share. Not
// installed.
#pragma once

#include "engine/base/image_size.h"
#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet {

// Has the graph, as read and not yet prepared, take images of that size at its one input of four
// axes with one or three channels, first ([1,C,H,W]) or last ([1,H,W,C]). Whether its nodes can
// follow, preparing it tells.
[[nodiscard]] Result<void> set_image_size(Graph& graph, ImageSize size);

// Lets constants of `graph` that equal one of `holder` be that one, so that they lie in memory
// once.
void share_constants(Graph& graph, const Graph& holder);

}  // namespace facet
