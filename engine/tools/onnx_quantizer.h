// SPDX-License-Identifier: MIT
// Writes QuantizeLinear and DequantizeLinear into an ONNX model.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace facet {

// The bytes of an activation, 0..255: x = scale (byte - zero_point).
struct ActivationBytes {
    float scale = 1;
    int zero_point = 0;
};

// What reading a model for quantisation says of it.
struct QuantizableModel {
    std::string input;                     // of the graph
    std::vector<std::string> activations;  // that convolutions and matrix products with constant
                                           // weights read, each once, in order of use
    int layers = 0;                        // such convolutions and products
};

// Errors name the file: it cannot be read, or an operation of an old operator set means something
// else in set 13, which per-channel steps need.
[[nodiscard]] Result<QuantizableModel> read_quantizable(const std::filesystem::path& model);
// A copy whose outputs are `tensors`; the quantiser looks at them.
[[nodiscard]] Result<void> write_with_outputs(const std::filesystem::path& model,
                                              const std::vector<std::string>& tensors,
                                              const std::filesystem::path& copy);
// A copy of operator set 13 at least, whose layers read their activations through bytes, as `bytes`
// says by name, and hold their weights as i8 with one symmetric step per output channel. Layers
// whose activation is not in `bytes` stay as they are. Yields how many do not.
[[nodiscard]] Result<int> write_quantized(const std::filesystem::path& model,
                                          const std::map<std::string, ActivationBytes>& bytes,
                                          const std::filesystem::path& copy);

}  // namespace facet
