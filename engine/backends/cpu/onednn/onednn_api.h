// SPDX-License-Identifier: MIT
// The one place that knows which oneDNN it is: 2.x and 3.x behind the same few functions.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/tensor.h"
#include "engine/graph/ops.h"

namespace facet::cpu::onednn {

using Desc = dnnl::memory::desc;
using Dims = dnnl::memory::dims;

// The CPU engine of this process. Thread-safe.
[[nodiscard]] const dnnl::engine& engine();
// "oneDNN 2.6.3 avx512_core_vnni".
[[nodiscard]] std::string version_text();

// Row-major layout of `shape`; a scalar has one axis of extent 1. Empty Desc for types oneDNN does
// not store (i64, bool).
[[nodiscard]] Desc plain(DataType type, const Shape& shape);
[[nodiscard]] Desc plain_f32(const Dims& extents);
// NCHW extents with the channels innermost.
[[nodiscard]] Desc channels_last_f32(const Dims& extents);
// oneDNN chooses the layout.
[[nodiscard]] Desc any_f32(const Dims& extents);
[[nodiscard]] Desc any_bf16(const Dims& extents);
// Does this processor multiply bfloat16 numbers and sum in floats?
[[nodiscard]] bool has_bf16_products();
// Whether AMX is there and ONEDNN_MAX_CPU_ISA in the environment does not forbid it.
[[nodiscard]] bool has_byte_tiles();
// oneDNN chooses the layout of bytes or floats; empty Desc for types it does not store.
[[nodiscard]] Desc any(DataType type, const Dims& extents);
// Channels last, dense; of [N,C] and [N,C,H,W].
[[nodiscard]] Desc channels_last(DataType type, const Dims& extents);
// `desc` seen with its axes permuted: output axis i is input axis order[i].
[[nodiscard]] Desc permuted(const Desc& desc, const std::vector<int64_t>& order);
// Channels [first, first + extents[1]) of `whole`, where they lie.
[[nodiscard]] Desc channels_of(const Desc& whole, const Dims& extents, int64_t first);
[[nodiscard]] Dims extents_of(const Desc& desc);
[[nodiscard]] bool is_f32(const Desc& desc);
// Row-major and dense, whatever the strides of axes of extent 1 say.
[[nodiscard]] bool is_plain(const Desc& desc);
// "nChw16c f32", for people.
[[nodiscard]] std::string text_of(const Desc& desc);

// A dense layout as [outer][blocks][inner][lanes] with channel = block * lanes + lane; channels
// from `channels` on are padding and hold zeros. Covers NCHW (lanes 1), nChw16c and NHWC (blocks
// 1).
struct ChannelView {
    int64_t outer = 1, blocks = 1, inner = 1, lanes = 1, channels = 1;
};
[[nodiscard]] std::optional<ChannelView> channel_view(const Desc& desc);
// Lines [first, first + count) of the height of one image of NCHW extents, and where they begin in
// bytes; nothing where the layout keeps channels in blocks or there are several images.
struct Band {
    Desc layout;
    size_t offset = 0;
};
[[nodiscard]] std::optional<Band> band_of(const Desc& desc, int64_t first, int64_t count);
// NCHW extents laid out as `view` is: row-major, NHWC or in its blocks of channels.
[[nodiscard]] Desc like(const ChannelView& view, const Dims& extents);

// A primitive that oneDNN offers for a request, or nothing where it has none.
class Candidate {
  public:
    Candidate() = default;
    explicit Candidate(const dnnl::primitive_desc_base& descriptor) : descriptor_(descriptor) {}

    explicit operator bool() const { return descriptor_.get(true) != nullptr; }
    [[nodiscard]] Desc source(int index = 0) const { return descriptor_.src_desc(index); }
    [[nodiscard]] Desc weights() const { return descriptor_.weights_desc(0); }
    [[nodiscard]] Desc destination() const { return descriptor_.dst_desc(0); }
    [[nodiscard]] Desc scratchpad() const { return descriptor_.scratchpad_desc(); }
    [[nodiscard]] std::string_view implementation() const { return descriptor_.impl_info_str(); }
    // There, and more than oneDNN's plain loops.
    [[nodiscard]] bool is_fast() const;
    // Generates the code; throws dnnl::error.
    [[nodiscard]] dnnl::primitive instantiate() const { return dnnl::primitive(descriptor_.get()); }

  private:
    dnnl::primitive_desc_base descriptor_;
};

// oneDNN's name for the code behind a primitive: "jit:avx512_core", "brgconv:...".
[[nodiscard]] std::string implementation_of(const dnnl::primitive& primitive);

// One link of a chain of element-wise functions.
struct EltwisePart {
    dnnl::algorithm algorithm = dnnl::algorithm::undef;
    float alpha = 0.0f, beta = 0.0f;
};
// The activation as a chain, empty where oneDNN has none.
[[nodiscard]] std::vector<EltwisePart> eltwise_parts(const ActivationParams& params);
[[nodiscard]] std::optional<dnnl::algorithm> binary_algorithm(EltwiseParams::Kind kind);

// What a primitive does to its result before storing it, in order.
class PostOps {
  public:
    void append(const EltwisePart& part);
    void append_sum() { ops_.append_sum(1.0f); }
    // Of bytes where the result goes, `scale` times each.
    void append_sum(float scale, DataType type);
    // One operand per channel (axis 1 of a result of `rank` axes), row-major; returns the argument
    // that takes it.
    [[nodiscard]] int append_per_channel(dnnl::algorithm kind, int64_t channels, int rank);
    // Slopes per channel (axis 1) or one for all; returns the argument that takes them.
    [[nodiscard]] int append_prelu(bool per_channel);
    [[nodiscard]] const dnnl::post_ops& get() const { return ops_; }

  private:
    dnnl::post_ops ops_;
};

// What turns sums of products of bytes into floats, before any post-operation.
struct Requantization {
    std::vector<float> scales;  // per output channel; empty: the sums as they are
    int source_zero_point = 0;
    // The only one to take, by oneDNN's name; empty: the first. Two differ in the last bit of what
    // they round.
    std::string implementation = {};
};
// Version 2 bakes scales and zero points into the code and adds the bias before it scales; version
// 3 takes them as arguments, so there scales and bias are post-operations.
constexpr bool kScalesInCode = DNNL_VERSION_MAJOR < 3;
// Are there instructions that add products of bytes without saturating on the way (VNNI)?
[[nodiscard]] bool has_byte_products();

// In every request: an empty bias Desc means none; `post_ops` may be empty; scratch memory is the
// caller's. Candidates are empty, never exceptions, where oneDNN has no implementation.
struct ConvolutionRequest {
    Desc source, weights, bias, destination;
    Dims strides, dilations, pads_begin, pads_end;  // a dilation of 1 is a dense kernel
};
[[nodiscard]] Candidate convolution(const ConvolutionRequest& request, const PostOps& post_ops,
                                    const Requantization& requantization = {});
// A dilation and the pads as for the convolution that it is the transpose of.
[[nodiscard]] Candidate deconvolution(const ConvolutionRequest& request);
[[nodiscard]] Candidate inner_product(const Desc& source, const Desc& weights, const Desc& bias,
                                      const Desc& destination, const PostOps& post_ops,
                                      const Requantization& requantization = {});
[[nodiscard]] Candidate matmul(const Desc& source, const Desc& weights, const Desc& destination);
struct PoolingRequest {
    dnnl::algorithm algorithm = dnnl::algorithm::undef;
    Desc source, destination;
    Dims kernel, strides, pads_begin, pads_end;
};
[[nodiscard]] Candidate pooling(const PoolingRequest& request);
[[nodiscard]] Candidate softmax(const Desc& layout, int axis);
[[nodiscard]] Candidate eltwise(const Desc& layout, const EltwisePart& part);
[[nodiscard]] Candidate binary(dnnl::algorithm algorithm, const Desc& source, const Desc& other,
                               const Desc& destination, const PostOps& post_ops);
[[nodiscard]] Candidate prelu(const Desc& layout, const Desc& slopes);
// oneDNN chooses the destination's layout.
[[nodiscard]] Candidate concat(const std::vector<Desc>& sources, int axis);
[[nodiscard]] Candidate reorder(const Desc& source, const Desc& destination);

// The error that stands for an exception of oneDNN or of the standard library.
[[nodiscard]] Error error_of(const std::exception& exception);

// Calls `function` (which returns a Result) and turns exceptions into its error.
template <typename Function>
[[nodiscard]] auto guard(Function&& function) -> decltype(function()) {
    try {
        return function();
    } catch (const std::exception& exception) {
        return error_of(exception);
    }
}

}  // namespace facet::cpu::onednn
