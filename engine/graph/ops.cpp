// SPDX-License-Identifier: MIT
// The names of the operations.
#include "engine/graph/ops.h"

namespace facet {

std::string_view name_of(const OpParams& params) {
    // In the order of the variant's alternatives; the assertion below holds them together.
    static constexpr std::array<std::string_view, 48> kNames{"Convolution",
                                                             "Pooling",
                                                             "MatMul",
                                                             "BatchNorm",
                                                             "Activation",
                                                             "PRelu",
                                                             "Eltwise",
                                                             "Reduce",
                                                             "Softmax",
                                                             "Concat",
                                                             "Split",
                                                             "Transpose",
                                                             "Reshape",
                                                             "Squeeze",
                                                             "Unsqueeze",
                                                             "Flatten",
                                                             "Slice",
                                                             "StridedSlice",
                                                             "Gather",
                                                             "ShapeOf",
                                                             "Convert",
                                                             "Identity",
                                                             "FakeQuantize",
                                                             "Pad",
                                                             "Resize",
                                                             "PriorBox",
                                                             "PriorBoxClustered",
                                                             "DetectionOutput",
                                                             "QuantizeLinear",
                                                             "DequantizeLinear",
                                                             "TransposedConvolution",
                                                             "LocalResponseNorm",
                                                             "InstanceNorm",
                                                             "Compare",
                                                             "Select",
                                                             "ArgReduce",
                                                             "TopK",
                                                             "Expand",
                                                             "Tile",
                                                             "DepthToSpace",
                                                             "SpaceToDepth",
                                                             "NonMaxSuppression",
                                                             "RoiPooling",
                                                             "VolumeConvolution",
                                                             "VolumeTransposedConvolution",
                                                             "VolumePooling",
                                                             "GatherElements",
                                                             "GatherNd"};
    static_assert(std::variant_size_v<OpParams> == kNames.size());
    return kNames[params.index()];
}

}  // namespace facet
