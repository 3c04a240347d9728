// SPDX-License-Identifier: MIT
// Tensors share storage, copy only misaligned file bytes, and halves convert exactly.
#include "engine/base/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace facet {
namespace {

TEST(Tensor, BorrowsAlignedFileBytesAndKeepsTheirOwnerAlive) {
    auto owner = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3, 4});
    const float* bytes = owner->data();
    Tensor tensor = Tensor::from_file_bytes(owner, bytes, DataType::kF32, Shape{4});
    EXPECT_EQ(tensor.view().bytes, bytes);
    owner.reset();
    EXPECT_EQ(tensor.as<float>()[3], 4.0f);
}

TEST(Tensor, CopiesMisalignedFileBytes) {
    auto owner = std::make_shared<std::vector<uint8_t>>(9);
    const float value = 2.5f;
    std::memcpy(owner->data() + 1, &value, sizeof value);
    const Tensor tensor =
        Tensor::from_file_bytes(owner, owner->data() + 1, DataType::kF32, Shape{1});
    EXPECT_EQ(tensor.as<float>()[0], 2.5f);
    EXPECT_NE(tensor.view().bytes, owner->data() + 1);
}

TEST(Half, EveryFiniteHalfSurvivesTheRoundTrip) {
    for (uint32_t bits = 0; bits < 0x10000u; ++bits) {
        const Half half{static_cast<uint16_t>(bits)};
        const float value = to_float(half);
        if (std::isnan(value)) continue;
        ASSERT_EQ(to_half(value).bits, half.bits) << bits;
    }
}

TEST(Half, RoundsToNearestEvenAndSaturatesToInfinity) {
    EXPECT_EQ(to_half(1.0f + 0x1p-11f).bits, to_half(1.0f).bits);           // tie: to even
    EXPECT_EQ(to_half(1.0f + 3 * 0x1p-11f).bits, to_half(1.0f).bits + 2u);  // tie: to even
    EXPECT_TRUE(std::isinf(to_float(to_half(65520.0f))));
    EXPECT_EQ(to_float(to_half(65519.0f)), 65504.0f);
    EXPECT_TRUE(std::isnan(to_float(to_half(std::numeric_limits<float>::quiet_NaN()))));
}

}  // namespace
}  // namespace facet
