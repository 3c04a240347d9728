// SPDX-License-Identifier: MIT
// Runs one operation on the reference backend with operands written by hand.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "engine/backends/reference/reference_backend.h"

namespace facet::testing {

inline Tensor floats(const Shape& shape, const std::vector<float>& values) {
    return Tensor::of<float>(shape, std::span<const float>(values));
}

inline Tensor integers(const std::vector<int64_t>& values) {
    return Tensor::of<int64_t>(Shape{static_cast<int64_t>(values.size())},
                               std::span<const int64_t>(values));
}

// 0, 1, 2, ...
inline Tensor counting(const Shape& shape) {
    std::vector<float> values(shape.elements());
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    return floats(shape, values);
}

inline Result<std::vector<Tensor>> evaluate_op(const OpParams& params,
                                               const std::vector<Tensor>& inputs,
                                               size_t outputs = 1) {
    Node node;
    node.name = "n";
    node.file_type = name_of(params);
    node.params = params;
    node.outputs.resize(outputs);
    return reference::evaluate(node, inputs);
}

// The only output, or an empty tensor and a failed test.
inline Tensor result_of(const OpParams& params, const std::vector<Tensor>& inputs) {
    auto results = evaluate_op(params, inputs);
    if (!results) {
        ADD_FAILURE() << results.error().text();
        return Tensor::allocate(DataType::kF32, Shape{0});
    }
    return results->front();
}

inline std::vector<float> floats_of(const Tensor& tensor) {
    const auto values = tensor.as<float>();
    return {values.begin(), values.end()};
}

inline std::vector<float> floats_of(const OpParams& params, const std::vector<Tensor>& inputs) {
    return floats_of(result_of(params, inputs));
}

}  // namespace facet::testing
