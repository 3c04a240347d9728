// SPDX-License-Identifier: MIT
// The load in a file that trace-path recorded, for the simulator.
#pragma once

#include <string_view>

#include "engine/base/result.h"
#include "engine/batching/cost_table.h"
#include "engine/batching/simulation_load.h"

namespace facet {

struct RecordedLoad {
    Load load;        // begins with the first arrival; what one owner pushed at once is a frame
    CostTable costs;  // as recorded; may be empty
};

// Of the lines that engine/batching/trace.h describes, those of arrivals and costs. Errors are
// parse_trace()'s, and traces without arrivals.
[[nodiscard]] Result<RecordedLoad> read_recorded_load(std::string_view trace);

}  // namespace facet
