// SPDX-License-Identifier: MIT
// What facet-inspect knows of a model: what is in the file, what Facet makes of it, what it costs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/tensor.h"
#include "engine/graph/graph.h"

namespace facet {

struct InspectOptions {
    std::filesystem::path model;
    std::optional<Extent2> open_size;  // for a model that leaves height and width open
    std::vector<int> batch_sizes{1, 2, 4, 8, 16, 32};
    int threads = 0;
};

struct InspectedPort {
    std::string name;
    DataType type = DataType::kF32;
    Shape shape;
};

// A node of the prepared graph.
struct InspectedNode {
    std::string name, file_type, operation;
    Shape output;
    int64_t operations = 0;  // see operation_count()
    bool batched = false;    // its results have a row per row of the batch
    std::string mixes_rows;  // why it may, or empty
};

struct InspectedMemory {
    int batch = 1;
    int64_t ports = 0;               // bytes of inputs and outputs
    std::optional<int64_t> working;  // bytes of what lies between, where the device knows
};

// A device, the nodes it does not take, and what it needs.
struct InspectedDevice {
    struct Refusal {
        std::string node, reason;
    };
    std::string name;
    size_t taken = 0;
    std::vector<Refusal> refusals;
    std::string description;  // of the compiled model
    std::string error;        // why it did not compile, or empty
    std::vector<InspectedMemory> memory;
};

struct Inspection {
    std::string format, graph_name;
    std::vector<InspectedPort> inputs, outputs;
    size_t file_nodes = 0;
    int64_t parameters = 0, parameter_bytes = 0;
    std::vector<InspectedNode> nodes;
    bool batchable = false;
    std::vector<InspectedDevice> devices;

    [[nodiscard]] int64_t operations() const;
};

// Reads, prepares, analyses and compiles the model; nothing is run. Errors are those of the readers
// and of prepare(), and begin with the file's name.
[[nodiscard]] Result<Inspection> inspect(const InspectOptions& options);

}  // namespace facet
