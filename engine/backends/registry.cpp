// SPDX-License-Identifier: MIT
// The list of devices: one line each.
#include "engine/backends/registry.h"

#include <array>
#include <string>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/reference/reference_backend.h"

namespace facet {

std::span<const Backend* const> all_backends() {
    static const std::array kBackends{
        &cpu_backend(),
        &reference_backend(),
    };
    return kBackends;
}

Result<const Backend*> find_backend(std::string_view device) {
    const auto backends = all_backends();
    if (device == "AUTO") return backends.front();
    std::string names = "AUTO";
    for (const Backend* backend : backends) {
        if (backend->name() == device) return backend;
        names += ", " + std::string(backend->name());
    }
    return Error{ErrorCode::kNotFound, "device '" + std::string(device) + "'; supported: " + names};
}

std::vector<std::string> auto_devices() {
    return {"CPU"};
}

}  // namespace facet
