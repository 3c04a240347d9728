// SPDX-License-Identifier: MIT
// LatencyMeter: the bound and when it is worth telling.
#include "gst/latency_meter.h"

#include <gtest/gtest.h>

namespace facet {
namespace {

using std::chrono::milliseconds;

TEST(LatencyMeter, IsTheTimeoutBeforeAnythingRan) {
    EXPECT_EQ(LatencyMeter(milliseconds(5)).bound(), milliseconds(5));
}

TEST(LatencyMeter, CoversTimeoutAndInferenceEvenOfItemsThatDidNotWait) {
    LatencyMeter meter(milliseconds(5));
    EXPECT_TRUE(meter.add(milliseconds(0), milliseconds(20)));
    EXPECT_EQ(meter.bound(), milliseconds(25));
}

TEST(LatencyMeter, CoversWaitsBeyondTheTimeout) {
    LatencyMeter meter(milliseconds(5));
    EXPECT_TRUE(meter.add(milliseconds(30), milliseconds(20)));
    EXPECT_EQ(meter.bound(), milliseconds(50));
}

TEST(LatencyMeter, TellsOnlyOfChangesBeyondATenth) {
    LatencyMeter meter(milliseconds(0));
    EXPECT_TRUE(meter.add(milliseconds(0), milliseconds(100)));
    EXPECT_FALSE(meter.add(milliseconds(0), milliseconds(110)));
    EXPECT_TRUE(meter.add(milliseconds(0), milliseconds(111)));
}

TEST(LatencyMeter, ForgetsASlowStartAfterTwoWindows) {
    LatencyMeter meter(milliseconds(0));
    EXPECT_TRUE(meter.add(milliseconds(0), milliseconds(500)));
    int told = 0;
    for (int i = 1; i < 2 * LatencyMeter::kWindow; ++i)
        told += meter.add(milliseconds(0), milliseconds(10)) ? 1 : 0;
    EXPECT_EQ(told, 1);
    EXPECT_EQ(meter.bound(), milliseconds(10));
}

}  // namespace
}  // namespace facet
