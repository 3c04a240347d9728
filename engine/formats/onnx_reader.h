// SPDX-License-Identifier: MIT
// ONNX, operator sets 1 to 17 of the default domain.
#pragma once

#include <filesystem>
#include <optional>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet {

// Source: onnx.proto3 (IR version 3 to 8) and the ONNX operator specifications. See read_model().
[[nodiscard]] Result<Graph> read_onnx(const std::filesystem::path& path,
                                      std::optional<Extent2> open_size = {});

}  // namespace facet
