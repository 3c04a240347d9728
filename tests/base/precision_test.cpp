// SPDX-License-Identifier: MIT
// Precisions have the names the property spells, and a device says which it lacks.
#include "engine/base/precision.h"

#include <gtest/gtest.h>

namespace facet {
namespace {

TEST(Precision, NamesAndValuesGoBothWays) {
    for (const PrecisionName& entry : kPrecisionNames) {
        EXPECT_EQ(to_string(entry.precision), entry.name);
        EXPECT_EQ(parse_precision(entry.name), entry.precision);
    }
    EXPECT_FALSE(parse_precision("fp64"));
}

TEST(Precision, WhatADeviceLacksIsRefusedByName) {
    EXPECT_TRUE(
        require_precision(Precision::kF32, "CPU", {Precision::kAuto, Precision::kF32}).ok());
    EXPECT_EQ(require_precision(Precision::kF16, "CPU", {Precision::kAuto, Precision::kF32})
                  .error()
                  .text(),
              "Unsupported: precision fp16 on device CPU; supported: auto, fp32");
}

}  // namespace
}  // namespace facet
