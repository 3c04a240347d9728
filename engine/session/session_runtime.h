// SPDX-License-Identifier: MIT
// Makes devices ready and starts the running half of a session on them. Not installed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/batching/cost_table.h"
#include "engine/session/layer_counters.h"
#include "engine/session/request_plan.h"
#include "engine/session/request_slot.h"
#include "engine/session/session_internal.h"

namespace facet {

// A device of a session, ready to run batches up to the session's largest.
struct SessionDevice {
    std::string name;                                         // the backend's
    std::shared_ptr<const std::vector<SessionModel>> models;  // the slots point into them
    std::vector<CropSpec> specs;                              // the distinct crops of the models
    RequestPlan plan;
    std::vector<RequestSlot> slots;  // as many as the plan has requests
    CostTable costs;
    std::vector<ModelLayers> layers;  // of sessions that write a trace
};

// Creates and warms up the requests of every slot and measures what batches cost. models[i] is what
// settings.models[i] was loaded from, for settings.device. Errors name the model.
[[nodiscard]] Result<SessionDevice> prepare_device(const SessionSettings& settings, int largest,
                                                   Clock& clock, std::vector<SessionModel> models);

// Starts the threads. `settings` are checked; `devices`, at least one, take equal crops and come in
// order of preference, the last one being whom the others' work falls back on.
[[nodiscard]] Result<std::shared_ptr<Session>> start_session(const SessionSettings& settings,
                                                             int largest, Clock& clock,
                                                             std::vector<SessionDevice> devices);

}  // namespace facet
