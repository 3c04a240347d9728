// SPDX-License-Identifier: MIT
// One parameter struct per operation, and the variant that holds any of them.
//
// Operations are named after ONNX or OpenVINO, whichever is plainer; each struct says its inputs in
// order, its outputs and the sources of its definition. Data layout is NCHW throughout; a node's
// attributes that files give as constant inputs (reshape targets, slice bounds) stay inputs here
// and are constants once passes.h has prepared the graph.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/tensor.h"

namespace facet {

template <size_t kAxes>
using Extents = std::array<int64_t, kAxes>;
using Extent2 = Extents<2>;  // height, width
using Extent3 = Extents<3>;  // depth, height, width

template <size_t kAxes>
constexpr Extents<kAxes> every_axis(int64_t extent) {
    Extents<kAxes> extents;
    extents.fill(extent);
    return extents;
}

enum class AutoPad { kExplicit, kValid, kSameUpper, kSameLower };

// Over images x [N,C,H,W], weights [O,C/groups,kH,kW], optional bias [O] -> [N,O,H',W'], or over
// volumes of one axis more. ONNX Conv-11; OpenVINO Convolution-1, GroupConvolution-1 (its reader
// merges the group axis), of images.
template <size_t kAxes>
struct ConvolutionOver {
    Extents<kAxes> strides = every_axis<kAxes>(1);
    Extents<kAxes> dilations = every_axis<kAxes>(1);
    Extents<kAxes> pads_begin{};
    Extents<kAxes> pads_end{};
    AutoPad auto_pad = AutoPad::kExplicit;
    int64_t groups = 1;
};
using ConvolutionParams = ConvolutionOver<2>;
using VolumeConvolutionParams = ConvolutionOver<3>;

// x [N,C,H,W], weights [C,O/groups,kH,kW], optional bias [O] -> [N,O,H',W'], or over volumes of one
// axis more, where H' is
// strides (H - 1) + output_padding + (kH - 1) dilations + 1 - pads, or output_size, which then says
// the pads. ONNX ConvTranspose-11; OpenVINO ConvolutionBackpropData-1,
// GroupConvolutionBackpropData-1 (their reader merges the group axis).
template <size_t kAxes>
struct TransposedConvolutionOver {
    Extents<kAxes> strides = every_axis<kAxes>(1);
    Extents<kAxes> dilations = every_axis<kAxes>(1);
    Extents<kAxes> pads_begin{};
    Extents<kAxes> pads_end{};
    Extents<kAxes> output_padding{};
    std::optional<Extents<kAxes>> output_size;
    AutoPad auto_pad = AutoPad::kExplicit;
    int64_t groups = 1;
};
using TransposedConvolutionParams = TransposedConvolutionOver<2>;
using VolumeTransposedConvolutionParams = TransposedConvolutionOver<3>;

enum class PoolingKind {
    kMax,
    kAverage,
    kMaxIndex,  // i64: where the maximum, the first of equals, lies in the elements of all of x
};
// x [N,C,H,W] -> [N,C,H',W'], or over volumes of one axis more. ONNX MaxPool-12 (a node for each
// output), AveragePool-11; OpenVINO MaxPool-1, AvgPool-1.
template <size_t kAxes>
struct PoolingOver {
    using Kind = PoolingKind;
    Kind kind = Kind::kMax;
    Extents<kAxes> kernel = every_axis<kAxes>(1);
    Extents<kAxes> strides = every_axis<kAxes>(1);
    Extents<kAxes> dilations = every_axis<kAxes>(1);
    Extents<kAxes> pads_begin{};
    Extents<kAxes> pads_end{};
    AutoPad auto_pad = AutoPad::kExplicit;
    bool ceil_mode = false;          // output size rounds up
    bool count_include_pad = false;  // average only: padding counts as zeros
    bool column_major = false;       // indices only: they count a plane's columns, not its rows
};
using PoolingParams = PoolingOver<2>;
using VolumePoolingParams = PoolingOver<3>;

// a [...,M,K], b [...,K,N] -> [...,M,N] with numpy broadcasting of the leading axes.
// ONNX MatMul-13, Gemm-13 (its reader adds alpha, beta and C as element-wise nodes); OpenVINO
// MatMul-1.
struct MatMulParams {
    bool transpose_a = false;
    bool transpose_b = false;
};

// x [N,C,...], scale [C], bias [C], mean [C], variance [C] -> like x. ONNX BatchNormalization-15
// (inference); OpenVINO BatchNormInference-5.
struct BatchNormParams {
    float epsilon = 1e-5f;
};

// x [N,C,...] -> like x, each element divided by (bias + alpha / size * the sum of the squares of
// `size` channels around its own) ^ beta. ONNX LRN-13; OpenVINO LRN-1 (axes = [1]).
struct LocalResponseNormParams {
    int64_t size = 5;
    float alpha = 1e-4f, beta = 0.75f, bias = 1.0f;
};
// x [N,C,...], scale [C], bias [C] -> like x, with the mean and the variance of each channel of
// each row. ONNX InstanceNormalization-6.
struct InstanceNormParams {
    float epsilon = 1e-5f;
};

// x -> like x, element by element.
struct ActivationParams {
    enum class Kind {
        kRelu,         // max(x, 0)
        kLeakyRelu,    // x < 0 ? alpha x : x
        kElu,          // x < 0 ? alpha (exp(x) - 1) : x
        kClip,         // min(max(x, alpha), beta)
        kSigmoid,      // 1 / (1 + exp(-x))
        kHardSigmoid,  // min(max(alpha x + beta, 0), 1)
        kHardSwish,    // x min(max(x / 6 + 1/2, 0), 1)
        kTanh,
        kExp,
        kLog,
        kSqrt,
        kAbs,
        kNegate,
        kFloor,
        kCeil,
        kReciprocal,
        kErf,
        kSoftplus,
        kSoftsign,         // x / (1 + |x|)
        kSign,             // -1, 0 or 1
        kRound,            // halves to even
        kGelu,             // x (1 + erf(x / sqrt 2)) / 2
        kGeluTanh,         // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
        kMish,             // x tanh(log(1 + exp(x)))
        kSelu,             // beta (x < 0 ? alpha (exp(x) - 1) : x)
        kCelu,             // x < 0 ? alpha (exp(x / alpha) - 1) : x
        kThresholdedRelu,  // x > alpha ? x : 0
        kShrink,           // x < -alpha ? x + beta : x > alpha ? x - beta : 0
        kSin,
        kCos,
        kTan,
        kAsin,
        kAcos,
        kAtan,
        kSinh,
        kCosh,
        kAsinh,
        kAcosh,
        kAtanh,
    };
    Kind kind = Kind::kRelu;
    float alpha = 0.0f;
    float beta = 0.0f;
};

// x [N,C,...], slope broadcastable to x (numpy rules; OpenVINO's rank-1 slope [C] is reshaped to
// [C,1,1] by its reader) -> like x. ONNX PRelu-9; OpenVINO PReLU-1.
struct PReluParams {};

// a, b -> numpy broadcast of both; f32, i32 or i64. ONNX Add-13 ...; OpenVINO Add-1 ...
struct EltwiseParams {
    enum class Kind { kAdd, kSubtract, kMultiply, kDivide, kMaximum, kMinimum, kPower };
    Kind kind = Kind::kAdd;
};

// a, b -> bool, numpy broadcast of both; operands of one type, bool for the last three. ONNX
// Equal-13, Less-13, And-7 ..., Not-1 (x == false); OpenVINO Equal-1 ...
struct CompareParams {
    enum class Kind { kEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kAnd, kOr, kXor };
    Kind kind = Kind::kEqual;
};
// condition bool, a, b -> numpy broadcast of the three: a where the condition holds, else b. ONNX
// Where-16; OpenVINO Select-1.
struct SelectParams {};

// x -> x with `axes` reduced. ONNX ReduceMean-13 ..., GlobalAveragePool-1, GlobalMaxPool-1;
// OpenVINO ReduceMean-1 ... (constant axes). Negative axes count from the back.
struct ReduceParams {
    enum class Kind {
        kMean,
        kSum,
        kMax,
        kMin,
        kProduct,
        kL1,
        kL2,
        kSumOfSquares,
        kLogSum,
        kLogSumExp
    };
    Kind kind = Kind::kMean;
    std::vector<int64_t> axes;  // empty: all
    bool keep_axes = true;
    bool spatial =
        false;  // all axes from 2 on, whatever the rank (global pooling); `axes` is empty
};

// x -> i64 index of the largest or smallest element along `axis`. ONNX ArgMax-13, ArgMin-13.
struct ArgReduceParams {
    enum class Kind { kMax, kMin };
    Kind kind = Kind::kMax;
    int64_t axis = 0;
    bool keep_axis = true;
    bool last_of_equals = false;
};
// x, k i64[1] -> the k largest (smallest) elements along `axis` in order, and their i64 indices;
// the lower index first among equals. ONNX TopK-11; OpenVINO TopK-1/3 (its reader converts the
// indices).
struct TopKParams {
    int64_t axis = -1;
    bool largest = true;
};

// x -> like x, summing to one along `axis`. With `flatten` (ONNX Softmax below opset 13) x is first
// seen as [product of axes before `axis`, product of the rest] and the second axis is normalised.
struct SoftmaxParams {
    int64_t axis = -1;
    bool flatten = false;
    bool logarithm = false;  // of the result: ONNX LogSoftmax-13, OpenVINO LogSoftmax-5
};

// x0, x1, ... -> joined along `axis`. ONNX Concat-13; OpenVINO Concat-1.
struct ConcatParams {
    int64_t axis = 0;
};

// x, optional sizes i64[k] -> k outputs. ONNX Split-13; OpenVINO Split-1, VariadicSplit-1.
// Without sizes the axis is cut into equal parts, as many as the node has outputs.
struct SplitParams {
    int64_t axis = 0;
};

// x -> axes permuted: output axis i is input axis order[i]; empty reverses. ONNX Transpose-13.
struct TransposeParams {
    std::vector<int64_t> order;
};

// x, target i64[k] -> x under another shape; -1 is deduced; 0 copies the input's axis when
// `zero_copies`. ONNX Reshape-14 (allowzero = !zero_copies); OpenVINO Reshape-1 (special_zero).
struct ReshapeParams {
    bool zero_copies = true;
};
// x, optional axes i64[k] -> axes of extent 1 removed. ONNX Squeeze-13; OpenVINO Squeeze-1.
struct SqueezeParams {};
// x, axes i64[k] (in the output) -> axes of extent 1 inserted. ONNX Unsqueeze-13; OpenVINO
// Unsqueeze-1.
struct UnsqueezeParams {};
// x -> [product of axes before `axis`, product of the rest]. ONNX Flatten-13.
struct FlattenParams {
    int64_t axis = 1;
};

// x, target i64[k] -> numpy broadcast of x and the target. ONNX Expand-13; OpenVINO Broadcast-3
// (numpy, bidirectional).
struct ExpandParams {};
// x, repeats i64[rank] -> x repeated along each axis. ONNX Tile-13; OpenVINO Tile-1.
struct TileParams {};
// x [N,C b b,H,W] -> [N,C,H b,W b]. Channel (i, j, c) goes to row i, column j of a block, or
// channel (c, i, j) when `channel_first`. ONNX DepthToSpace-13 (DCR; CRD); OpenVINO DepthToSpace-1
// (blocks_first; depth_first).
struct DepthToSpaceParams {
    int64_t block = 2;
    bool channel_first = false;
};
// The way back. ONNX SpaceToDepth-13; OpenVINO SpaceToDepth-1.
struct SpaceToDepthParams {
    int64_t block = 2;
    bool channel_first = false;
};

// x, starts, ends, optional axes, optional steps (i64 vectors) -> x cut. ONNX Slice-13.
struct SliceParams {};
// x, begin, end, optional strides (i64 vectors) -> x cut. OpenVINO StridedSlice-1; a mask bit of 1
// ignores the bound. new_axis_mask and ellipsis_mask are refused by the reader.
struct StridedSliceParams {
    std::vector<int64_t> begin_mask;
    std::vector<int64_t> end_mask;
    std::vector<int64_t> shrink_axis_mask;
};
// x, indices (i32, i64) -> rows of x along `axis`. ONNX Gather-13; OpenVINO Gather-1 (constant
// axis).
struct GatherParams {
    int64_t axis = 0;
};
// x, indices of as many axes (i32, i64) -> like indices: for each, the element of x at its own
// place but for `axis`, where the index says. ONNX GatherElements-13.
struct GatherElementsParams {
    int64_t axis = 0;
};
// x [batch..., a..., rest...], indices i64 [batch..., places..., k] -> [batch..., places...,
// rest...]: each place picks what lies at its k indices, one for each of the axes a. ONNX
// GatherND-13.
struct GatherNdParams {
    int64_t batch_axes = 0;
};
// x -> its shape as i64[rank]. ONNX Shape-13; OpenVINO ShapeOf-1/3 (always i64 here).
struct ShapeOfParams {};
// x -> the same values in another type; float to integer truncates. ONNX Cast-13; OpenVINO
// Convert-1.
struct ConvertParams {
    DataType to = DataType::kF32;
};
// x -> x. ONNX Identity-1, Dropout-13 (inference).
struct IdentityParams {};

// x, input_low, input_high, output_low, output_high (broadcast to x by numpy rules) -> like x,
// snapped to `levels` steps: OpenVINO FakeQuantize-1.
struct FakeQuantizeParams {
    int64_t levels = 256;
};

// x f32, scale [] or [C], optional zero point i8 or u8 like scale -> round(x / scale) + zero point,
// halves to even, saturated to the zero point's type (u8 without one). With several scales they
// belong to `axis` of x. ONNX QuantizeLinear-13. prepare() turns a pair with the next into
// FakeQuantize.
struct QuantizeLinearParams {
    int64_t axis = 1;
};
// x i8, u8 or i32, scale [] or [C], optional zero point like scale -> f32 (x - zero point) * scale.
// ONNX DequantizeLinear-13.
struct DequantizeLinearParams {
    int64_t axis = 1;
};

// x [N,C,H,W], pads i64[2 rank], optional value -> padded. ONNX Pad-13; OpenVINO Pad-1 (reader
// joins its two pad inputs).
struct PadParams {
    enum class Mode { kConstant, kEdge, kReflect, kSymmetric };  // the last repeats the edge
    Mode mode = Mode::kConstant;
};

// x [N,C,H,W], sizes i64[4] or scales f32[4] -> resized. ONNX Resize-13, Upsample-9; OpenVINO
// Interpolate-4. Names as in ONNX.
struct ResizeParams {
    enum class Mode { kNearest, kLinear, kCubic };
    enum class Coordinates {
        kHalfPixel,
        kPytorchHalfPixel,
        kAlignCorners,
        kAsymmetric,
        kTfHalfPixelForNn,
        kCropAndResize  // of `region`
    };
    enum class Rounding { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil };
    Mode mode = Mode::kNearest;
    Coordinates coordinates = Coordinates::kHalfPixel;
    Rounding rounding = Rounding::kRoundPreferFloor;
    bool by_scales = false;        // the second input is scales f32[4]; else sizes i64[4]
    float cubic_a = -0.75f;        // the cubic's coefficient
    bool exclude_outside = false;  // cubic: what lies beyond the edge has no weight, not the edge's
    // First places of all axes, then last ones, as fractions of the extent less one.
    std::vector<float> region;
    float outside = 0.0f;  // where the region reaches beyond x
};

// layer size i64[2] = (H, W), image size i64[2] -> [2, H*W*priors*4]: boxes, then variances.
// OpenVINO PriorBox-1 (and -8 where the fields agree).
struct PriorBoxParams {
    std::vector<float> min_size, max_size, aspect_ratio;
    std::vector<float> density, fixed_ratio, fixed_size;
    std::vector<float> variance;
    bool clip = false, flip = false, scale_all_sizes = true;
    float step = 0.0f, offset = 0.0f;
};
// Same inputs and output. OpenVINO PriorBoxClustered-1.
struct PriorBoxClusteredParams {
    std::vector<float> width, height;
    std::vector<float> variance;
    bool clip = false;
    float step = 0.0f, step_width = 0.0f, step_height = 0.0f, offset = 0.0f;
};
// box logits [N, priors*classes_of_boxes*4], class scores [N, priors*num_classes], priors
// [1, 1 or 2, priors*4] -> [N, 1, keep_top_k, 7], rows (image_id, label, confidence, x_min, y_min,
// x_max, y_max); after the last detection of a row's image every image_id is -1. OpenVINO
// DetectionOutput-1/8 writes one list [1, 1, N*keep_top_k, 7] for the whole batch; Facet gives each
// row its own, which is the same at N = 1 and keeps rows apart (image_id is the row, counted from
// 0 in the batch).
struct DetectionOutputParams {
    enum class CodeType { kCorner, kCenterSize };
    int64_t num_classes = 2;
    int64_t background_label = 0;
    int64_t top_k = -1;
    int64_t keep_top_k = 200;
    bool share_location = true;
    bool variance_encoded_in_target = false;
    bool clip_before_nms = false, clip_after_nms = false, decrease_label_id = false;
    bool normalized = true;
    int64_t input_height = 1, input_width = 1;
    float nms_threshold = 0.45f, confidence_threshold = 0.0f;
    CodeType code_type = CodeType::kCorner;
};

// boxes [N,P,4], scores [N,C,P], optional most per class i64[1], optional IoU and score thresholds
// f32[1] -> i64 [N C min(most, P), 3] rows (row of the batch, class, box) of what is kept, in
// descending score per class; rows of -1 fill the rest. ONNX NonMaxSuppression-11 gives as many
// rows as it keeps.
struct NonMaxSuppressionParams {
    bool center_point_box = false;  // (x, y, width, height) instead of two corners (y, x, y, x)
};
// x [N,C,H,W], regions [R,5] (row, x0, y0, x1, y1) -> [R,C,h,w], the maximum of each cell. ONNX
// MaxRoiPool-1; OpenVINO ROIPooling-1 (method max).
struct RoiPoolingParams {
    Extent2 pooled{1, 1};
    float spatial_scale = 1.0f;
};

using OpParams = std::variant<
    ConvolutionParams, PoolingParams, MatMulParams, BatchNormParams, ActivationParams, PReluParams,
    EltwiseParams, ReduceParams, SoftmaxParams, ConcatParams, SplitParams, TransposeParams,
    ReshapeParams, SqueezeParams, UnsqueezeParams, FlattenParams, SliceParams, StridedSliceParams,
    GatherParams, ShapeOfParams, ConvertParams, IdentityParams, FakeQuantizeParams, PadParams,
    ResizeParams, PriorBoxParams, PriorBoxClusteredParams, DetectionOutputParams,
    QuantizeLinearParams, DequantizeLinearParams, TransposedConvolutionParams,
    LocalResponseNormParams, InstanceNormParams, CompareParams, SelectParams, ArgReduceParams,
    TopKParams, ExpandParams, TileParams, DepthToSpaceParams, SpaceToDepthParams,
    NonMaxSuppressionParams, RoiPoolingParams, VolumeConvolutionParams,
    VolumeTransposedConvolutionParams, VolumePoolingParams, GatherElementsParams, GatherNdParams>;

// The struct's name without "Params": "Convolution", "DetectionOutput".
[[nodiscard]] std::string_view name_of(const OpParams& params);

}  // namespace facet
