// SPDX-License-Identifier: MIT
// What a model's options ask for, checked and with every choice made that needs no model. Not
// installed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/model.h"

namespace facet {

struct ModelPlan {
    // Requests of one row that the device runs in batches.
    struct AutoBatch {
        int batch = 1;       // at most, above 1
        bool asked = false;  // by name: a model that cannot be batched is refused
    };

    std::string device;  // as registry.h has it
    int max_batch = 1;   // rows of a request
    int requests = 1;
    int threads = 0;
    std::optional<AutoBatch> auto_batch;
    std::string reason;  // why requests are batched, or not; a clause for people
};

// Batches of automatic batching where nothing says how many.
constexpr int kUsualAutoBatch = 16;

// `processors`: CPU threads of the machine. Errors name the setting. Reentrant.
[[nodiscard]] Result<ModelPlan> plan_model(const ModelOptions& options, int processors);

}  // namespace facet
