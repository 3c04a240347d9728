// SPDX-License-Identifier: MIT
// Result carries a value or an error, and the macros hand errors on.
#include "engine/base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace facet {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0) return Error{ErrorCode::kInvalidArgument, "number is odd"};
    return number / 2;
}

Result<int> quarter(int number) {
    FACET_ASSIGN(const int halved, half(number));
    return half(halved);
}

Result<void> check_even(int number) {
    FACET_TRY(half(number));
    return {};
}

TEST(Result, MacrosHandOnValuesAndErrors) {
    EXPECT_EQ(quarter(12).value(), 3);
    EXPECT_EQ(quarter(6).error().text(), "Invalid argument: number is odd");
    EXPECT_TRUE(check_even(2).ok());
    EXPECT_FALSE(check_even(3).ok());
}

TEST(Result, HoldsMoveOnlyValues) {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
    const std::unique_ptr<int> taken = *std::move(result);
    EXPECT_EQ(*taken, 7);
}

TEST(Result, WithinPrefixesThePlace) {
    const Error error{ErrorCode::kCorrupt, "no layers"};
    EXPECT_EQ(error.within("a.xml").text(), "Corrupt: a.xml: no layers");
}

}  // namespace
}  // namespace facet
