// SPDX-License-Identifier: MIT
// The XML of an OpenVINO IR as plain structs: what it says, before any operation is understood.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace facet {

struct IrPort {
    int64_t id = 0;
    std::vector<int64_t> extents;  // as stated, -1 where dynamic; no rank-0 / absent distinction
};

struct IrLayer {
    int64_t id = 0;
    std::string name;
    std::string type;
    std::string opset;  // "opset1"; empty when the file does not say
    std::map<std::string, std::string, std::less<>> attributes;
    std::vector<IrPort> inputs, outputs;  // in the file's order, which is the operation's order
};

struct IrEdge {
    int64_t from_layer = 0, from_port = 0;
    int64_t to_layer = 0, to_port = 0;
};

struct IrDocument {
    std::string name;
    std::vector<IrLayer> layers;
    std::vector<IrEdge> edges;
};

// kCorrupt for anything that is not the XML of a net with layers and edges, kUnsupported for a
// version other than 10 and 11. Reentrant.
[[nodiscard]] Result<IrDocument> parse_ir_document(std::span<const std::byte> xml);

// "1,3,62,62" as integers, "" as none; kCorrupt for anything else.
[[nodiscard]] Result<std::vector<int64_t>> parse_integers(const std::string& text);
[[nodiscard]] Result<std::vector<float>> parse_numbers(const std::string& text);

}  // namespace facet
