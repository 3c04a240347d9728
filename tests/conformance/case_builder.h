// SPDX-License-Identifier: MIT
// ModelBuilder as the case table wants it: nameless values, weights seeded by the case's name.
#pragma once

#include <string>
#include <vector>

#include "tests/conformance/random.h"
#include "tests/support/model_builder.h"

namespace facet::testing {

// The same calls under the same name give the same graph on every machine.
class CaseBuilder : public ModelBuilder {
  public:
    explicit CaseBuilder(const std::string& name);

    [[nodiscard]] ValueId input(const Shape& shape, DataType type = DataType::kF32);
    // Random f32 in [low, high).
    [[nodiscard]] ValueId weights(const Shape& shape, float low = -0.5f, float high = 0.5f);
    // Random i8 in [-127, 127].
    [[nodiscard]] ValueId byte_weights(const Shape& shape);
    [[nodiscard]] ValueId floats(const Shape& shape, const std::vector<float>& values);
    [[nodiscard]] ValueId integers(const std::vector<int64_t>& values);
    // With random weights [channels, x's channels / groups, kernel] and bias.
    ValueId convolution(ValueId x, int64_t channels, Extent2 kernel,
                        const ConvolutionParams& params = {}, bool bias = true);

  private:
    Random random_;
    int inputs_ = 0;
};

}  // namespace facet::testing
