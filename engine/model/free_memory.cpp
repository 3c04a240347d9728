// SPDX-License-Identifier: MIT
// The system's figure, and the model's plan against it.
#include "engine/model/free_memory.h"

#include <fstream>
#include <limits>
#include <string>

#include "engine/model/rows.h"

namespace facet {

namespace {

std::optional<uint64_t> free_memory_of_the_machine() {
    std::ifstream file("/proc/meminfo");
    std::string key;
    uint64_t kibibytes = 0;
    while (file >> key >> kibibytes) {
        if (key == "MemAvailable:") return kibibytes * 1024;
        file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return {};
}

}  // namespace

std::optional<uint64_t> free_memory(const Backend& device) {
    const bool own = device.name() != "CPU" && device.name() != "REFERENCE";
    return own ? device.free_memory() : free_memory_of_the_machine();
}

int largest_fitting_batch(CompiledModel& model, int requests, std::optional<uint64_t> free_bytes) {
    if (!free_bytes) return model.max_batch();
    uint64_t row_bytes = 0;
    for (const Port& port : model.inputs()) row_bytes += bytes_of_rows(port, 1);
    for (const Port& port : model.outputs()) row_bytes += bytes_of_rows(port, 1);
    int rows = model.max_batch();
    for (; rows > 1; rows = (rows + 1) / 2) {
        const std::optional<size_t> working = model.working_bytes(rows);
        if (!working) return model.max_batch();
        const uint64_t needed = *working + row_bytes * static_cast<uint64_t>(rows);
        if (needed * static_cast<uint64_t>(requests) <= *free_bytes / 2) break;
    }
    return rows;
}

}  // namespace facet
