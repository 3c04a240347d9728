// SPDX-License-Identifier: MIT
// Which first steps of a graph of pixels become one, and that they compute what they did.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "engine/backends/cpu/choice/joined_steps.h"
#include "engine/backends/cpu/convolution/pixels.h"
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/backends/all_outputs.h"
#include "tests/support/model_builder.h"

namespace facet::testing {

namespace {

constexpr int kRows = 3;
constexpr size_t kConvertAndTranspose = 2;  // steps that only say how the pixels lie

struct Head {
    int64_t channels = 32;
    bool activation_before = false, pooled = false, activation_after = false;
    bool filtered_is_an_output = false;
    bool of_bytes = true;
    ActivationParams::Kind kind = ActivationParams::Kind::kRelu;
    float alpha = 0;
};

void normalize(Graph& graph) {
    const auto pixels = accept_u8_pixels(graph, 0, {{100, 110, 120}, {60, 70, 80}}, false);
    EXPECT_TRUE(pixels) << pixels.error().text();
}

// A convolution of normalised pixels, with what `head` says behind it.
std::shared_ptr<const Graph> graph_of(const Head& head) {
    ConvolutionParams same;
    same.pads_begin = same.pads_end = {1, 1};
    ModelBuilder builder;
    ValueId y = builder.conv(builder.input("x", {1, 3, 17, 23}), head.channels, 3, same);
    if (head.activation_before) y = builder.activation(y, head.kind, head.alpha);
    if (head.filtered_is_an_output) builder.output(y, "filtered");
    if (head.pooled) y = builder.pool(y, PoolingKind::kMax, 3, 2);
    if (head.activation_after) y = builder.activation(y, head.kind, head.alpha);
    builder.output(y, "y");
    Graph graph = builder.build();
    if (head.of_bytes) normalize(graph);
    EXPECT_TRUE(analyze_batchability(graph).empty());
    return std::make_shared<const Graph>(std::move(graph));
}

std::vector<float> results(const Backend& backend, const std::shared_ptr<const Graph>& graph,
                           int threads) {
    const auto model = backend.compile(graph, {.max_batch = kRows, .threads = threads});
    EXPECT_TRUE(model) << model.error().text();
    const auto request = (*model)->create_request();
    std::mt19937 random(7);
    if ((*request)->input(0).type == DataType::kU8)
        for (uint8_t& byte : (*request)->input(0).as<uint8_t>())
            byte = static_cast<uint8_t>(random());
    else
        for (float& number : (*request)->input(0).as<float>())
            number = static_cast<float>(random() % 256) / 100.0f;
    EXPECT_TRUE((*request)->infer(kRows));
    return testing::all_outputs(**model, **request);
}

size_t joined_steps(const Head& head) {
    const auto graph = graph_of(head);
    std::vector<cpu::PlannedStep> plan = cpu::plan_steps(*graph);
    cpu::join_pixels(*graph, plan);
    return plan.size() - (head.of_bytes ? kConvertAndTranspose : 0);
}

}  // namespace

TEST(CpuPixelStep, ResultsAreTheReferencesOnOneThreadAndOnTwo) {
    using Kind = ActivationParams::Kind;
    for (const Head& head :
         {Head{}, Head{.of_bytes = false}, Head{.channels = 24}, Head{.activation_before = true},
          Head{.channels = 48, .pooled = true}, Head{.pooled = true, .activation_after = true},
          Head{.activation_before = true, .pooled = true},
          Head{.pooled = true, .activation_after = true, .kind = Kind::kLeakyRelu, .alpha = -1},
          Head{.activation_before = true, .pooled = true, .filtered_is_an_output = true}}) {
        const auto graph = graph_of(head);
        const std::vector<float> expected = results(reference_backend(), graph, 1);
        for (const int threads : {1, 2}) {
            const std::vector<float> found = results(cpu_backend(), graph, threads);
            ASSERT_EQ(found.size(), expected.size());
            for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-4);
        }
    }
}

TEST(CpuPixelStep, ArithmeticPoolAndActivationBecomeOneStep) {
    if (!cpu::PixelConvolution::is_available()) GTEST_SKIP() << "no 512-bit vectors here";
    EXPECT_EQ(joined_steps({}), 1U);
    EXPECT_EQ(joined_steps({.activation_before = true, .pooled = true}), 1U);
    EXPECT_EQ(joined_steps({.pooled = true, .of_bytes = false}), 1U);
    EXPECT_EQ(joined_steps({.pooled = true, .activation_after = true}), 1U);
}

TEST(CpuPixelStep, WhatOthersReadOrWhatDoesNotAscendStaysByItself) {
    EXPECT_EQ(joined_steps({.channels = 24}), 3U);  // mean, scale and the convolution
    EXPECT_EQ(joined_steps({.pooled = true, .filtered_is_an_output = true}), 2U);
    EXPECT_EQ(joined_steps({.pooled = true,
                            .activation_after = true,
                            .kind = ActivationParams::Kind::kLeakyRelu,
                            .alpha = -1}),
              2U);
}

}  // namespace facet::testing
