// SPDX-License-Identifier: MIT
// The batchability proof of every operation: what passes, and why the rest does not.
#include "engine/graph/batchability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/model_builder.h"

namespace facet {
namespace {

using ::testing::HasSubstr;
using testing::ModelBuilder;

constexpr const char* kNone = "";

// The reason for the graph's last node, or "".
std::string last_reason(Graph graph) {
    std::string reason;
    for (const BatchVerdict& verdict : analyze_batchability(graph))
        if (verdict.node == graph.nodes.size() - 1) reason = verdict.reason;
    return reason;
}

// One operation over an input of `shape` and constants.
std::string reason_of(OpParams params, const Shape& shape, std::vector<Tensor> constants = {}) {
    ModelBuilder builder;
    std::vector<ValueId> inputs{builder.input("x", shape)};
    for (Tensor& constant : constants) inputs.push_back(builder.constant(std::move(constant)));
    builder.output(builder.node(std::move(params), inputs));
    return last_reason(builder.build());
}

Tensor zeros(const Shape& shape) {
    return Tensor::allocate(DataType::kF32, shape);
}

Tensor integers(std::vector<int64_t> values) {
    return Tensor::of<int64_t>(Shape{static_cast<int64_t>(values.size())}, values);
}

TEST(Batchability, ConvolutionalNetworkPassesAndMarksWhatDependsOnTheInput) {
    ModelBuilder builder;
    ValueId x =
        builder.relu(builder.batch_norm(builder.conv(builder.input("x", {1, 3, 8, 8}), 4, 3)));
    x = builder.pool(x, PoolingParams::Kind::kMax, 2, 2);
    x = builder.fully_connected(builder.reshape(x, {1, -1}), 2);
    builder.output(builder.softmax(x, 1), "y");
    Graph graph = builder.build();
    EXPECT_TRUE(analyze_batchability(graph).empty());
    for (const Value& value : graph.values) EXPECT_NE(value.batched, value.constant.has_value());
    EXPECT_TRUE(require_batchable(graph, {}).ok());
}

TEST(Batchability, ParametersMustNotDependOnTheInput) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 3, 8, 8});
    builder.output(builder.node(ConvolutionParams{}, {x, builder.relu(x)}));
    EXPECT_THAT(last_reason(builder.build()), HasSubstr("depends on the input"));
}

TEST(Batchability, ElementwiseConstantsMustNotVaryByRow) {
    EXPECT_EQ(reason_of(EltwiseParams{}, {1, 3, 4, 4}, {zeros({1, 3, 1, 1})}), kNone);
    EXPECT_EQ(reason_of(EltwiseParams{}, {4, 3}, {zeros({3})}), kNone);
    EXPECT_EQ(reason_of(PReluParams{}, {1, 3, 4, 4}, {zeros({3, 1, 1})}), kNone);
    EXPECT_EQ(reason_of(FakeQuantizeParams{}, {1, 3},
                        {zeros({}), zeros({}), zeros({1, 3}), zeros({1, 1})}),
              kNone);
    EXPECT_THAT(reason_of(EltwiseParams{}, {4, 3}, {zeros({4, 1})}),
                HasSubstr("[4,1] varies along axis 0, which holds the batch"));
    EXPECT_THAT(reason_of(EltwiseParams{}, {1, 3}, {zeros({1, 1, 3})}),
                HasSubstr("broadcasts the rows of 'x' [1,3] to [1,1,3]"));
    EXPECT_THAT(reason_of(EltwiseParams{}, {1, 3}, {zeros({5, 1})}),
                HasSubstr("broadcasts the rows of 'x' [1,3] to [5,3]"));
    EXPECT_THAT(reason_of(EltwiseParams{}, {3}, {zeros({3})}), HasSubstr("varies along axis 0"));
}

TEST(Batchability, QuantizersMayHaveAScalePerChannelButNotPerRow) {
    EXPECT_EQ(reason_of(QuantizeLinearParams{}, {1, 3, 4, 4}, {zeros({3})}), kNone);
    EXPECT_EQ(reason_of(QuantizeLinearParams{.axis = 0}, {4, 3}, {zeros({})}), kNone);
    EXPECT_THAT(reason_of(QuantizeLinearParams{.axis = 0}, {4, 3}, {zeros({4})}),
                HasSubstr("a scale per index of axis 0, which holds the batch"));
}

TEST(Batchability, TwoBatchedOperandsMustAgreeOnRows) {
    const auto sum = [](const Shape& a, const Shape& b) {
        ModelBuilder builder;
        const ValueId x = builder.input("a", a);
        builder.output(builder.add(x, builder.input("b", b)));
        return last_reason(builder.build());
    };
    EXPECT_EQ(sum({2, 3}, {2, 1}), kNone);
    EXPECT_THAT(sum({2, 3}, {1, 3}), HasSubstr("broadcasts the rows of 'b' [1,3] to [2,3]"));
    EXPECT_THAT(sum({1, 1, 3}, {1, 3}), HasSubstr("broadcasts the rows of 'b'"));
}

TEST(Batchability, MatMulKeepsRowsOfItsFirstOperand) {
    EXPECT_EQ(reason_of(MatMulParams{}, {1, 8}, {zeros({8, 3})}), kNone);
    EXPECT_EQ(reason_of(MatMulParams{true, false}, {1, 8, 4}, {zeros({8, 3})}), kNone);
    EXPECT_EQ(reason_of(MatMulParams{}, {1, 4, 8}, {zeros({1, 8, 3})}), kNone);
    EXPECT_THAT(reason_of(MatMulParams{true, false}, {1, 8}, {zeros({1, 3})}),
                HasSubstr("sums or moves axis 0"));
    EXPECT_THAT(reason_of(MatMulParams{}, {1, 8}, {zeros({2, 8, 3})}), HasSubstr("moves axis 0"));
    EXPECT_THAT(reason_of(MatMulParams{}, {2, 4, 8}, {zeros({2, 8, 3})}),
                HasSubstr("varies along axis 0"));
    const auto product = [](const Shape& a, const Shape& b) {
        ModelBuilder builder;
        const ValueId x = builder.input("a", a);
        builder.output(builder.node(MatMulParams{}, {x, builder.input("b", b)}));
        return last_reason(builder.build());
    };
    EXPECT_EQ(product({1, 4, 8}, {1, 8, 3}), kNone);
    EXPECT_THAT(product({1, 8}, {8, 3}), HasSubstr("two batched matrices"));
    ModelBuilder builder;
    const ValueId constant = builder.random({3, 1});
    builder.output(builder.node(MatMulParams{}, {constant, builder.input("x", {1, 8})}));
    EXPECT_THAT(last_reason(builder.build()), HasSubstr("sums or moves axis 0"));
}

TEST(Batchability, AxisOperationsMustLeaveAxisZero) {
    EXPECT_EQ(reason_of(SoftmaxParams{1, true}, {1, 3}), kNone);
    EXPECT_EQ(reason_of(SoftmaxParams{-2, false}, {1, 3}),
              "softmax runs along axis 0, which holds the batch");
    EXPECT_EQ(reason_of(SoftmaxParams{0, true}, {1, 3}),
              "softmax runs along axis 0, which holds the batch");
    ReduceParams reduce;
    EXPECT_EQ(reason_of(reduce, {1, 3}), "reduces along axis 0, which holds the batch");
    reduce.axes = {1, -1};
    EXPECT_EQ(reason_of(reduce, {1, 3, 4}), kNone);
    reduce.axes = {-3};
    EXPECT_THAT(reason_of(reduce, {1, 3, 4}), HasSubstr("reduces along axis 0"));
    ReduceParams global;
    global.spatial = true;
    EXPECT_EQ(reason_of(global, {1, 3, 4, 4}), kNone);
    EXPECT_EQ(reason_of(TransposeParams{{0, 2, 1}}, {1, 3, 4}), kNone);
    EXPECT_THAT(reason_of(TransposeParams{{1, 0, 2}}, {1, 3, 4}), HasSubstr("moves axis 0"));
    EXPECT_THAT(reason_of(TransposeParams{}, {1, 3}), HasSubstr("moves axis 0"));
    EXPECT_EQ(reason_of(GatherParams{1}, {1, 3}, {integers({0, 2})}), kNone);
    EXPECT_THAT(reason_of(GatherParams{0}, {1, 3}, {integers({0})}), HasSubstr("picks rows"));
    EXPECT_EQ(reason_of(PadParams{}, {1, 3}, {integers({0, 1, 0, 0})}), kNone);
    EXPECT_THAT(reason_of(PadParams{}, {1, 3}, {integers({1, 0, 0, 0})}), HasSubstr("pads axis 0"));
}

TEST(Batchability, SplitsAndJoinsAlongOtherAxesOfTheBatchOnly) {
    const auto split = [](int64_t axis) {
        ModelBuilder builder;
        const ValueId x = builder.input("x", {2, 4});
        const auto parts = builder.nodes(SplitParams{axis}, {x}, 2);
        builder.output(parts[0]);
        return last_reason(builder.build());
    };
    EXPECT_EQ(split(1), kNone);
    EXPECT_THAT(split(-2), HasSubstr("splits axis 0"));
    EXPECT_THAT(reason_of(ConcatParams{1}, {1, 3}, {zeros({1, 3})}),
                HasSubstr("which has no rows of a batch"));
    EXPECT_THAT(reason_of(ConcatParams{0}, {1, 3}), HasSubstr("joins along axis 0"));
    EXPECT_EQ(reason_of(ConcatParams{-1}, {1, 3}), kNone);
}

TEST(Batchability, CutsMustLeaveAxisZeroUnnamed) {
    EXPECT_EQ(reason_of(SliceParams{}, {1, 6}, {integers({1}), integers({3}), integers({-1})}),
              kNone);
    EXPECT_THAT(reason_of(SliceParams{}, {1, 6}, {integers({0}), integers({1}), integers({0})}),
                HasSubstr("cuts axis 0"));
    EXPECT_THAT(reason_of(SliceParams{}, {1, 6}, {integers({0, 1}), integers({1, 3})}),
                HasSubstr("cuts axis 0"));
    const StridedSliceParams masked{{1, 0}, {1, 0}, {}};
    const StridedSliceParams shrunk{{1, 0}, {1, 0}, {1, 0}};
    const std::vector<Tensor> bounds{integers({0, 1}), integers({1, 3})};
    EXPECT_EQ(reason_of(masked, {1, 6}, bounds), kNone);
    EXPECT_THAT(reason_of(StridedSliceParams{}, {1, 6}, bounds), HasSubstr("cuts axis 0"));
    EXPECT_THAT(reason_of(shrunk, {1, 6}, bounds), HasSubstr("cuts axis 0"));
}

TEST(Batchability, ResizeMustLeaveRowsWhateverTheBatch) {
    ResizeParams by_scales;
    by_scales.by_scales = true;
    const auto scales = [](float rows) {
        return Tensor::of<float>({4}, std::array<float, 4>{rows, 1, 2, 2});
    };
    EXPECT_EQ(reason_of(by_scales, {1, 3, 4, 4}, {scales(1)}), kNone);
    // floor(1 * 1.5) is 1, but floor(2 * 1.5) is not 2.
    EXPECT_THAT(reason_of(by_scales, {1, 3, 4, 4}, {scales(1.5f)}), HasSubstr("resizes axis 0"));
    EXPECT_EQ(reason_of(ResizeParams{}, {1, 3, 4, 4}, {integers({1, 3, 8, 8})}), kNone);
    EXPECT_THAT(reason_of(ResizeParams{}, {1, 3, 4, 4}, {integers({2, 3, 8, 8})}),
                HasSubstr("resizes axis 0"));
}

TEST(Batchability, ReshapeMayGiveAnItemSeveralRows) {
    EXPECT_EQ(reason_of(ReshapeParams{}, {1, 6, 4}, {integers({6, 4})}), kNone);
    EXPECT_EQ(reason_of(FlattenParams{2}, {1, 6, 4}), kNone);
    EXPECT_THAT(reason_of(ReshapeParams{}, {1, 1}, {integers({})}),
                HasSubstr("is a scalar and has no axis for the batch"));
    // Softmax over each of six rows per item.
    ModelBuilder builder;
    builder.output(builder.softmax(builder.reshape(builder.input("x", {1, 6, 4}), {6, 4})));
    EXPECT_EQ(last_reason(builder.build()), kNone);
}

TEST(Batchability, ShapeOfABatchIsRefused) {
    EXPECT_THAT(reason_of(ShapeOfParams{}, {1, 3}), HasSubstr("reads a shape"));
}

TEST(Batchability, DetectionOutputKeepsRowsApartWithConstantPriors) {
    const auto detection = [](bool batched_priors) {
        ModelBuilder builder;
        const ValueId boxes = builder.input("boxes", {1, 40});
        const ValueId scores = builder.input("scores", {1, 20});
        const ValueId priors =
            batched_priors ? builder.input("priors", {1, 2, 40}) : builder.random({1, 2, 40});
        builder.output(builder.node(DetectionOutputParams{}, {boxes, scores, priors}));
        return last_reason(builder.build());
    };
    EXPECT_EQ(detection(false), kNone);
    EXPECT_THAT(detection(true), HasSubstr("prior boxes depend on the input"));
}

TEST(Batchability, ErrorListsEveryOffender) {
    ModelBuilder builder;
    const ValueId x = builder.softmax(builder.input("x", {1, 3}), 0);
    builder.output(builder.node(ReduceParams{}, {x}, "mean"));
    Graph graph = builder.build();
    const auto verdicts = analyze_batchability(graph);
    ASSERT_EQ(verdicts.size(), 2u);
    const auto required = require_batchable(graph, verdicts);
    ASSERT_FALSE(required.ok());
    EXPECT_EQ(required.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(required.error().message,
                HasSubstr("(Softmax): softmax runs along axis 0, which holds the batch; node "
                          "'mean' (Reduce): reduces along axis 0"));
}

// What a user reads when a model cannot run batches: every layer by name, type and reason.
std::string refusal(ModelBuilder& builder) {
    Graph graph = builder.build();
    const auto required = require_batchable(graph, analyze_batchability(graph));
    return required ? "" : required.error().text();
}

TEST(BatchabilityMessage, NamesSoftmaxAndConcatAlongTheBatch) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 3});
    const ValueId soft = builder.node(SoftmaxParams{0}, {x}, "soft");
    builder.output(builder.node(ConcatParams{0}, {soft, x}, "join"));
    EXPECT_EQ(refusal(builder),
              "Unsupported: the model cannot run batches: node 'soft' (Softmax): softmax runs "
              "along axis 0, which holds the batch; node 'join' (Concat): joins along axis 0, "
              "which holds the batch");
}

// A Reshape by itself keeps an item's elements together; what mixes rows is named behind it.
TEST(BatchabilityMessage, NamesWhatMixesTheRowsThatAReshapeMade) {
    ModelBuilder builder;
    const ValueId rows = builder.reshape(builder.input("x", {1, 6, 4}), {6, 4});
    builder.output(builder.node(TransposeParams{{1, 0}}, {rows}, "turn"));
    EXPECT_EQ(refusal(builder),
              "Unsupported: the model cannot run batches: node 'turn' (Transpose): moves axis 0, "
              "which holds the batch");
}

TEST(BatchabilityMessage, NamesNonMaxSuppression) {
    ModelBuilder builder;
    const ValueId boxes = builder.input("boxes", {1, 5, 4});
    const ValueId scores = builder.input("scores", {1, 2, 5});
    builder.output(
        builder.node(NonMaxSuppressionParams{}, {boxes, scores, builder.integers({3})}, "nms"));
    EXPECT_EQ(refusal(builder),
              "Unsupported: the model cannot run batches: node 'nms' (NonMaxSuppression): keeps "
              "one list of boxes for the whole batch; supported: DetectionOutput, or suppression "
              "behind the model");
}

TEST(BatchabilityMessage, NamesRoiPooling) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 3, 8, 8});
    builder.output(builder.node(RoiPoolingParams{{2, 2}}, {x, builder.random({4, 5})}, "roi"));
    EXPECT_EQ(refusal(builder),
              "Unsupported: the model cannot run batches: node 'roi' (RoiPooling): pools regions "
              "that name their row of the batch themselves");
}

// Prior boxes of constant sizes are folded before; these read the sizes of an input at run time.
TEST(BatchabilityMessage, NamesPriorBoxesThatAreNotConstant) {
    Graph graph;
    const ValueId layer = graph.add_value("layer", DataType::kI64, {2});
    const std::vector<int64_t> size{300, 300};
    const ValueId image =
        graph.add_constant("image", Tensor::of<int64_t>({2}, std::span<const int64_t>(size)));
    const ValueId boxes = graph.add_value("boxes", DataType::kF32, {2, 16});
    const ValueId clustered = graph.add_value("clustered", DataType::kF32, {2, 16});
    graph.inputs = {layer};
    graph.outputs = {boxes, clustered};
    graph.add_node({"priors", "PriorBox", PriorBoxParams{}, {layer, image}, {boxes}});
    graph.add_node(
        {"clusters", "PriorBoxClustered", PriorBoxClusteredParams{}, {layer, image}, {clustered}});
    EXPECT_EQ(require_batchable(graph, analyze_batchability(graph)).error().text(),
              "Unsupported: the model cannot run batches: node 'priors' (PriorBox): the prior "
              "boxes depend on the input's elements; node 'clusters' (PriorBoxClustered): the "
              "prior boxes depend on the input's elements");
}

TEST(BatchabilityMessage, NamesDetectionOutputWhosePriorsAreComputed) {
    ModelBuilder builder;
    const ValueId boxes = builder.input("boxes", {1, 40});
    const ValueId scores = builder.input("scores", {1, 20});
    const ValueId priors = builder.input("priors", {1, 2, 40});
    builder.output(builder.node(DetectionOutputParams{}, {boxes, scores, priors}, "detections"));
    EXPECT_EQ(refusal(builder),
              "Unsupported: the model cannot run batches: node 'detections' (DetectionOutput): "
              "the prior boxes depend on the input; supported: constant ones");
}

TEST(Batchability, RepeatingAndPickingMustLeaveTheRows) {
    EXPECT_EQ(reason_of(TileParams{}, {1, 3}, {integers({1, 2})}), kNone);
    EXPECT_THAT(reason_of(TileParams{}, {1, 3}, {integers({2, 1})}),
                HasSubstr("repeats the rows of 'x' [1,3] to [2,3]"));
    EXPECT_EQ(reason_of(ExpandParams{}, {1, 1, 3}, {integers({4, 3})}), kNone);
    EXPECT_THAT(reason_of(ExpandParams{}, {1, 3}, {integers({4, 1})}), HasSubstr("to [4,3]"));
    EXPECT_EQ(reason_of(ArgReduceParams{.axis = 1}, {1, 3}), kNone);
    EXPECT_THAT(reason_of(ArgReduceParams{.axis = -2}, {1, 3}),
                HasSubstr("picks an index along axis 0"));
    EXPECT_THAT(reason_of(TopKParams{.axis = 0}, {4, 3}, {integers({2})}),
                HasSubstr("sorts along axis 0"));
    EXPECT_EQ(reason_of(TransposedConvolutionParams{}, {1, 3, 4, 4}, {zeros({3, 2, 2, 2})}), kNone);
}

// By the names that OpenVINO's list of layers for dynamic batching has.
TEST(Batchability, EveryLayerOfTheOldWhitelistPasses) {
    const Shape image{1, 4, 6, 6}, list{1, 4};
    const std::pair<const char*, std::string> layers[] = {
        {"Convolution", reason_of(ConvolutionParams{}, image, {zeros({2, 4, 3, 3})})},
        {"Deconvolution", reason_of(TransposedConvolutionParams{}, image, {zeros({4, 2, 2, 2})})},
        {"Activation", reason_of(ActivationParams{}, image)},
        {"LRN", reason_of(LocalResponseNormParams{}, image)},
        {"Pooling", reason_of(PoolingParams{}, image)},
        {"FullyConnected", reason_of(MatMulParams{}, list, {zeros({4, 3})})},
        {"SoftMax", reason_of(SoftmaxParams{1}, list)},
        {"Split", reason_of(SplitParams{1}, image)},
        {"Power", reason_of(EltwiseParams{EltwiseParams::Kind::kPower}, image, {zeros({1})})},
        {"Eltwise", reason_of(EltwiseParams{EltwiseParams::Kind::kAdd}, image, {zeros({4, 1, 1})})},
        {"Crop", reason_of(SliceParams{}, image, {integers({1}), integers({3}), integers({2})})},
        {"BatchNormalization",
         reason_of(BatchNormParams{}, image, {zeros({4}), zeros({4}), zeros({4}), zeros({4})})},
        {"Copy", reason_of(IdentityParams{}, image)},
        {"Flatten", reason_of(FlattenParams{1}, image)},
        {"Reshape", reason_of(ReshapeParams{}, image, {integers({0, -1})})},
        {"Permute", reason_of(TransposeParams{{0, 2, 3, 1}}, image)},
        {"Squeeze", reason_of(SqueezeParams{}, {1, 4, 1}, {integers({2})})},
        {"Reduce", reason_of(ReduceParams{ReduceParams::Kind::kMean, {2, 3}}, image)},
        {"Tile", reason_of(TileParams{}, list, {integers({1, 2})})},
    };
    for (const auto& [layer, reason] : layers) EXPECT_EQ(reason, kNone) << layer;

    ModelBuilder builder;
    const ValueId x = builder.input("x", image);
    builder.output(builder.node(ConcatParams{1}, {builder.relu(x), x}));
    EXPECT_EQ(last_reason(builder.build()), kNone) << "Concatenation";
}

TEST(Batchability, WindowsOverVolumesKeepRowsAndIndicesOfMaximaDoNot) {
    EXPECT_EQ(reason_of(VolumeConvolutionParams{}, {1, 3, 4, 4, 4}, {zeros({2, 3, 2, 2, 2})}),
              kNone);
    EXPECT_EQ(
        reason_of(VolumeTransposedConvolutionParams{}, {1, 3, 4, 4, 4}, {zeros({3, 2, 2, 2, 2})}),
        kNone);
    EXPECT_EQ(reason_of(VolumePoolingParams{}, {1, 3, 4, 4, 4}), kNone);
    EXPECT_EQ(reason_of(PoolingParams{.kind = PoolingKind::kMaxIndex}, {1, 3, 4, 4}),
              "numbers its maxima through the whole batch");
}

TEST(Batchability, GatheringMustTakeARowsElementsByItsOwnIndices) {
    EXPECT_THAT(
        reason_of(GatherElementsParams{.axis = 1}, {1, 3}, {integers({0, 1}).reshaped({1, 2})}),
        HasSubstr("by indices that are not theirs"));
    EXPECT_THAT(
        reason_of(GatherElementsParams{.axis = 0}, {1, 3}, {integers({0, 0}).reshaped({1, 2})}),
        HasSubstr("picks elements along axis 0"));
    EXPECT_THAT(reason_of(GatherNdParams{}, {1, 3}, {integers({0}).reshaped({1, 1})}),
                HasSubstr("picks rows along axis 0"));
}

}  // namespace
}  // namespace facet
