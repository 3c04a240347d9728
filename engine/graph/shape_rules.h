// SPDX-License-Identifier: MIT
// One overload per operation behind infer_output_shapes(), and the checks they share; private to
// engine/graph.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/shape_inference.h"

namespace facet::shape_rules {

using Inputs = std::span<const InputInfo>;
using Outputs = Result<std::vector<TypedShape>>;

// Preconditions of every rule, held by infer_output_shapes(): required inputs are present, no input
// has more than kMaxElements elements or an extent above that, and the number of outputs fits the
// operation. So a sum or a product of two extents never overflows; longer ones go through
// checked_shape().

// shape_rules_spatial.cpp
template <size_t kAxes>
Outputs infer(const ConvolutionOver<kAxes>& params, Inputs inputs, size_t output_count);
template <size_t kAxes>
Outputs infer(const PoolingOver<kAxes>& params, Inputs inputs, size_t output_count);
Outputs infer(const PadParams& params, Inputs inputs, size_t output_count);
Outputs infer(const ResizeParams& params, Inputs inputs, size_t output_count);
template <size_t kAxes>
Outputs infer(const TransposedConvolutionOver<kAxes>& params, Inputs inputs, size_t output_count);
Outputs infer(const DepthToSpaceParams& params, Inputs inputs, size_t output_count);
Outputs infer(const SpaceToDepthParams& params, Inputs inputs, size_t output_count);
// shape_rules_math.cpp
Outputs infer(const MatMulParams& params, Inputs inputs, size_t output_count);
Outputs infer(const BatchNormParams& params, Inputs inputs, size_t output_count);
Outputs infer(const ActivationParams& params, Inputs inputs, size_t output_count);
Outputs infer(const PReluParams& params, Inputs inputs, size_t output_count);
Outputs infer(const EltwiseParams& params, Inputs inputs, size_t output_count);
Outputs infer(const ReduceParams& params, Inputs inputs, size_t output_count);
Outputs infer(const SoftmaxParams& params, Inputs inputs, size_t output_count);
Outputs infer(const ConvertParams& params, Inputs inputs, size_t output_count);
Outputs infer(const IdentityParams& params, Inputs inputs, size_t output_count);
Outputs infer(const FakeQuantizeParams& params, Inputs inputs, size_t output_count);
Outputs infer(const QuantizeLinearParams& params, Inputs inputs, size_t output_count);
Outputs infer(const DequantizeLinearParams& params, Inputs inputs, size_t output_count);
Outputs infer(const LocalResponseNormParams& params, Inputs inputs, size_t output_count);
Outputs infer(const InstanceNormParams& params, Inputs inputs, size_t output_count);
Outputs infer(const CompareParams& params, Inputs inputs, size_t output_count);
Outputs infer(const SelectParams& params, Inputs inputs, size_t output_count);
// shape_rules_layout.cpp
Outputs infer(const ConcatParams& params, Inputs inputs, size_t output_count);
Outputs infer(const SplitParams& params, Inputs inputs, size_t output_count);
Outputs infer(const TransposeParams& params, Inputs inputs, size_t output_count);
Outputs infer(const ReshapeParams& params, Inputs inputs, size_t output_count);
Outputs infer(const SqueezeParams& params, Inputs inputs, size_t output_count);
Outputs infer(const UnsqueezeParams& params, Inputs inputs, size_t output_count);
Outputs infer(const FlattenParams& params, Inputs inputs, size_t output_count);
Outputs infer(const ShapeOfParams& params, Inputs inputs, size_t output_count);
Outputs infer(const ExpandParams& params, Inputs inputs, size_t output_count);
Outputs infer(const TileParams& params, Inputs inputs, size_t output_count);
// shape_rules_slice.cpp
Outputs infer(const SliceParams& params, Inputs inputs, size_t output_count);
Outputs infer(const StridedSliceParams& params, Inputs inputs, size_t output_count);
Outputs infer(const GatherParams& params, Inputs inputs, size_t output_count);
Outputs infer(const GatherElementsParams& params, Inputs inputs, size_t output_count);
Outputs infer(const GatherNdParams& params, Inputs inputs, size_t output_count);
Outputs infer(const ArgReduceParams& params, Inputs inputs, size_t output_count);
Outputs infer(const TopKParams& params, Inputs inputs, size_t output_count);
// shape_rules_detection.cpp
Outputs infer(const PriorBoxParams& params, Inputs inputs, size_t output_count);
Outputs infer(const PriorBoxClusteredParams& params, Inputs inputs, size_t output_count);
Outputs infer(const DetectionOutputParams& params, Inputs inputs, size_t output_count);
Outputs infer(const NonMaxSuppressionParams& params, Inputs inputs, size_t output_count);
Outputs infer(const RoiPoolingParams& params, Inputs inputs, size_t output_count);

[[nodiscard]] Error corrupt(std::string message);
[[nodiscard]] Error unsupported(std::string message);

// The extents as a Shape: kUnsupported above Shape::kMaxRank axes or kMaxElements elements,
// kCorrupt when one is negative.
[[nodiscard]] Result<Shape> checked_shape(std::span<const int64_t> extents);
// One output of that type and shape, checked as above.
[[nodiscard]] Outputs one_output(DataType type, std::span<const int64_t> extents);
[[nodiscard]] Outputs one_output(DataType type, const Shape& shape);

[[nodiscard]] Result<void> require_float(const InputInfo& input, std::string_view field);
[[nodiscard]] Result<void> require_rank(const InputInfo& input, std::string_view field, int rank);
// kInvalid values of an attribute that must lie in [low, kMaxElements].
[[nodiscard]] Result<void> require_at_least(std::span<const int64_t> values, int64_t low,
                                            std::string_view field);

// The elements of a constant scalar or vector of i32 or i64; "<field> is not constant" when they
// are unknown.
[[nodiscard]] Result<std::vector<int64_t>> constant_integers(const InputInfo& input,
                                                             std::string_view field);
[[nodiscard]] bool is_present(Inputs inputs, size_t index);

}  // namespace facet::shape_rules
