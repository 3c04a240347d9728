// SPDX-License-Identifier: MIT
// The request slots of a device, as many and as wide as the settings say or measurement finds best.
// Not installed.
#pragma once

#include <vector>

#include "engine/session.h"
#include "engine/session/request_plan.h"
#include "engine/session/request_slot.h"

namespace facet {

struct PlannedSlots {
    RequestPlan plan;
    std::vector<RequestSlot> slots;
};

// settings.requests and settings.threads, 0 for what is to be chosen. With more than one plan to
// choose among each is tried on a few batch sizes, within some 60 ms unless the models are slow,
// once per process for equal model files and settings. `specs[i]` is the crop that model i takes;
// `models` outlive the slots. Errors name the model.
[[nodiscard]] Result<PlannedSlots> plan_slots(const SessionSettings& settings, int largest,
                                              const std::vector<SessionModel>& models,
                                              const std::vector<size_t>& specs);

}  // namespace facet
