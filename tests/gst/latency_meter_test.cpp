// SPDX-License-Identifier: MIT
// LatencyMeter: the bound and when it is worth telling.
#include "gst/latency_meter.h"

#include <gtest/gtest.h>

namespace facet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kNone{0};

TEST(LatencyMeter, IsTheTimeoutBeforeAnythingRanOrWasMeasured) {
    EXPECT_EQ(LatencyMeter(milliseconds(5), kNone).bound(), milliseconds(5));
}

TEST(LatencyMeter, ForetellsABatchThatHasJustStartedAndItsOwn) {
    LatencyMeter meter(milliseconds(5), milliseconds(20));
    EXPECT_EQ(meter.bound(), milliseconds(45));
    EXPECT_FALSE(meter.add(milliseconds(44), milliseconds(20), kNone));
    EXPECT_EQ(meter.bound(), milliseconds(45)) << "the first frames made it jump";
}

TEST(LatencyMeter, CoversTimeoutAndInferenceEvenOfFramesThatDidNotWait) {
    LatencyMeter meter(milliseconds(5), kNone);
    EXPECT_TRUE(meter.add(milliseconds(20), milliseconds(20), kNone));
    EXPECT_EQ(meter.bound(), milliseconds(25));
}

TEST(LatencyMeter, CoversWaitsBeyondTheTimeout) {
    LatencyMeter meter(milliseconds(5), kNone);
    EXPECT_TRUE(meter.add(milliseconds(50), milliseconds(20), kNone));
    EXPECT_EQ(meter.bound(), milliseconds(50));
}

TEST(LatencyMeter, TellsOnlyOfChangesBeyondATenth) {
    LatencyMeter meter(kNone, kNone);
    EXPECT_TRUE(meter.add(milliseconds(100), kNone, kNone));
    EXPECT_FALSE(meter.add(milliseconds(110), kNone, kNone));
    EXPECT_EQ(meter.bound(), milliseconds(110)) << "the answer must hold all the same";
    EXPECT_TRUE(meter.add(milliseconds(111), kNone, kNone));
}

TEST(LatencyMeter, ForgetsASlowStartAfterTwoWindows) {
    LatencyMeter meter(kNone, kNone);
    EXPECT_TRUE(meter.add(milliseconds(500), kNone, seconds(20)));
    int told = 0;
    for (int i = 1; i < 2 * LatencyMeter::kWindow; ++i)
        told += meter.add(milliseconds(10), kNone, seconds(20)) ? 1 : 0;
    EXPECT_EQ(told, 1);
    EXPECT_EQ(meter.bound(), milliseconds(10));
}

TEST(LatencyMeter, GrowthIsToldAtOnceButOneReductionSoonAfterAnotherIsNot) {
    LatencyMeter meter(kNone, kNone);
    const auto fill = [&](milliseconds latency, Time now) {
        int told = 0;
        for (int i = 0; i < 2 * LatencyMeter::kWindow; ++i)
            told += meter.add(latency, kNone, now) ? 1 : 0;
        return told;
    };
    EXPECT_EQ(fill(milliseconds(500), seconds(100)), 1);
    EXPECT_EQ(fill(milliseconds(100), seconds(101)), 1);
    EXPECT_EQ(fill(milliseconds(50), seconds(102)), 0);
    EXPECT_EQ(meter.bound(), milliseconds(100));
    EXPECT_EQ(fill(milliseconds(50), seconds(112)), 1);
    EXPECT_EQ(fill(milliseconds(80), seconds(113)), 1);
}

}  // namespace
}  // namespace facet
