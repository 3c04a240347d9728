// SPDX-License-Identifier: MIT
// OpenVINO intermediate representation, versions 10 and 11.
#pragma once

#include <filesystem>
#include <optional>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet {

// `xml` with the weights in the same path ending in .bin (needed only if a Const has elements).
// Source: OpenVINO opset1..opset8 operation specifications. See read_model() for the contract.
[[nodiscard]] Result<Graph> read_openvino_ir(const std::filesystem::path& xml,
                                             std::optional<Extent2> open_size = {});

}  // namespace facet
