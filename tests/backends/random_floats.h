// SPDX-License-Identifier: MIT
// Numbers for tests of kernels: normally distributed, the same for the same seed.
#pragma once

#include <cstdint>
#include <random>

#include "engine/base/tensor.h"

namespace facet::testing {

[[nodiscard]] inline Tensor random_floats(int64_t count, uint32_t seed) {
    Tensor tensor = Tensor::allocate(DataType::kF32, Shape{count});
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (float& value : tensor.mutable_view().as<float>()) value = normal(random);
    return tensor;
}

}  // namespace facet::testing
