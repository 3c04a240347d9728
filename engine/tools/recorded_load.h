// SPDX-License-Identifier: MIT
// What is in a file that trace-path recorded: the load, for the simulator, and how it ran.
#pragma once

#include <string_view>

#include "engine/base/result.h"
#include "engine/batching/cost_table.h"
#include "engine/batching/simulation.h"
#include "engine/batching/trace.h"

namespace facet {

struct RecordedLoad {
    Load load;        // begins with the first arrival; what one owner pushed at once is a frame
    CostTable costs;  // as recorded; may be empty
    Trace trace;      // with at least one arrival, each of which names its owner
};

// Of the lines that engine/batching/trace.h describes, those of arrivals and costs. Errors are
// parse_trace()'s, and traces without arrivals.
[[nodiscard]] Result<RecordedLoad> read_recorded_load(std::string_view trace);

// The run that was recorded, in the simulator's words: batches whose end is recorded, their crops,
// and crops that were shed. Streams are numbered as in the load.
[[nodiscard]] SimulationRecord recorded_run(const RecordedLoad& recorded, Duration deadline);

}  // namespace facet
