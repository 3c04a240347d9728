// SPDX-License-Identifier: MIT
// The kernels of the reference backend, one overload per operation; private to this folder.
#pragma once

#include <span>

#include "engine/base/result.h"
#include "engine/base/tensor.h"
#include "engine/graph/ops.h"

namespace facet::reference {

using Inputs = std::span<const TensorView>;
using Outputs = std::span<const MutableTensorView>;

// Every overload: outputs have the type and shape that infer_output_shapes() gives, or that shape
// scaled to several rows, and do not overlap inputs; an absent optional input has null bytes or is
// missing at the end. Errors name the field, not the node. f16 never gets here except where bytes
// are only moved; see run(). Reentrant.
[[nodiscard]] Result<void> run_op(const ConvolutionParams&, Inputs, Outputs);
template <size_t kAxes>
[[nodiscard]] Result<void> run_op(const PoolingOver<kAxes>&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const MatMulParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const BatchNormParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const ActivationParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const PReluParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const EltwiseParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const ReduceParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const SoftmaxParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const ConcatParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const SplitParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const TransposeParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const ReshapeParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const SqueezeParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const UnsqueezeParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const FlattenParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const IdentityParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const SliceParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const StridedSliceParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const GatherParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const ShapeOfParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const ConvertParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const FakeQuantizeParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const QuantizeLinearParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const DequantizeLinearParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const PadParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const ResizeParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const PriorBoxParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const PriorBoxClusteredParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const DetectionOutputParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const TransposedConvolutionParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const LocalResponseNormParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const InstanceNormParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const CompareParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const SelectParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const ArgReduceParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const TopKParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const ExpandParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const TileParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const DepthToSpaceParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const SpaceToDepthParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const NonMaxSuppressionParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const RoiPoolingParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const VolumeConvolutionParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const VolumeTransposedConvolutionParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const GatherElementsParams&, Inputs, Outputs);
[[nodiscard]] Result<void> run_op(const GatherNdParams&, Inputs, Outputs);

}  // namespace facet::reference
