// SPDX-License-Identifier: MIT
// The table of input and output counts, keyed by operation.
#include "engine/graph/op_arity.h"

#include <array>

namespace facet {

namespace {

constexpr size_t kAny = 1 << 16;  // more inputs or outputs than that is a damaged file

template <typename Params>
constexpr OpArity kArity{1, 1, 1, 1};
template <>
constexpr OpArity kArity<ConvolutionParams>{2, 3, 1, 1};
template <>
constexpr OpArity kArity<MatMulParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<BatchNormParams>{5, 5, 1, 1};
template <>
constexpr OpArity kArity<PReluParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<EltwiseParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<ConcatParams>{1, kAny, 1, 1};
template <>
constexpr OpArity kArity<SplitParams>{1, 2, 1, kAny};
template <>
constexpr OpArity kArity<ReshapeParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<SqueezeParams>{1, 2, 1, 1};
template <>
constexpr OpArity kArity<UnsqueezeParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<SliceParams>{3, 5, 1, 1};
template <>
constexpr OpArity kArity<StridedSliceParams>{3, 4, 1, 1};
template <>
constexpr OpArity kArity<GatherParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<FakeQuantizeParams>{5, 5, 1, 1};
template <>
constexpr OpArity kArity<QuantizeLinearParams>{2, 3, 1, 1};
template <>
constexpr OpArity kArity<DequantizeLinearParams>{2, 3, 1, 1};
template <>
constexpr OpArity kArity<PadParams>{2, 3, 1, 1};
template <>
constexpr OpArity kArity<ResizeParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<PriorBoxParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<PriorBoxClusteredParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<DetectionOutputParams>{3, 3, 1, 1};
template <>
constexpr OpArity kArity<TransposedConvolutionParams>{2, 3, 1, 1};
template <>
constexpr OpArity kArity<InstanceNormParams>{3, 3, 1, 1};
template <>
constexpr OpArity kArity<CompareParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<SelectParams>{3, 3, 1, 1};
template <>
constexpr OpArity kArity<TopKParams>{2, 2, 1, 2};
template <>
constexpr OpArity kArity<ExpandParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<TileParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<NonMaxSuppressionParams>{2, 5, 1, 1};
template <>
constexpr OpArity kArity<RoiPoolingParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<VolumeConvolutionParams>{2, 3, 1, 1};
template <>
constexpr OpArity kArity<VolumeTransposedConvolutionParams>{2, 3, 1, 1};
template <>
constexpr OpArity kArity<GatherElementsParams>{2, 2, 1, 1};
template <>
constexpr OpArity kArity<GatherNdParams>{2, 2, 1, 1};

}  // namespace

OpArity arity_of(const OpParams& params) {
    return std::visit([]<typename Params>(const Params&) { return kArity<Params>; }, params);
}

}  // namespace facet
