// SPDX-License-Identifier: MIT
// ModelBuilder as the case table wants it.
#include "tests/conformance/case_builder.h"

#include <cmath>

namespace facet::testing {

CaseBuilder::CaseBuilder(const std::string& name) : ModelBuilder(name), random_(name) {}

ValueId CaseBuilder::input(const Shape& shape, DataType type) {
    return ModelBuilder::input("input" + std::to_string(inputs_++), shape, type);
}

ValueId CaseBuilder::weights(const Shape& shape, float low, float high) {
    std::vector<float> values(shape.elements());
    for (float& value : values) value = random_.uniform(low, high);
    return floats(shape, values);
}

ValueId CaseBuilder::byte_weights(const Shape& shape) {
    std::vector<int8_t> values(shape.elements());
    for (int8_t& value : values)
        value = static_cast<int8_t>(std::lround(random_.uniform(-127.0f, 127.0f)));
    return constant(Tensor::of<int8_t>(shape, std::span<const int8_t>(values)));
}

ValueId CaseBuilder::floats(const Shape& shape, const std::vector<float>& values) {
    return constant(Tensor::of<float>(shape, std::span<const float>(values)));
}

ValueId CaseBuilder::integers(const std::vector<int64_t>& values) {
    const Shape count{static_cast<int64_t>(values.size())};
    return constant(Tensor::of<int64_t>(count, std::span<const int64_t>(values)));
}

ValueId CaseBuilder::convolution(ValueId x, int64_t channels, Extent2 kernel,
                                 const ConvolutionParams& params, bool bias) {
    const int64_t depth = shape(x)[1] / params.groups;
    const ValueId filter = weights({channels, depth, kernel[0], kernel[1]});
    if (!bias) return node(params, {x, filter});
    return node(params, {x, filter, weights({channels})});
}

}  // namespace facet::testing
