// SPDX-License-Identifier: MIT
// The Graphviz graph of an inference's steps.
#include "engine/backends/step_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace facet {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<StepProfile> two_devices() {
    StepProfile stem{.name = "stem \"a\"",
                     .kind = "Convolution",
                     .fused = {"relu"},
                     .implementation = "jit",
                     .layout = "nhwc f32",
                     .device = "CPU",
                     .inputs = {},
                     .seconds = 0.003,
                     .flop = 6e6};
    StepProfile pool{.name = "pool",
                     .kind = "Pooling",
                     .fused = {},
                     .implementation = "kernel",
                     .layout = "nchw f16",
                     .device = "GPU",
                     .inputs = {0},
                     .seconds = 0.001,
                     .flop = 0};
    return {stem, pool};
}

TEST(StepGraph, ABoxSaysWhatAStepIsAndWhatItTook) {
    const std::string dot = step_graph(two_devices(), "model");
    EXPECT_THAT(dot, HasSubstr("digraph"));
    EXPECT_THAT(dot, HasSubstr("s0 [label=\"stem \\\"a\\\"\\nConvolution\\n+ relu\\nCPU jit\\n"
                               "3.000 ms, 75.0 %, 2.0 GFLOP/s\""));
    EXPECT_THAT(dot, HasSubstr("1.000 ms, 25.0 %\""));
}

TEST(StepGraph, AnArrowCarriesTheLayoutOfWhatIsRead) {
    EXPECT_THAT(step_graph(two_devices(), ""), HasSubstr("s0 -> s1 [label=\"nhwc f32\"]"));
}

TEST(StepGraph, ColoursByTimeAndBordersByDevice) {
    const std::string dot = step_graph(two_devices(), "");
    EXPECT_THAT(dot, HasSubstr("fillcolor=\"0.020 0.850 1.000\", color=\"#1f5fae\""));
    EXPECT_THAT(dot, HasSubstr("fillcolor=\"0.020 0.283 1.000\", color=\"#0f8a6d\""));
}

TEST(StepGraph, StepsWithoutTimeAreWhite) {
    std::vector<StepProfile> steps = two_devices();
    for (StepProfile& step : steps) step.seconds = 0;
    const std::string dot = step_graph(steps, "");
    EXPECT_THAT(dot, HasSubstr("fillcolor=\"0.020 0.000 1.000\""));
    EXPECT_THAT(dot, Not(HasSubstr("nan")));
}

}  // namespace
}  // namespace facet
