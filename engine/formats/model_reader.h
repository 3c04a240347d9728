// SPDX-License-Identifier: MIT
// Reads a model file into a Graph, choosing the reader by the file itself.
#pragma once

#include <filesystem>
#include <optional>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet {

// OpenVINO IR (.xml, with the .bin beside it) or ONNX (.onnx). The graph is as the file has it, but
// for batch: a dynamic or missing axis 0 of an input becomes 1. Two further dynamic axes of an
// input are its height and width and take `open_size`; without it, and for any other dynamic axis,
// an error names the input. Weights stay in the mapped or parsed file, which lives as long as a
// tensor refers to it. Every error begins with the file's name; a damaged file is an error, never a
// crash. Reentrant.
[[nodiscard]] Result<Graph> read_model(const std::filesystem::path& path,
                                       std::optional<Extent2> open_size = {});

}  // namespace facet
