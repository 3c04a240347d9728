// SPDX-License-Identifier: MIT
// Batches cut into slices, of models whose outputs number their rows.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cpu/fusion/row_numbers.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/support/model_builder.h"

namespace facet::testing {

namespace {

constexpr int64_t kPriors = 6, kClasses = 3;
constexpr int kRows = 8;

struct Detector {
    ModelBuilder builder;
    ValueId list;
};

// Logits and scores are inputs, so that both backends see the very same numbers.
Detector detector() {
    DetectionOutputParams params;
    params.num_classes = kClasses;
    params.keep_top_k = 5;
    params.confidence_threshold = 0.3f;
    params.nms_threshold = 0.5f;
    params.normalized = true;
    params.share_location = true;
    Detector made;
    ModelBuilder& builder = made.builder;
    const ValueId logits = builder.input("logits", {1, kPriors * 4});
    const ValueId scores = builder.input("scores", {1, kPriors * kClasses});
    const ValueId priors = builder.random({1, 2, kPriors * 4}, 0.1f, 0.9f);
    made.list = builder.node(params, {logits, scores, priors});
    return made;
}

std::shared_ptr<const Graph> prepared(const ModelBuilder& builder) {
    Graph graph = builder.build();
    const auto done = prepare(graph, reference::evaluate);
    EXPECT_TRUE(done) << done.error().text();
    EXPECT_TRUE(analyze_batchability(graph).empty());
    return std::make_shared<const Graph>(std::move(graph));
}

std::vector<float> output_of(const Backend& backend, const std::shared_ptr<const Graph>& graph,
                             int rows) {
    const auto model = backend.compile(graph, {.max_batch = kRows, .threads = 2});
    EXPECT_TRUE(model) << model.error().text();
    const auto request = (*model)->create_request();
    EXPECT_TRUE(request) << request.error().text();
    std::mt19937 random(7);
    std::uniform_real_distribution<float> uniform(0, 1);
    for (size_t port = 0; port < 2; ++port)
        for (float& value : (*request)->input(port).as<float>()) value = uniform(random);
    // Twice: what a run adds must not add up.
    for (int run = 0; run < 2; ++run) {
        const auto done = (*request)->infer(rows);
        EXPECT_TRUE(done) << done.error().text();
    }
    const auto values = (*request)->output(0).as<float>();
    const int64_t size = (*model)->outputs()[0].row_shape.elements();
    return {values.begin(), values.begin() + rows * size};
}

}  // namespace

TEST(CpuRowNumbers, ListsOfASlicedBatchEqualTheReferencesRowNumbersIncluded) {
    Detector made = detector();
    made.builder.output(made.list);
    const auto graph = prepared(made.builder);
    EXPECT_TRUE(cpu::can_be_cut(*graph));
    for (const int rows : {1, 2, 3, 5, kRows}) {
        const auto result = output_of(cpu_backend(), graph, rows);
        EXPECT_EQ(result, output_of(reference_backend(), graph, rows)) << rows << " rows";
        EXPECT_EQ(result[(result.size() / rows) * (rows - 1)], static_cast<float>(rows - 1));
    }
}

TEST(CpuRowNumbers, AModelThatReadsItsListsOnIsNotCut) {
    Detector made = detector();
    ModelBuilder& builder = made.builder;
    builder.output(builder.multiply(made.list, builder.floats({1}, {3})));
    const auto graph = prepared(builder);
    EXPECT_FALSE(cpu::can_be_cut(*graph));
    EXPECT_TRUE(cpu::numbered_outputs(*graph).empty());
    EXPECT_EQ(output_of(cpu_backend(), graph, kRows), output_of(reference_backend(), graph, kRows));
}

TEST(CpuRowNumbers, EntriesThatAreNoneStayNegative) {
    Tensor lists = Tensor::allocate(DataType::kF32, {2, 1, 2, 7});
    const auto values = lists.mutable_view().as<float>();
    std::ranges::fill(values, 0.5f);
    values[14] = 0;
    values[21] = -1;
    cpu::renumber_rows(lists.mutable_view(), 14, 1, 1);
    EXPECT_EQ(values[0], 0.5f);
    EXPECT_EQ(values[14], 1);
    EXPECT_EQ(values[15], 0.5f);
    EXPECT_EQ(values[21], -1);
}

}  // namespace facet::testing
