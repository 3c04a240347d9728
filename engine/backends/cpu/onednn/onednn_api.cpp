// SPDX-License-Identifier: MIT
// oneDNN 2.6 and 3.x: operation descriptors against direct constructors, renamed functions.
#include "engine/backends/cpu/onednn/onednn_api.h"

#include <oneapi/dnnl/dnnl_debug.h>
#include <algorithm>
#include <new>

namespace facet::cpu::onednn {

namespace {

using dnnl::algorithm;
using dnnl::prop_kind;

constexpr auto kInference = prop_kind::forward_inference;

struct Strided {
    Dims padded, strides, blocks, block_axes;
    bool blocked = false;  // strides and blocks describe it, rather than a format of oneDNN's own
};

// The first of the implementations behind `descriptor` that is called so; any, if empty.
template <typename Descriptor>
Candidate first_named(Descriptor descriptor, const std::string& implementation) {
    while (descriptor.get(true) != nullptr && !implementation.empty() &&
           implementation != descriptor.impl_info_str())
        if (!descriptor.next_impl()) return {};
    return Candidate(descriptor);
}

#if DNNL_VERSION_MAJOR >= 3
using Pooling = dnnl::pooling_forward;
using Softmax = dnnl::softmax_forward;

int rank_of(const Desc& desc) {
    return desc.get_ndims();
}

bool is_empty(const Desc& desc) {
    return desc.is_zero();
}

Strided strided(const Desc& desc) {
    if (desc.get_format_kind() != dnnl::memory::format_kind::blocked) return {};
    return {desc.get_padded_dims(), desc.get_strides(), desc.get_inner_blks(),
            desc.get_inner_idxs(), true};
}

template <typename Primitive, typename... Arguments>
Candidate request_named(const dnnl::primitive_attr& attributes, const std::string& implementation,
                        const Arguments&... arguments) {
    return first_named(typename Primitive::primitive_desc(engine(), arguments..., attributes, true),
                       implementation);
}

#else
using Pooling = dnnl::pooling_v2_forward;
using Softmax = dnnl::softmax_v2_forward;

int rank_of(const Desc& desc) {
    return desc.data.ndims;
}

bool is_empty(const Desc& desc) {
    return desc.data.ndims == 0;
}

Strided strided(const Desc& desc) {
    if (desc.data.format_kind != dnnl_blocked) return {};
    const dnnl_memory_desc_t& raw = desc.data;
    const dnnl_blocking_desc_t& blocking = raw.format_desc.blocking;
    return {Dims(raw.padded_dims, raw.padded_dims + raw.ndims),
            Dims(blocking.strides, blocking.strides + raw.ndims),
            Dims(blocking.inner_blks, blocking.inner_blks + blocking.inner_nblks),
            Dims(blocking.inner_idxs, blocking.inner_idxs + blocking.inner_nblks), true};
}

template <typename Primitive, typename... Arguments>
Candidate request_named(const dnnl::primitive_attr& attributes, const std::string& implementation,
                        const Arguments&... arguments) {
    try {
        const typename Primitive::desc operation(arguments...);
        return first_named(
            typename Primitive::primitive_desc(operation, attributes, engine(), true),
            implementation);
    } catch (const dnnl::error& error) {
        // Version 2 checks some combinations while describing the operation.
        if (error.status == dnnl_out_of_memory) throw;
        return {};
    }
}
#endif

// The first implementation.
template <typename Primitive, typename... Arguments>
Candidate request(const dnnl::primitive_attr& attributes, const Arguments&... arguments) {
    return request_named<Primitive>(attributes, {}, arguments...);
}

dnnl::primitive_attr attributes_with(const PostOps& post_ops) {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    attributes.set_post_ops(post_ops.get());
    return attributes;
}

dnnl::primitive_attr attributes_with(const PostOps& post_ops,
                                     const Requantization& requantization) {
    dnnl::primitive_attr attributes = attributes_with(post_ops);
#if DNNL_VERSION_MAJOR >= 3
    if (requantization.source_zero_point != 0) attributes.set_zero_points_mask(DNNL_ARG_SRC, 0);
#else
    if (requantization.source_zero_point != 0)
        attributes.set_zero_points(DNNL_ARG_SRC, 0, {requantization.source_zero_point});
    if (!requantization.scales.empty()) attributes.set_output_scales(1 << 1, requantization.scales);
#endif
    return attributes;
}

dnnl::primitive_attr plain_attributes() {
    return attributes_with({});
}

std::optional<dnnl::memory::data_type> type_of(DataType type) {
    switch (type) {
        case DataType::kF32:
            return dnnl::memory::data_type::f32;
        case DataType::kI32:
            return dnnl::memory::data_type::s32;
        case DataType::kI8:
            return dnnl::memory::data_type::s8;
        case DataType::kU8:
            return dnnl::memory::data_type::u8;
        default:
            return std::nullopt;
    }
}

Dims dense_strides(const Dims& extents) {
    Dims strides(extents.size());
    int64_t stride = 1;
    for (size_t axis = extents.size(); axis-- > 0; stride *= extents[axis]) strides[axis] = stride;
    return strides;
}

int64_t product(const Dims& extents, size_t from) {
    int64_t count = 1;
    for (size_t axis = from; axis < extents.size(); ++axis) count *= extents[axis];
    return count;
}

// Do the strides agree with `expected` on every axis that has more than one position?
bool strides_agree(const Dims& extents, const Dims& strides, const Dims& expected) {
    for (size_t axis = 0; axis < extents.size(); ++axis)
        if (extents[axis] != 1 && strides[axis] != expected[axis]) return false;
    return true;
}

}  // namespace

const dnnl::engine& engine() {
    static const dnnl::engine the_engine(dnnl::engine::kind::cpu, 0);
    return the_engine;
}

std::string version_text() {
    static constexpr std::pair<dnnl::cpu_isa, const char*> kNames[] = {
        {dnnl::cpu_isa::sse41, "sse41"},
        {dnnl::cpu_isa::avx, "avx"},
        {dnnl::cpu_isa::avx2, "avx2"},
        {dnnl::cpu_isa::avx2_vnni, "avx2_vnni"},
        {dnnl::cpu_isa::avx512_core, "avx512_core"},
        {dnnl::cpu_isa::avx512_core_vnni, "avx512_core_vnni"},
        {dnnl::cpu_isa::avx512_core_bf16, "avx512_core_bf16"}};
    const dnnl_version_t& version = *dnnl_version();
    std::string text = "oneDNN " + std::to_string(version.major) + '.' +
                       std::to_string(version.minor) + '.' + std::to_string(version.patch);
    const auto isa = dnnl::get_effective_cpu_isa();
    for (const auto& [kind, name] : kNames)
        if (kind == isa) return text + ' ' + name;
    return text;
}

Desc plain(DataType type, const Shape& shape) {
    const auto stored = type_of(type);
    if (!stored) return {};
    Dims extents(shape.extents().begin(), shape.extents().end());
    if (extents.empty()) extents = {1};
    return Desc(extents, *stored, dense_strides(extents));
}

Desc plain_f32(const Dims& extents) {
    return Desc(extents, dnnl::memory::data_type::f32, dense_strides(extents));
}

Desc channels_last_f32(const Dims& extents) {
    return Desc(extents, dnnl::memory::data_type::f32, dnnl::memory::format_tag::nhwc);
}

Desc any_f32(const Dims& extents) {
    return Desc(extents, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any);
}

Desc any(DataType type, const Dims& extents) {
    const auto stored = type_of(type);
    return stored ? Desc(extents, *stored, dnnl::memory::format_tag::any) : Desc();
}

Desc channels_last(DataType type, const Dims& extents) {
    using Tag = dnnl::memory::format_tag;
    const auto stored = type_of(type);
    return stored ? Desc(extents, *stored, extents.size() == 4 ? Tag::nhwc : Tag::ab) : Desc();
}

Desc any_bf16(const Dims& extents) {
    return Desc(extents, dnnl::memory::data_type::bf16, dnnl::memory::format_tag::any);
}

namespace {

bool may_use(dnnl::cpu_isa instructions) {
    // Each set of instructions is the bits of all that it contains.
    const auto wanted = static_cast<unsigned>(instructions);
    return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}

}  // namespace

bool has_bf16_products() {
    return may_use(dnnl::cpu_isa::avx512_core_bf16);
}

bool has_byte_tiles() {
    return may_use(dnnl::cpu_isa::avx512_core_amx);
}

Desc permuted(const Desc& desc, const std::vector<int64_t>& order) {
    std::vector<int> position(order.size());
    for (size_t axis = 0; axis < order.size(); ++axis)
        position[order[axis]] = static_cast<int>(axis);
    return desc.permute_axes(position);
}

Desc channels_of(const Desc& whole, const Dims& extents, int64_t first) {
    Dims offsets(extents.size(), 0);
    offsets[1] = first;
    return whole.submemory_desc(extents, offsets);
}

#if DNNL_VERSION_MAJOR >= 3
Dims extents_of(const Desc& desc) {
    return desc.get_dims();
}

bool is_f32(const Desc& desc) {
    return !is_empty(desc) && desc.get_data_type() == dnnl::memory::data_type::f32;
}

dnnl::memory::data_type element_type(const Desc& desc) {
    return desc.get_data_type();
}
#else
Dims extents_of(const Desc& desc) {
    return desc.dims();
}

bool is_f32(const Desc& desc) {
    return !is_empty(desc) && desc.data_type() == dnnl::memory::data_type::f32;
}

dnnl::memory::data_type element_type(const Desc& desc) {
    return desc.data_type();
}
#endif

std::optional<Band> band_of(const Desc& desc, int64_t first, int64_t count) {
    const Strided layout = strided(desc);
    if (!layout.blocked || !layout.blocks.empty() || rank_of(desc) != 4) return std::nullopt;
    Dims extents = extents_of(desc);
    if (extents[0] != 1) return std::nullopt;
    const auto type = element_type(desc);
    const bool channels_last = desc == Desc(extents, type, dnnl::memory::format_tag::nhwc);
    extents[2] = count;
    const auto offset =
        static_cast<size_t>(first * layout.strides[2]) * dnnl::memory::data_type_size(type);
    // oneDNN wants a dense layout's strides even where there is but one position.
    if (channels_last) return Band{Desc(extents, type, dnnl::memory::format_tag::nhwc), offset};
    return Band{Desc(extents, type, layout.strides), offset};
}

bool is_plain(const Desc& desc) {
    if (is_empty(desc)) return true;
    const Strided layout = strided(desc);
    const Dims extents = extents_of(desc);
    return layout.blocked && layout.blocks.empty() &&
           strides_agree(extents, layout.strides, dense_strides(extents));
}

std::optional<ChannelView> channel_view(const Desc& desc) {
    const Strided layout = strided(desc);
    if (!layout.blocked || rank_of(desc) < 2 || layout.blocks.size() > 1) return std::nullopt;
    const Dims extents = extents_of(desc);
    ChannelView view{extents[0], extents[1], product(extents, 2), 1, extents[1]};

    Dims channels_last(extents.begin(), extents.end());
    std::rotate(channels_last.begin() + 1, channels_last.begin() + 2, channels_last.end());
    Dims expected = dense_strides(channels_last);
    std::rotate(expected.begin() + 1, expected.end() - 1, expected.end());
    if (layout.blocks.empty() && strides_agree(extents, layout.strides, expected)) {
        std::swap(view.blocks, view.lanes);
        return view;
    }
    if (!layout.blocks.empty()) {
        if (layout.block_axes[0] != 1) return std::nullopt;
        view.lanes = layout.blocks[0];
        view.blocks = layout.padded[1] / view.lanes;
    }
    Dims blocked_extents = extents;
    blocked_extents[1] = view.blocks;
    expected = dense_strides(blocked_extents);
    for (int64_t& stride : expected) stride *= view.lanes;
    if (!strides_agree(blocked_extents, layout.strides, expected)) return std::nullopt;
    return view;
}

std::string text_of(const Desc& desc) {
    if (is_empty(desc)) return "row-major";
    const std::string type =
        std::string(" ") + dnnl_dt2str(static_cast<dnnl_data_type_t>(element_type(desc)));
    const auto view = channel_view(desc);
    if (is_plain(desc)) return (rank_of(desc) == 4 ? "nchw" : "row-major") + type;
    if (view && view->blocks == 1 && view->lanes == view->channels) return "nhwc" + type;
    if (view) return "nChw" + std::to_string(view->lanes) + "c" + type;
    return "strided" + type;
}

std::string implementation_of(const dnnl::primitive& primitive) {
    const char* name = nullptr;
    dnnl_primitive_desc_query(primitive.get_primitive_desc(), dnnl_query_impl_info_str, 0, &name);
    return name != nullptr ? name : "";
}

Desc like(const ChannelView& view, const Dims& extents) {
    using Tag = dnnl::memory::format_tag;
    Tag tag = Tag::nchw;
    if (view.lanes == 16) tag = Tag::nChw16c;
    if (view.lanes == 8) tag = Tag::nChw8c;
    if (view.lanes == 4) tag = Tag::nChw4c;
    if (view.blocks == 1 && view.lanes == extents[1]) tag = Tag::nhwc;
    return Desc(extents, dnnl::memory::data_type::f32, tag);
}

bool Candidate::is_fast() const {
    return *this && implementation().substr(0, 3) != "ref";
}

void PostOps::append(const EltwisePart& part) {
#if DNNL_VERSION_MAJOR >= 3
    ops_.append_eltwise(part.algorithm, part.alpha, part.beta);
#else
    ops_.append_eltwise(1.0f, part.algorithm, part.alpha, part.beta);
#endif
}

void PostOps::append_sum(float scale, DataType type) {
#if DNNL_VERSION_MAJOR >= 3
    ops_.append_sum(scale, 0, *type_of(type));
#else
    ops_.append_sum(scale, *type_of(type));
#endif
}

int PostOps::append_per_channel(algorithm kind, int64_t channels, int rank) {
    Dims extents(rank, 1);
    extents[1] = channels;
    ops_.append_binary(kind, plain_f32(extents));
    return DNNL_ARG_ATTR_MULTIPLE_POST_OP(ops_.len() - 1) | DNNL_ARG_SRC_1;
}

int PostOps::append_prelu(bool per_channel) {
    ops_.append_prelu(per_channel ? 1 << 1 : 0);
    return DNNL_ARG_ATTR_MULTIPLE_POST_OP(ops_.len() - 1) | DNNL_ARG_WEIGHTS;
}

bool has_byte_products() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::sse41:
        case dnnl::cpu_isa::avx:
        case dnnl::cpu_isa::avx2:
        case dnnl::cpu_isa::avx512_core:
            return false;
        default:
            return true;
    }
}

Candidate convolution(const ConvolutionRequest& wanted, const PostOps& post_ops,
                      const Requantization& requantization) {
    Dims extra_dilations = wanted.dilations;
    for (int64_t& dilation : extra_dilations) --dilation;  // oneDNN counts the holes
    return request_named<dnnl::convolution_forward>(
        attributes_with(post_ops, requantization), requantization.implementation, kInference,
        algorithm::convolution_direct, wanted.source, wanted.weights, wanted.bias,
        wanted.destination, wanted.strides, extra_dilations, wanted.pads_begin, wanted.pads_end);
}

Candidate deconvolution(const ConvolutionRequest& wanted) {
    Dims extra_dilations = wanted.dilations;
    for (int64_t& dilation : extra_dilations) --dilation;
    return request<dnnl::deconvolution_forward>(
        plain_attributes(), kInference, algorithm::deconvolution_direct, wanted.source,
        wanted.weights, wanted.bias, wanted.destination, wanted.strides, extra_dilations,
        wanted.pads_begin, wanted.pads_end);
}

Candidate inner_product(const Desc& source, const Desc& weights, const Desc& bias,
                        const Desc& destination, const PostOps& post_ops,
                        const Requantization& requantization) {
    return request<dnnl::inner_product_forward>(attributes_with(post_ops, requantization),
                                                kInference, source, weights, bias, destination);
}

Candidate matmul(const Desc& source, const Desc& weights, const Desc& destination) {
    return request<dnnl::matmul>(plain_attributes(), source, weights, destination);
}

Candidate pooling(const PoolingRequest& wanted) {
    return request<Pooling>(plain_attributes(), kInference, wanted.algorithm, wanted.source,
                            wanted.destination, wanted.strides, wanted.kernel,
                            Dims(wanted.kernel.size(), 0), wanted.pads_begin, wanted.pads_end);
}

Candidate softmax(const Desc& layout, int axis) {
    return request<Softmax>(plain_attributes(), kInference, algorithm::softmax_accurate, layout,
                            layout, axis);
}

Candidate eltwise(const Desc& layout, const EltwisePart& part) {
#if DNNL_VERSION_MAJOR >= 3
    return request<dnnl::eltwise_forward>(plain_attributes(), kInference, part.algorithm, layout,
                                          layout, part.alpha, part.beta);
#else
    return request<dnnl::eltwise_forward>(plain_attributes(), kInference, part.algorithm, layout,
                                          part.alpha, part.beta);
#endif
}

Candidate binary(algorithm kind, const Desc& source, const Desc& other, const Desc& destination,
                 const PostOps& post_ops) {
    return request<dnnl::binary>(attributes_with(post_ops), kind, source, other, destination);
}

Candidate prelu(const Desc& layout, const Desc& slopes) {
#if DNNL_VERSION_MAJOR >= 3
    return request<dnnl::prelu_forward>(plain_attributes(), kInference, layout, slopes, layout);
#else
    return request<dnnl::prelu_forward>(plain_attributes(), kInference, layout, slopes);
#endif
}

Candidate concat(const std::vector<Desc>& sources, int axis) {
    try {
#if DNNL_VERSION_MAJOR >= 3
        return Candidate(
            dnnl::concat::primitive_desc(engine(), axis, sources, plain_attributes(), true));
#else
        return Candidate(dnnl::concat::primitive_desc(axis, sources, engine(), plain_attributes()));
#endif
    } catch (const dnnl::error& error) {
        if (error.status == dnnl_out_of_memory) throw;
        return {};
    }
}

Candidate reorder(const Desc& source, const Desc& destination) {
    return Candidate(dnnl::reorder::primitive_desc(engine(), source, engine(), destination,
                                                   plain_attributes(), true));
}

Error error_of(const std::exception& exception) {
    if (dynamic_cast<const std::bad_alloc*>(&exception))
        return {ErrorCode::kOutOfMemory, "CPU backend: not enough memory"};
    const auto* error = dynamic_cast<const dnnl::error*>(&exception);
    const std::string message = std::string("oneDNN: ") + exception.what();
    if (!error) return {ErrorCode::kInternal, message};
    switch (error->status) {
        case dnnl_out_of_memory:
            return {ErrorCode::kOutOfMemory, message};
        case dnnl_unimplemented:
            return {ErrorCode::kUnsupported, message};
        default:
            return {ErrorCode::kDevice, message};
    }
}

}  // namespace facet::cpu::onednn
