// SPDX-License-Identifier: MIT
// Contender: one way of running one net on batches, for the benches to take turns with.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/backends/backend.h"
#include "tests/bench/peers/onnx_runtime.h"

namespace facet::bench {

// Thread-bound.
class Contender {
  public:
    virtual ~Contender() = default;
    // Runs a batch of `rows` made-up rows.
    [[nodiscard]] virtual Result<void> run(int rows) = 0;
    // All outputs of the last run, which was of one row, one after the other.
    [[nodiscard]] virtual std::vector<float> results() const = 0;
};

// Compiled for batches of up to `most` rows.
[[nodiscard]] Result<std::unique_ptr<Contender>> make_facet(
    const std::shared_ptr<const Graph>& graph, Precision precision, int threads, int most);
// Of a graph that takes pixels; its first row has some, as if one face had just been cropped.
[[nodiscard]] Result<std::unique_ptr<Contender>> make_facet_on_pixels(
    const std::shared_ptr<const Graph>& graph, Precision precision, int threads, int most);
// `file`: the bytes of an ONNX file.
[[nodiscard]] Result<std::unique_ptr<Contender>> make_onnx_runtime(OnnxRuntime& runtime,
                                                                   const Graph& graph,
                                                                   const std::string& file,
                                                                   int threads, int most);
// The net is exported for each batch size it is asked for, since OpenCV fixes shapes when it loads.
[[nodiscard]] Result<std::unique_ptr<Contender>> make_opencv(
    const std::shared_ptr<const Graph>& graph, int threads, int most);
// Two of single threads, each on its own half of the batch; a batch of one has no halves.
[[nodiscard]] std::unique_ptr<Contender> make_pair(std::unique_ptr<Contender> here,
                                                   std::unique_ptr<Contender> there);

}  // namespace facet::bench
