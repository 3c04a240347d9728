// SPDX-License-Identifier: MIT
// A prepared Facet graph as an ONNX file, so that peers run the very same net.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet::bench {

enum class ExportNumbers {
    kFloat,      // FakeQuantize dropped
    kQuantised,  // FakeQuantize as QuantizeLinear + DequantizeLinear, weights and biases behind it
                 // as integers, per output channel
};

// Opset 13. `rows`: the batch size written into the file; 0 leaves it open. `graph` is prepared and
// analysed for batchability, takes f32 and is of the kinds of nets that the benches measure. A
// DetectionOutput, which ONNX lacks, is left out: the file's outputs are then its logits and its
// scores. kUnsupported names the node that has no ONNX form here.
[[nodiscard]] Result<std::string> export_onnx(const Graph& graph, ExportNumbers numbers, int rows);

}  // namespace facet::bench
