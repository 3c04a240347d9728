// SPDX-License-Identifier: MIT
// Every operation's shape rule: what it gives, and what it refuses in which words.
#include "engine/graph/shape_inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <optional>

namespace facet {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
constexpr int64_t kTiny = std::numeric_limits<int64_t>::min();

// One case of a rule: operation, inputs, expected shapes or words of the refusal.
class Rule {
  public:
    explicit Rule(OpParams params) : params_(std::move(params)) {}

    Rule& x(const Shape& shape, DataType type = DataType::kF32) {
        inputs_.push_back({true, {type, shape}, nullptr});
        return *this;
    }
    Rule& i64(std::vector<int64_t> values) {
        return constant(Tensor::of<int64_t>(Shape{static_cast<int64_t>(values.size())}, values));
    }
    Rule& f32(std::vector<float> values) {
        return constant(Tensor::of<float>(Shape{static_cast<int64_t>(values.size())}, values));
    }
    Rule& constant(Tensor tensor) {
        constants_.push_back(std::move(tensor));
        const Tensor& kept = constants_.back();
        inputs_.push_back({true, {kept.type(), kept.shape()}, &kept});
        return *this;
    }
    Rule& absent() {
        inputs_.emplace_back();
        return *this;
    }
    Rule& outputs(size_t count) {
        output_count_ = count;
        return *this;
    }

    void gives(std::vector<Shape> expected, DataType type = DataType::kF32) {
        const auto inferred = infer_output_shapes(params_, inputs_, output_count_);
        ASSERT_TRUE(inferred.ok()) << inferred.error().text();
        ASSERT_EQ(inferred->size(), expected.size());
        for (size_t i = 0; i < expected.size(); ++i) {
            EXPECT_EQ((*inferred)[i].shape.text(), expected[i].text());
            EXPECT_EQ((*inferred)[i].type, type);
        }
    }
    void refuses(const std::string& words) {
        const auto inferred = infer_output_shapes(params_, inputs_, output_count_);
        ASSERT_FALSE(inferred.ok()) << "gave " << inferred->front().shape.text();
        EXPECT_THAT(inferred.error().message, HasSubstr(words));
    }

  private:
    OpParams params_;
    std::vector<InputInfo> inputs_;
    std::deque<Tensor> constants_;  // a deque: inputs_ points at its elements
    size_t output_count_ = 1;
};

TEST(ShapeInference, ConvolutionSlides) {
    ConvolutionParams params;
    Rule(params).x({1, 3, 62, 62}).x({48, 3, 3, 3}).gives({{1, 48, 60, 60}});
    params.strides = {2, 1};
    params.pads_begin = params.pads_end = {1, 2};
    params.dilations = {1, 2};
    Rule(params).x({1, 3, 7, 7}).x({8, 3, 3, 3}).x({8}).gives({{1, 8, 4, 7}});
    ConvolutionParams depthwise;
    depthwise.groups = 6;
    Rule(depthwise).x({2, 6, 5, 5}).x({12, 1, 5, 5}).gives({{2, 12, 1, 1}});
}

TEST(ShapeInference, ConvolutionPadsByItself) {
    ConvolutionParams params;
    params.strides = {2, 2};
    params.auto_pad = AutoPad::kSameUpper;
    Rule(params).x({1, 3, 7, 8}).x({4, 3, 3, 3}).gives({{1, 4, 4, 4}});
    params.auto_pad = AutoPad::kValid;
    params.pads_begin = {5, 5};  // ignored
    Rule(params).x({1, 3, 7, 8}).x({4, 3, 3, 3}).gives({{1, 4, 3, 3}});
    const auto upper = resolve_pads<2>(AutoPad::kSameUpper, {}, {}, {8, 8}, {3, 4}, {2, 1}, {1, 1});
    EXPECT_EQ(upper.begin, (Extent2{0, 1}));
    EXPECT_EQ(upper.end, (Extent2{1, 2}));
    const auto lower = resolve_pads<2>(AutoPad::kSameLower, {}, {}, {8, 8}, {3, 4}, {2, 1}, {1, 1});
    EXPECT_EQ(lower.begin, (Extent2{1, 2}));
}

TEST(ShapeInference, ConvolutionRefusesWhatDoesNotFit) {
    ConvolutionParams params;
    Rule(params).x({1, 3, 8, 8}).x({4, 2, 3, 3}).refuses("do not fit x [1,3,8,8] in 1 groups");
    Rule(params).x({1, 3, 2, 8}).x({4, 3, 3, 3}).refuses("window of 3 does not fit an extent of 2");
    Rule(params).x({1, 3, 8}).x({4, 3, 3, 3}).refuses("supported: 4 axes");
    Rule(params).x({1, 3, 8, 8}).x({4, 3, 3, 3}).x({3}).refuses("bias has the shape [3]");
    Rule(params).x({1, 3, 8, 8}, DataType::kU8).x({4, 3, 3, 3}).refuses("x is u8");
    params.strides = {0, 1};
    Rule(params).x({1, 3, 8, 8}).x({4, 3, 3, 3}).refuses("strides=0");
    params.strides = {1, 1};
    params.dilations = {kHuge, 1};
    Rule(params).x({1, 3, 8, 8}).x({4, 3, 3, 3}).refuses("dilations=");
    params.dilations = {1, 1};
    params.pads_begin = {-1, 0};
    Rule(params).x({1, 3, 8, 8}).x({4, 3, 3, 3}).refuses("pads_begin=-1");
    params.groups = 0;
    Rule(params).x({1, 3, 8, 8}).x({4, 3, 3, 3}).refuses("groups=0");
}

TEST(ShapeInference, PoolingRoundsUpOnlyOntoTheInput) {
    PoolingParams params;
    params.kernel = {2, 2};
    params.strides = {2, 2};
    Rule(params).x({1, 4, 5, 5}).gives({{1, 4, 2, 2}});
    params.ceil_mode = true;
    Rule(params).x({1, 4, 5, 5}).gives({{1, 4, 3, 3}});
    params.pads_begin = params.pads_end = {1, 1};
    // Room for a fourth window of the extent 5, but it would begin in the end padding.
    Rule(params).x({1, 4, 4, 5}).gives({{1, 4, 3, 3}});
    params.strides = {3, 3};
    Rule(params).x({1, 4, 5, 5}).gives({{1, 4, 2, 2}});
    params.pads_end = {2, 2};
    Rule(params).x({1, 4, 5, 5}).refuses("pads reach the kernel's extent of 2");
}

TEST(ShapeInference, MatMulBroadcastsLeadingAxes) {
    Rule(MatMulParams{}).x({4, 8}).x({8, 3}).gives({{4, 3}});
    Rule(MatMulParams{true, true}).x({8, 4}).x({3, 8}).gives({{4, 3}});
    Rule(MatMulParams{}).x({5, 1, 4, 8}).x({2, 8, 3}).gives({{5, 2, 4, 3}});
    Rule(MatMulParams{}).x({4, 8}).x({7, 3}).refuses("disagree on the inner extent");
    Rule(MatMulParams{}).x({8}).x({8, 3}).refuses("two axes or more");
    Rule(MatMulParams{}).x({1 << 20, 1}).x({1, 1 << 20}).refuses("too many elements");
}

TEST(ShapeInference, BatchNormWantsOneOfEachPerChannel) {
    Rule(BatchNormParams{}).x({1, 3, 4, 4}).x({3}).x({3}).x({3}).x({3}).gives({{1, 3, 4, 4}});
    Rule(BatchNormParams{}).x({1, 3, 4, 4}).x({3}).x({3}).x({4}).x({3}).refuses("mean has");
}

TEST(ShapeInference, ElementwiseBroadcasts) {
    Rule(EltwiseParams{}).x({1, 3, 4, 4}).x({3, 1, 1}).gives({{1, 3, 4, 4}});
    Rule(EltwiseParams{}).x({}).x({2, 0}).gives({{2, 0}});
    Rule(EltwiseParams{})
        .x({2}, DataType::kI64)
        .x({2}, DataType::kI64)
        .gives({{2}}, DataType::kI64);
    Rule(EltwiseParams{}).x({2}).x({2}, DataType::kI64).refuses("both of one type");
    Rule(EltwiseParams{}).x({2}).x({3}).refuses("do not broadcast");
    Rule(EltwiseParams{}).x({1 << 20, 1}).x({1, 1 << 20}).refuses("too many elements");
    Rule(PReluParams{}).x({1, 3, 4, 4}).x({3, 1, 1}).gives({{1, 3, 4, 4}});
    Rule(PReluParams{}).x({1, 1, 4, 4}).x({3, 1, 1}).refuses("slope of shape [3,1,1]");
    Rule(ActivationParams{}).x({2, 2}).gives({{2, 2}});
    Rule(ActivationParams{}).x({2, 2}, DataType::kI32).refuses("x is i32");
    Rule(ConvertParams{DataType::kI32}).x({2, 2}).gives({{2, 2}}, DataType::kI32);
    Rule(IdentityParams{}).x({2, 2}, DataType::kBool).gives({{2, 2}}, DataType::kBool);
    Rule(FakeQuantizeParams{})
        .x({1, 3, 4, 4})
        .x({})
        .x({})
        .x({1, 3, 1, 1})
        .x({1})
        .gives({{1, 3, 4, 4}});
    Rule(FakeQuantizeParams{1}).x({1}).x({}).x({}).x({}).x({}).refuses("levels=1");
}

TEST(ShapeInference, ReduceKeepsOrDropsAxes) {
    ReduceParams params;
    params.axes = {-1, 1};
    Rule(params).x({2, 3, 4}).gives({{2, 1, 1}});
    params.keep_axes = false;
    Rule(params).x({2, 3, 4}).gives({{2}});
    params.axes = {};
    Rule(params).x({2, 3, 4}).gives({{}});
    params.axes = {1, -2};
    Rule(params).x({2, 3, 4}).refuses("names axis 1 twice");
    params.axes = {3};
    Rule(params).x({2, 3, 4}).refuses("axis=3 for 3 axes");
    ReduceParams global;
    global.spatial = true;
    Rule(global).x({2, 3, 4, 5}).gives({{2, 3, 1, 1}});
    Rule(global).x({2, 3}).refuses("three axes or more");
}

TEST(ShapeInference, SoftmaxNeedsItsAxis) {
    Rule(SoftmaxParams{1, true}).x({2, 3}).gives({{2, 3}});
    Rule(SoftmaxParams{2, false}).x({2, 3}).refuses("axis=2 for 2 axes");
}

TEST(ShapeInference, ConcatAndSplitAreInverse) {
    Rule(ConcatParams{-1}).x({2, 3}).x({2, 0}).x({2, 4}).gives({{2, 7}});
    Rule(ConcatParams{1}).x({2, 3}).x({1, 3}).refuses("input 1 is f32[1,3]");
    Rule(ConcatParams{1}).x({2, 3}).x({2}).refuses("does not join");
    Rule(SplitParams{1}).x({2, 6}).outputs(3).gives({{2, 2}, {2, 2}, {2, 2}});
    Rule(SplitParams{1}).x({2, 7}).outputs(3).refuses("an extent of 7 does not split into 3");
    Rule(SplitParams{-1}).x({2, 7}).i64({2, -1}).outputs(2).gives({{2, 2}, {2, 5}});
    Rule(SplitParams{1}).x({2, 7}).i64({kHuge, kHuge}).outputs(2).refuses("do not add up");
    Rule(SplitParams{1}).x({2, 7}).i64({3, 3}).outputs(2).refuses("does not split");
    Rule(SplitParams{1}).x({2, 7}).x({2}, DataType::kI64).outputs(2).refuses("sizes is not const");
}

TEST(ShapeInference, TransposePermutes) {
    Rule(TransposeParams{{0, 2, 3, 1}}).x({1, 3, 4, 5}).gives({{1, 4, 5, 3}});
    Rule(TransposeParams{}).x({1, 3, 4}).gives({{4, 3, 1}});
    Rule(TransposeParams{{0, 0, 1}}).x({1, 3, 4}).refuses("not a permutation");
    Rule(TransposeParams{{0, 1}}).x({1, 3, 4}).refuses("order has 2 elements");
}

TEST(ShapeInference, ReshapeDeducesAndCopies) {
    Rule(ReshapeParams{}).x({2, 3, 4}).i64({0, -1}).gives({{2, 12}});
    Rule(ReshapeParams{}).x({2, 3, 4}).i64({24}).gives({{24}});
    Rule(ReshapeParams{}).x({1}).i64({}).gives({{}});
    Rule(ReshapeParams{false}).x({0, 3}).i64({3, 0}).gives({{3, 0}});
    Rule(ReshapeParams{}).x({2, 3}).x({2}, DataType::kI64).refuses("target is not constant");
    Rule(ReshapeParams{}).x({2, 3}).f32({6}).refuses("target is f32");
    Rule(ReshapeParams{}).x({2, 3}).i64({-1, -1}).refuses("two -1");
    Rule(ReshapeParams{}).x({2, 3}).i64({4, -1}).refuses("does not divide");
    Rule(ReshapeParams{}).x({2, 3}).i64({7}).refuses("another number of elements");
    Rule(ReshapeParams{}).x({2, 3}).i64({6, 1, 0}).refuses("copies an axis");
    Rule(ReshapeParams{}).x({2, 3}).i64({kHuge, kHuge, -1}).refuses("too many elements");
    Rule(ReshapeParams{}).x({2, 3}).i64({-2, -3}).refuses("negative");
    Rule(ReshapeParams{false}).x({2, 3}).i64({0, -1}).refuses("does not divide");
    Rule(ReshapeParams{}).x({1}).i64(std::vector<int64_t>(9, 1)).refuses("up to 8");
}

TEST(ShapeInference, SqueezeUnsqueezeAndFlatten) {
    Rule(SqueezeParams{}).x({1, 3, 1}).gives({{3}});
    Rule(SqueezeParams{}).x({1, 3, 1}).i64({-1}).gives({{1, 3}});
    Rule(SqueezeParams{}).x({1, 3, 1}).i64({1}).refuses("whose extent is not 1");
    Rule(SqueezeParams{}).x({1, 3}).x({1}, DataType::kI64).refuses("axes is not constant");
    Rule(UnsqueezeParams{}).x({3}).i64({0, -1}).gives({{1, 3, 1}});
    Rule(UnsqueezeParams{}).x({3}).i64({0, 0}).refuses("names axis 0 twice");
    Rule(UnsqueezeParams{}).x({3}).i64(std::vector<int64_t>(8, 0)).refuses("axes in all");
    Rule(FlattenParams{2}).x({2, 3, 4, 5}).gives({{6, 20}});
    Rule(FlattenParams{-4}).x({2, 3, 4, 5}).gives({{1, 120}});
    Rule(FlattenParams{4}).x({2, 3, 4, 5}).gives({{120, 1}});
    Rule(FlattenParams{5}).x({2, 3, 4, 5}).refuses("axis=5");
}

TEST(ShapeInference, SliceClampsAndStepsBack) {
    Rule(SliceParams{}).x({5, 6}).i64({1, -3}).i64({kHuge, -1}).gives({{4, 2}});
    Rule(SliceParams{}).x({5}).i64({-1}).i64({kTiny}).i64({0}).i64({-2}).gives({{3}});
    Rule(SliceParams{}).x({5}).i64({0}).i64({5}).absent().i64({2}).gives({{3}});
    Rule(SliceParams{}).x({5}).i64({4}).i64({2}).gives({{0}});
    Rule(SliceParams{}).x({5}).i64({4}).i64({kTiny}).i64({0}).i64({kTiny}).gives({{1}});
    Rule(SliceParams{}).x({5}).i64({0}).i64({5}).i64({0}).i64({0}).refuses("steps=0");
    Rule(SliceParams{}).x({5}).i64({0}).i64({5}).i64({1}).refuses("axis=1 for 1 axes");
    Rule(SliceParams{}).x({5}).i64({0, 0}).i64({5, 5}).refuses("starts has 2");
    Rule(SliceParams{}).x({5}).x({1}, DataType::kI64).i64({5}).refuses("starts is not constant");
}

TEST(ShapeInference, StridedSliceObeysItsMasks) {
    Rule(StridedSliceParams{}).x({5, 6}).i64({1, 0}).i64({3, 6}).gives({{2, 6}});
    StridedSliceParams whole{{1}, {1}, {}};
    Rule(whole).x({5, 6}).i64({3}).i64({3}).gives({{5, 6}});
    Rule(whole).x({5, 6}).i64({3}).i64({3}).i64({-2}).gives({{3, 6}});
    StridedSliceParams shrink{{0, 1}, {0, 1}, {1, 0}};
    Rule(shrink).x({5, 6}).i64({-1, 0}).i64({0, 0}).i64({1, 1}).gives({{6}});
    Rule(shrink).x({5, 6}).i64({5, 0}).i64({6, 0}).refuses("begin=5 lies outside the extent 5");
    Rule(StridedSliceParams{}).x({5}).i64({0}).i64({5}).i64({0}).refuses("strides=0");
    Rule(StridedSliceParams{}).x({5}).i64({0}).x({1}, DataType::kI64).refuses("end is not const");
}

TEST(ShapeInference, GatherPicksWithinTheAxis) {
    Rule(GatherParams{1}).x({2, 5, 3}).i64({0, -5, 4}).gives({{2, 3, 3}});
    Rule(GatherParams{0})
        .x({4}, DataType::kI64)
        .constant(Tensor::scalar<int32_t>(2))
        .gives({{}}, DataType::kI64);
    Rule(GatherParams{1}).x({2, 5}).i64({5}).refuses("indices holds 5");
    Rule(GatherParams{1}).x({2, 5}).x({1}, DataType::kI64).refuses("indices is not constant");
}

TEST(ShapeInference, ShapeOfIsAVector) {
    Rule(ShapeOfParams{}).x({2, 5, 3}).gives({{3}}, DataType::kI64);
}

TEST(ShapeInference, PadAddsAtBothEnds) {
    Rule(PadParams{}).x({1, 3}).i64({0, 1, 0, 2}).gives({{1, 6}});
    Rule(PadParams{PadParams::Mode::kReflect}).x({1, 3}).i64({0, 3, 0, 0}).refuses("reflects");
    Rule(PadParams{}).x({1, 3}).i64({0, -1, 0, 0}).refuses("pads=-1");
    Rule(PadParams{}).x({1, 3}).i64({0, 1}).refuses("pads has 2 elements for 2 axes");
    Rule(PadParams{}).x({1, 3}).x({4}, DataType::kI64).refuses("pads is not constant");
    Rule(PadParams{}).x({1, 3}).i64({0, 0, 0, 1}).x({}).refuses("value is not constant");
}

TEST(ShapeInference, ResizeFloorsItsScales) {
    ResizeParams scales;
    scales.by_scales = true;
    Rule(scales).x({1, 3, 5, 7}).f32({1, 1, 1.5f, 2}).gives({{1, 3, 7, 14}});
    Rule(scales).x({1, 3, 5, 7}).f32({1, 1, 0.1f, 2}).refuses("scales=0.1");
    Rule(scales).x({1, 3, 5, 7}).f32({1, 1, NAN, 2}).refuses("scales=");
    Rule(scales).x({1, 3, 5, 7}).x({4}).refuses("scales is not constant");
    Rule(ResizeParams{}).x({1, 3, 5, 7}).i64({1, 3, 10, 9}).gives({{1, 3, 10, 9}});
    Rule(ResizeParams{}).x({1, 3, 5, 7}).i64({1, 3, kHuge, 9}).refuses("sizes=");
    Rule(ResizeParams{}).x({1, 3, 5, 7}).i64({10, 9}).refuses("sizes has 2 elements");
}

TEST(ShapeInference, PriorBoxCountsItsBoxes) {
    PriorBoxParams params;
    params.min_size = {32, 64};
    params.max_size = {96};
    params.aspect_ratio = {2, 0.5f, 1};  // with flip: 1, 2 and 1/2
    params.flip = true;
    Rule(params).i64({3, 4}).i64({300, 300}).gives({{2, 3 * 4 * (3 * 2 + 1) * 4}});
    params.scale_all_sizes = false;
    Rule(params).i64({3, 4}).i64({300, 300}).gives({{2, 3 * 4 * (3 + 2 - 1) * 4}});
    PriorBoxParams dense;
    dense.fixed_size = {32, 64};
    dense.density = {2, 1};
    Rule(dense).i64({1, 1}).i64({300, 300}).gives({{2, (2 + 3) * 4}});
    dense.fixed_ratio = {1, 2};
    Rule(dense).i64({1, 1}).i64({300, 300}).gives({{2, (2 + 2 * 3) * 4}});
    Rule(params).x({2}, DataType::kI64).i64({300, 300}).refuses("layer size is not constant");
    Rule(params).i64({kMaxElements, 4}).i64({300, 300}).refuses("too many elements");
    PriorBoxClusteredParams clustered;
    clustered.width = {1, 2, 3};
    clustered.height = {1, 2, 3};
    Rule(clustered).i64({3, 4}).i64({300, 300}).gives({{2, 3 * 4 * 3 * 4}});
    clustered.height.pop_back();
    Rule(clustered).i64({3, 4}).i64({300, 300}).refuses("width has 3 and height 2");
}

TEST(ShapeInference, DetectionOutputKeepsOneListPerRow) {
    DetectionOutputParams params;
    Rule(params).x({3, 40}).x({3, 20}).x({1, 2, 40}).gives({{3, 1, 200, 7}});
    Rule(params).x({3, 40}).x({3, 21}).x({1, 2, 40}).refuses("do not fit 10 priors of 2 classes");
    Rule(params).x({3, 40}).x({3, 20}).x({3, 2, 40}).refuses("priors has the shape [3,2,40]");
    params.keep_top_k = -1;
    Rule(params).x({3, 40}).x({3, 20}).x({1, 2, 40}).refuses("keep_top_k=-1");
}

TEST(ShapeInference, RefusesHostileInputsOfAnyOperation) {
    Rule(IdentityParams{}).x({kHuge, kHuge}).refuses("input 0: the shape");
    Rule(IdentityParams{}).x({kHuge, 0}).refuses("too many elements");
    Rule(IdentityParams{}).x({-1}).refuses("negative extent");
    Rule(ConvolutionParams{}).x({1, 3, 8, 8}).refuses("has 1 inputs");
    Rule(EltwiseParams{}).x({1}).absent().refuses("input 1 is missing");
    Rule(IdentityParams{}).x({1}).outputs(2).refuses("has 2 outputs");
}

}  // namespace
}  // namespace facet
