// SPDX-License-Identifier: MIT
// Asks the system and every device what they are.
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/gpu/gpu_registry.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/backends/registry.h"
#include "engine/graph/batchability.h"

namespace facet {

namespace {

std::shared_ptr<const Graph> graph_of_one_node() {
    Graph graph;
    graph.name = "probe";
    const ValueId x = graph.add_value("x", DataType::kF32, Shape{1, 16});
    const ValueId y = graph.add_value("y", DataType::kF32, Shape{1, 16});
    graph.add_node({"relu", "Relu", ActivationParams{}, {x}, {y}});
    graph.inputs = {x};
    graph.outputs = {y};
    (void)analyze_batchability(graph);
    return std::make_shared<const Graph>(std::move(graph));
}

// Fills in the precisions and what computes in them, or why there is none.
void probe(const Backend& backend, DeviceDescription& device) {
    const auto graph = graph_of_one_node();
    for (const PrecisionName& entry : kPrecisionNames) {
        if (entry.precision == Precision::kAuto) continue;
        const auto compiled = backend.compile(graph, {.threads = 1, .precision = entry.precision});
        if (compiled.ok()) {
            device.precisions.push_back(entry.precision);
            const std::string description = (*compiled)->description();
            if (device.software.empty())
                device.software = description.substr(0, description.find(", "));
        } else if (compiled.error().code == ErrorCode::kInvalidArgument) {
            // It is this graph, which quantises nothing, that cannot run as int8.
            device.precisions.push_back(entry.precision);
        } else if (entry.precision == Precision::kF32) {
            device.refused = compiled.error().message;
        }
    }
}

// /proc/cpuinfo's; "processor" where there is none.
std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    constexpr std::string_view kKey = "model name";
    for (std::string line; std::getline(file, line);) {
        const size_t colon = line.find(": ");
        if (line.starts_with(kKey) && colon != std::string::npos) return line.substr(colon + 2);
    }
    return "processor";
}

DeviceDescription processor(const Backend& backend) {
    const auto pages = static_cast<uint64_t>(std::max(sysconf(_SC_PHYS_PAGES), 0L));
    return {.name = std::string(backend.name()),
            .hardware = processor_name(),
            .memory = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)),
            .compute_units = std::thread::hardware_concurrency()};
}

}  // namespace

std::vector<DeviceDescription> describe_devices() {
    std::vector<DeviceDescription> devices{processor(cpu_backend()),
                                           processor(reference_backend())};
    std::ranges::move(describe_gpus(), std::back_inserter(devices));
    for (DeviceDescription& device : devices) {
        if (!device.refused.empty()) continue;
        const auto backend = std::ranges::find(all_backends(), device.name, &Backend::name);
        probe(**backend, device);
    }
    std::ranges::stable_partition(devices,
                                  [](const auto& device) { return device.refused.empty(); });
    return devices;
}

}  // namespace facet
