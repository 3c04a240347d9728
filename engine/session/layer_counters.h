// SPDX-License-Identifier: MIT
// What the layers of a session's models take, for those who look into one. Not installed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/session/request_slot.h"

namespace facet {

// A model's layers on one device.
struct ModelLayers {
    std::string model, device;
    int rows = 0;  // of the batch that was timed
    std::vector<StepProfile> steps;
};

// Times the layers of a batch of so many rows of each model, some of what the slot has run already.
// Without those that the device does not time.
[[nodiscard]] Result<std::vector<ModelLayers>> time_layers(const std::vector<SessionModel>& models,
                                                           RequestSlot& slot, int rows);

// The same as the session's figures have it, one layer after the other.
[[nodiscard]] std::vector<LayerCounters> counters_of(const std::vector<ModelLayers>& models);

// Writes each model's executed graph as Graphviz DOT beside the trace: TRACE.MODEL.DEVICE.dot. kIo
// names the file.
[[nodiscard]] Result<void> write_executed_graphs(const std::filesystem::path& trace,
                                                 const std::vector<ModelLayers>& models);

}  // namespace facet
