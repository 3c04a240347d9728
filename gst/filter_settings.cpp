// SPDX-License-Identifier: MIT
// Properties as the engine's settings.
#include "gst/filter_settings.h"

#include <chrono>

#include "gst/model_path.h"

namespace facet {

SessionSettings session_settings(const FilterSettings& settings,
                                 const std::vector<std::filesystem::path>& models) {
    SessionSettings session;
    for (const std::filesystem::path& model : models) session.models.push_back({model, {}});
    session.info_directories = model_info_directories();
    session.device = settings.device;
    session.max_batch = settings.max_batch;
    session.timeout = std::chrono::round<Duration>(
        std::chrono::duration<double, std::milli>(settings.timeout_ms));
    session.requests = settings.requests;
    session.threads = settings.threads;
    return session;
}

}  // namespace facet
