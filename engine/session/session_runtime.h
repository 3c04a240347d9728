// SPDX-License-Identifier: MIT
// Starts the running half of a session from loaded models. Not installed.
#pragma once

#include <memory>
#include <vector>

#include "engine/session/session_internal.h"

namespace facet {

// Creates and warms up the requests of every slot, measures what batches cost, and starts the
// threads. `settings` are checked; settings.models[i] is what models[i] was loaded from, for
// batches up to `largest`. Errors name the model.
[[nodiscard]] Result<std::shared_ptr<Session>> start_session(const SessionSettings& settings,
                                                             int largest, Clock& clock,
                                                             std::vector<SessionModel> models);

}  // namespace facet
