// SPDX-License-Identifier: MIT
// Writes small graphs with seeded weights, as a file reader would.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "engine/graph/graph.h"

namespace facet::testing {

// Uniform numbers in [low, high), the same on every machine.
class Random {
  public:
    explicit Random(std::string_view seed);
    [[nodiscard]] float uniform(float low, float high);

  private:
    std::mt19937 generator_;
};

// Values are named "v0", "v1", ...; nodes "n0", "n1", ... Seeded by the graph's name, so the same
// calls give the same graph. Reentrant.
class GraphBuilder {
  public:
    explicit GraphBuilder(const std::string& name);

    [[nodiscard]] ValueId input(const Shape& shape, DataType type = DataType::kF32);
    // Random f32 in [low, high).
    [[nodiscard]] ValueId weights(const Shape& shape, float low = -0.5f, float high = 0.5f);
    // Random i8 in [-127, 127].
    [[nodiscard]] ValueId byte_weights(const Shape& shape);
    [[nodiscard]] ValueId constant(const Shape& shape, const std::vector<float>& values);
    [[nodiscard]] ValueId integers(const std::vector<int64_t>& values);

    ValueId node(OpParams params, std::vector<ValueId> inputs);
    std::vector<ValueId> nodes(OpParams params, std::vector<ValueId> inputs, size_t outputs);
    // A convolution with random weights [channels, x's channels / groups, kernel] and bias.
    ValueId convolution(ValueId x, int64_t in, int64_t out, Extent2 kernel,
                        const ConvolutionParams& params = {}, bool bias = true);

    [[nodiscard]] Graph finish(std::vector<ValueId> outputs);

  private:
    [[nodiscard]] std::string next_value_name() const;

    Graph graph_;
    Random random_;
};

}  // namespace facet::testing
