// SPDX-License-Identifier: MIT
// LatencyMeter: the bound and when it is worth telling.
#include "gst/latency_meter.h"

#include <gtest/gtest.h>

namespace facet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kNone{0};
constexpr auto kWakeUps = LatencyMeter::kWakeUps;

int fill(LatencyMeter& meter, milliseconds latency, Time now) {
    int told = 0;
    for (int i = 0; i < 2 * LatencyMeter::kWindow; ++i)
        told += meter.add(latency, kNone, now) ? 1 : 0;
    return told;
}

TEST(LatencyMeter, IsTheTimeoutBeforeAnythingRanOrWasMeasured) {
    EXPECT_EQ(LatencyMeter(milliseconds(5), kNone).bound(), milliseconds(5) + kWakeUps);
}

TEST(LatencyMeter, ForetellsABatchThatHasJustStartedAndItsOwn) {
    LatencyMeter meter(milliseconds(5), milliseconds(20));
    EXPECT_EQ(meter.bound(), milliseconds(45) + kWakeUps);
    EXPECT_FALSE(meter.add(milliseconds(44), milliseconds(20), kNone));
    EXPECT_EQ(meter.bound(), milliseconds(45) + kWakeUps) << "the first frames made it jump";
}

TEST(LatencyMeter, CoversTimeoutAndInferenceEvenOfFramesThatDidNotWait) {
    LatencyMeter meter(milliseconds(5), kNone);
    EXPECT_TRUE(meter.add(milliseconds(20), milliseconds(20), kNone));
    EXPECT_GE(meter.bound(), milliseconds(25));
}

TEST(LatencyMeter, CoversWaitsBeyondTheTimeoutWithRoomForTheNext) {
    LatencyMeter meter(milliseconds(5), kNone);
    EXPECT_TRUE(meter.add(milliseconds(40), milliseconds(20), kNone));
    EXPECT_EQ(meter.bound(), milliseconds(50));
    EXPECT_FALSE(meter.add(milliseconds(49), milliseconds(20), kNone));
    EXPECT_TRUE(meter.add(milliseconds(52), milliseconds(20), kNone));
    EXPECT_EQ(meter.bound(), milliseconds(65));
}

TEST(LatencyMeter, ForgetsASlowStartAfterTwoWindows) {
    LatencyMeter meter(kNone, kNone);
    EXPECT_TRUE(meter.add(milliseconds(500), kNone, seconds(100)));
    EXPECT_EQ(fill(meter, milliseconds(8), seconds(100)), 1);
    EXPECT_EQ(meter.bound(), milliseconds(10));
}

TEST(LatencyMeter, GrowthIsToldAtOnceButOneReductionSoonAfterAnotherIsNot) {
    LatencyMeter meter(kNone, kNone);
    EXPECT_EQ(fill(meter, milliseconds(500), seconds(100)), 1);
    EXPECT_EQ(fill(meter, milliseconds(80), seconds(101)), 1);
    EXPECT_EQ(fill(meter, milliseconds(40), seconds(102)), 0);
    EXPECT_EQ(meter.bound(), milliseconds(100));
    EXPECT_EQ(fill(meter, milliseconds(40), seconds(160)), 0);
    EXPECT_EQ(fill(meter, milliseconds(40), seconds(161)), 1);
    EXPECT_EQ(fill(meter, milliseconds(80), seconds(162)), 1);
}

TEST(LatencyMeter, ForeseesWhatAQueueThatHasGrownWillDoBeforeAFrameHasSufferedIt) {
    LatencyMeter meter(milliseconds(5), milliseconds(20));
    EXPECT_FALSE(meter.foresee(milliseconds(5))) << "no more than the timeout";
    EXPECT_FALSE(meter.foresee(milliseconds(17))) << "of this the bound has room";
    EXPECT_TRUE(meter.foresee(milliseconds(60)));
    EXPECT_EQ(meter.bound(), milliseconds(100));
    EXPECT_FALSE(meter.foresee(milliseconds(60)));
    EXPECT_TRUE(meter.foresee(milliseconds(61))) << "the first beyond it";
    EXPECT_FALSE(meter.foresee(milliseconds(70))) << "but not each of a queue that grows";
    EXPECT_EQ(fill(meter, milliseconds(30), seconds(200)), 1) << "and not for ever";
}

TEST(LatencyMeter, ReductionsOfLessThanATenthAreNotWorthTelling) {
    LatencyMeter meter(kNone, kNone);
    EXPECT_EQ(fill(meter, milliseconds(100), seconds(100)), 1);
    EXPECT_EQ(fill(meter, milliseconds(91), seconds(200)), 0);
    EXPECT_EQ(fill(meter, milliseconds(89), seconds(200)), 1);
}

}  // namespace
}  // namespace facet
