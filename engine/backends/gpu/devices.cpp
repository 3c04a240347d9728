// SPDX-License-Identifier: MIT
// Names for devices, and devices for names.
#include "engine/backends/gpu/devices.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace facet::gpu {

namespace {

using opencl::DeviceInfo;
using opencl::DeviceType;

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](unsigned char letter) { return std::tolower(letter); });
    return result;
}

bool is_called(const DeviceInfo& info, std::string_view part) {
    const std::string wanted = lower(part);
    return std::ranges::any_of(
        std::initializer_list<std::string_view>{info.name, info.vendor, info.platform_name},
        [&](std::string_view text) { return lower(text).find(wanted) != std::string::npos; });
}

std::string reason_to_refuse(const DeviceInfo& info) {
    if (!info.available) return "the driver says that it is not available";
    if (!info.has_compiler) return "its driver has no compiler for OpenCL C";
    if (info.major_version * 10 + info.minor_version < 12)
        return "it has " + info.version + "; needed: OpenCL 1.2";
    if (info.local_memory == 0) return "it has no local memory";
    return {};
}

std::string numbered(size_t index) {
    return index == 0 ? "GPU" : "GPU." + std::to_string(index);
}

// "GPU (NVIDIA H200), refused: PowerVR (...)", or why there is none.
std::string listing(const GpuDevices& devices) {
    if (!devices.none.empty()) return devices.none;
    std::string used, refused;
    for (const GpuDevice& device : devices.entries) {
        std::string& text = device.refused.empty() ? used : refused;
        if (!text.empty()) text += ", ";
        text += device.refused.empty() ? device.name + " (" + device.info.name + ")"
                                       : device.info.name + " (" + device.refused + ")";
    }
    if (used.empty()) used = "none";
    return refused.empty() ? used : used + "; refused: " + refused;
}

// The place among `devices` that "GPU.2" says; nothing where it is not spelled so.
const GpuDevice* by_number(const GpuDevices& devices, std::string_view wanted) {
    if (wanted == "GPU.0") wanted = "GPU";
    const auto found = std::ranges::find_if(devices.entries, [&](const GpuDevice& device) {
        return device.refused.empty() && device.name == wanted;
    });
    return found == devices.entries.end() ? nullptr : &*found;
}

const GpuDevice* by_part(const GpuDevices& devices, std::string_view part) {
    const auto found = std::ranges::find_if(devices.entries, [&](const GpuDevice& device) {
        return device.refused.empty() && is_called(device.info, part);
    });
    return found == devices.entries.end() ? nullptr : &*found;
}

}  // namespace

GpuDevices name_devices(std::vector<DeviceInfo> found, std::string_view preferred) {
    GpuDevices devices;
    if (found.empty()) devices.none = "the OpenCL loader finds no device";
    for (DeviceInfo& info : found) {
        std::string refused = reason_to_refuse(info);
        devices.entries.push_back({{}, std::move(refused), std::move(info)});
    }
    const auto is_real = [](const GpuDevice& device) {
        return device.info.type != DeviceType::kCpu;
    };
    std::vector<GpuDevice>& entries = devices.entries;
    const auto refused = std::stable_partition(
        entries.begin(), entries.end(), [](const auto& device) { return device.refused.empty(); });
    auto numbered_end = std::stable_partition(entries.begin(), refused, is_real);
    if (numbered_end == entries.begin()) numbered_end = refused;
    const auto chosen = std::find_if(entries.begin(), refused, [&](const GpuDevice& device) {
        return !preferred.empty() && is_called(device.info, preferred);
    });
    devices.by_choice = chosen != refused;
    if (devices.by_choice) {
        if (chosen >= numbered_end) ++numbered_end;
        std::rotate(entries.begin(), chosen, chosen + 1);
    }
    for (auto device = entries.begin(); device != refused; ++device)
        device->name = device < numbered_end
                           ? numbered(static_cast<size_t>(device - entries.begin()))
                           : "GPU:" + device->info.name;
    return devices;
}

Result<const GpuDevice*> choose_device(const GpuDevices& devices, std::string_view wanted) {
    constexpr std::string_view kByPart = "GPU:";
    const bool part = wanted.starts_with(kByPart) && wanted.size() > kByPart.size();
    const GpuDevice* device =
        part ? by_part(devices, wanted.substr(kByPart.size())) : by_number(devices, wanted);
    if (device) return device;
    return Error{ErrorCode::kNotFound,
                 "device '" + std::string(wanted) + "'; OpenCL devices: " + listing(devices)};
}

const GpuDevices& gpu_devices() {
    static const GpuDevices devices = [] {
        const char* preferred = std::getenv("FACET_GPU");
        auto found = opencl::enumerate_devices();
        GpuDevices named = name_devices(found ? *std::move(found) : std::vector<DeviceInfo>(),
                                        preferred ? preferred : "");
        if (!found) named.none = found.error().message;
        return named;
    }();
    return devices;
}

}  // namespace facet::gpu
