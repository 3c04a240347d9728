// SPDX-License-Identifier: MIT
// The list of devices: one line each.
#include "engine/backends/registry.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/gpu/gpu_registry.h"
#include "engine/backends/reference/reference_backend.h"

namespace facet {

namespace {

// Those that need no driver.
std::span<const Backend* const> own_backends() {
    static const std::array kBackends{&cpu_backend(), &reference_backend()};
    return kBackends;
}

}  // namespace

std::span<const Backend* const> all_backends() {
    static const std::vector<const Backend*> backends = [] {
        std::vector<const Backend*> list(own_backends().begin(), own_backends().end());
        std::ranges::copy(gpus(), std::back_inserter(list));
        return list;
    }();
    return backends;
}

Result<const Backend*> find_backend(std::string_view device) {
    for (const Backend* backend : own_backends())
        if (backend->name() == device) return backend;
    if (device == "AUTO") return find_backend(auto_devices().front());
    // Before all others' names: a GPU is found by its number and by parts of its name, too.
    if (names_gpu(device)) return find_gpu(device);
    std::string names = "AUTO";
    for (const Backend* backend : all_backends()) names += ", " + std::string(backend->name());
    if (const std::string none = why_no_gpu(); !none.empty()) names += "; no GPU: " + none;
    return Error{ErrorCode::kNotFound, "device '" + std::string(device) + "'; supported: " + names};
}

std::vector<std::string> auto_devices() {
    std::vector<std::string> names;
    if (std::string gpu = auto_gpu(); !gpu.empty()) names.push_back(std::move(gpu));
    names.emplace_back(cpu_backend().name());
    return names;
}

}  // namespace facet
