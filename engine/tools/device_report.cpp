// SPDX-License-Identifier: MIT
// Devices as text and as JSON.
#include "engine/tools/device_report.h"

#include <nlohmann/json.hpp>

namespace facet {

namespace {

using Json = nlohmann::ordered_json;

// "141 GiB", "48 KiB"; whole numbers are enough here.
std::string bytes_text(uint64_t bytes) {
    constexpr uint64_t kKibi = 1024;
    const char* unit = "KiB";
    uint64_t divisor = kKibi;
    if (bytes >= 10 * kKibi * kKibi) {
        divisor = bytes >= 10 * kKibi * kKibi * kKibi ? kKibi * kKibi * kKibi : kKibi * kKibi;
        unit = divisor == kKibi * kKibi ? "MiB" : "GiB";
    }
    return std::to_string((bytes + divisor / 2) / divisor) + " " + unit;
}

std::string precisions_text(const DeviceDescription& device) {
    std::string text;
    for (const Precision precision : device.precisions)
        text += (text.empty() ? "" : ", ") + std::string(to_string(precision));
    return text;
}

void add_line(std::string& text, const std::string& name, const std::string& value) {
    if (!value.empty()) text += "  " + name + std::string(12 - name.size(), ' ') + value + "\n";
}

Json or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

}  // namespace

std::string devices_text(std::span<const DeviceDescription> devices, const std::string& no_gpu) {
    std::string text;
    for (const DeviceDescription& device : devices) {
        text +=
            (device.refused.empty() ? device.name : "(refused)") + ": " + device.hardware + "\n";
        add_line(text, "refused", device.refused);
        add_line(text, "vendor", device.vendor);
        add_line(text, "software", device.software);
        std::string units = std::to_string(device.compute_units);
        if (device.max_work_group == 0) units += " threads";
        if (device.clock_mhz > 0) units += " at " + std::to_string(device.clock_mhz) + " MHz";
        add_line(text, "units", device.compute_units > 0 ? units : "");
        std::string memory = bytes_text(device.memory);
        if (device.local_memory > 0) memory += ", local " + bytes_text(device.local_memory);
        add_line(text, "memory", device.memory > 0 ? memory : "");
        if (device.max_work_group > 0)
            add_line(text, "work group", "up to " + std::to_string(device.max_work_group));
        add_line(text, "precisions", precisions_text(device));
        add_line(text, "matrix unit", device.matrix_unit);
    }
    if (!no_gpu.empty()) text += "no GPU: " + no_gpu + "\n";
    return text;
}

std::string devices_json(std::span<const DeviceDescription> devices,
                         std::span<const std::string> automatic, const std::string& no_gpu) {
    Json list = Json::array();
    for (const DeviceDescription& device : devices) {
        Json precisions = Json::array();
        for (const Precision precision : device.precisions)
            precisions.push_back(std::string(to_string(precision)));
        list.push_back({{"name", or_null(device.name)},
                        {"refused", or_null(device.refused)},
                        {"hardware", device.hardware},
                        {"vendor", or_null(device.vendor)},
                        {"software", device.software},
                        {"memory_bytes", device.memory},
                        {"local_memory_bytes", device.local_memory},
                        {"compute_units", device.compute_units},
                        {"clock_mhz", device.clock_mhz},
                        {"max_work_group", device.max_work_group},
                        {"precisions", std::move(precisions)},
                        {"matrix_unit", or_null(device.matrix_unit)}});
    }
    const Json report{{"schema", "facet-devices/1"},
                      {"auto", Json(std::vector(automatic.begin(), automatic.end()))},
                      {"no_gpu", or_null(no_gpu)},
                      {"devices", std::move(list)}};
    return report.dump(2) + "\n";
}

}  // namespace facet
