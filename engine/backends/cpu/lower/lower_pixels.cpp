// SPDX-License-Identifier: MIT
// From the first convolution back to the pixels it sees.
#include <algorithm>

#include "engine/backends/cpu/lower/lowerings.h"
#include "engine/backends/cpu/lower/pixel_step.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

constexpr int kPixelKind = 104;  // of packed weights, see Packing::make
constexpr int64_t kColours = PixelConvolution::kColours;

using Colours = std::array<double, kColours>;

const Node* writer_of(const Graph& graph, ValueId value) {
    const auto found = std::ranges::find_if(
        graph.nodes, [&](const Node& node) { return std::ranges::count(node.outputs, value) > 0; });
    return found == graph.nodes.end() ? nullptr : &*found;
}

// A constant that is one number, or one for each colour along `axis` of `rank`.
std::optional<Colours> colours_of(const Tensor& constant, int axis, int rank) {
    if (constant.type() != DataType::kF32) return {};
    const Shape& shape = constant.shape();
    const auto elements = constant.as<float>();
    if (shape.elements() == 1) return Colours{elements[0], elements[0], elements[0]};
    const int at = axis - (rank - shape.rank());
    if (shape.elements() != kColours || at < 0 || shape[at] != kColours) return {};
    return Colours{elements[0], elements[1], elements[2]};
}

// Goes back from what a convolution reads; `factor` and `offset` say what it makes of a value.
struct Backwards {
    const Graph& graph;
    ValueId value;
    int axis = 1;  // of the colours
    Colours factor{1, 1, 1}, offset{};
    std::vector<size_t> arithmetic = {};

    // Before an element-wise node; false where its arithmetic is no factor or summand.
    bool pass(const Node& node, const EltwiseParams& params) {
        using Kind = EltwiseParams::Kind;
        const bool constant_first = graph.constant_input(node, 0) != nullptr;
        const Tensor* constant = graph.constant_input(node, constant_first ? 0 : 1);
        const bool commutes = params.kind == Kind::kAdd || params.kind == Kind::kMultiply;
        if (!constant || (constant_first && !commutes)) return false;
        const auto numbers = colours_of(*constant, axis, graph.value(value).shape.rank());
        if (!numbers) return false;
        for (int64_t colour = 0; colour < kColours; ++colour) {
            const double number = (*numbers)[colour];
            if (params.kind == Kind::kAdd)
                offset[colour] += factor[colour] * number;
            else if (params.kind == Kind::kSubtract)
                offset[colour] -= factor[colour] * number;
            else if (params.kind == Kind::kMultiply)
                factor[colour] *= number;
            else if (params.kind == Kind::kDivide)
                factor[colour] /= number;
            else
                return false;
        }
        value = node.inputs[constant_first ? 1 : 0];
        arithmetic.push_back(static_cast<size_t>(&node - graph.nodes.data()));
        return true;
    }
    // Before a transposition of pixels to planes.
    bool pass(const Node& node, const TransposeParams& params) {
        if (axis != 1 || params.order != std::vector<int64_t>{0, 3, 1, 2}) return false;
        axis = 3;
        value = node.inputs[0];
        return true;
    }
    bool pass(const Node& node, const ConvertParams& params) {
        if (params.to != DataType::kF32) return false;
        value = node.inputs[0];
        return true;
    }
    bool pass(const Node& /*node*/, const auto& /*params*/) { return false; }

    // To the graph's input, if that is bytes of colour pixels, or floats of colour planes.
    bool reach_pixels() {
        const std::vector<int> readers = count_readers(graph);
        while (readers[value] == 1) {
            const Value& at = graph.value(value);
            if (at.shape.rank() != 4) return false;
            if (std::ranges::count(graph.inputs, value) > 0)
                return at.type == (axis == 3 ? DataType::kU8 : DataType::kF32) &&
                       at.shape[axis] == kColours;
            const Node* writer = writer_of(graph, value);
            if (!writer || !std::visit([&](const auto& params) { return pass(*writer, params); },
                                       writer->params))
                return false;
        }
        return false;
    }
};

std::optional<PixelConvolution::Windows> windows_of(const Graph& graph, const Node& node,
                                                    const auto& params, const Extent2& window) {
    const Shape& source = graph.value(node.inputs[0]).shape;
    const Shape& result = graph.value(node.outputs[0]).shape;
    if (params.dilations != Extent2{1, 1} || source.rank() != 4) return {};
    const ResolvedPads pads =
        resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, {source[2], source[3]},
                     window, params.strides, params.dilations);
    return PixelConvolution::Windows{window[0],         window[1],     params.strides[0],
                                     params.strides[1], pads.begin[0], pads.begin[1],
                                     result[2],         result[3]};
}

// The filter, for a plan that knows its pixels.
bool set_filter(const Graph& graph, const Node& node, int64_t rows, PixelPlan& plan) {
    const auto* params = std::get_if<ConvolutionParams>(&node.params);
    if (!params || params->groups != 1 || !graph.constant_input(node, 1) ||
        graph.value(node.inputs[1]).type != DataType::kF32)
        return false;
    const Shape& weights = graph.value(node.inputs[1]).shape;
    const auto windows = windows_of(graph, node, *params, {weights[2], weights[3]});
    if (!windows) return false;
    const Value& pixels = graph.value(plan.pixels);
    const bool planes = pixels.type == DataType::kF32;
    plan.geometry.source =
        planes ? PixelConvolution::Source::kPlanes : PixelConvolution::Source::kBytes;
    plan.weights = node.inputs[1];
    plan.geometry.rows = pixels.shape[0] * (pixels.batched ? rows : 1);
    plan.geometry.height = pixels.shape[planes ? 2 : 1];
    plan.geometry.width = pixels.shape[planes ? 3 : 2];
    plan.geometry.result_channels = weights[0];
    plan.geometry.filter = *windows;
    return true;
}

// Maxima of the result of `filtered`, which nobody else reads.
bool set_pool(const Graph& graph, const Node& node, ValueId filtered, PixelPlan& plan) {
    const auto* params = std::get_if<PoolingParams>(&node.params);
    if (!params || params->kind != PoolingKind::kMax || node.inputs[0] != filtered ||
        count_readers(graph)[filtered] != 1)
        return false;
    const auto windows = windows_of(graph, node, *params, params->kernel);
    if (!windows) return false;
    plan.geometry.pooled = true;
    plan.geometry.pool = *windows;
    return true;
}

// May the activation as well come before the maxima?
bool ascends(const ChannelEpilogue& epilogue) {
    using Activation = ChannelEpilogue::Activation;
    return epilogue.activation == Activation::kClip ||
           (epilogue.activation == Activation::kLeakyRelu && epilogue.slope >= 0);
}

}  // namespace

std::optional<PixelPlan> pixel_plan(const Graph& graph, const PlannedStep& step, int64_t rows) {
    const bool pooled = std::holds_alternative<PoolingParams>(graph.nodes[step.node].params);
    if (pooled && step.producers.empty()) return {};
    PlannedStep convolution = pooled ? step.producers.back() : step;
    const Node& node = graph.nodes[convolution.node];
    if (!std::holds_alternative<ConvolutionParams>(node.params)) return {};
    Backwards way{graph, node.inputs[0]};
    if (!way.reach_pixels()) return {};
    PixelPlan plan;
    plan.pixels = way.value;
    plan.arithmetic = std::move(way.arithmetic);
    for (int64_t colour = 0; colour < kColours; ++colour) {
        plan.scale.factor[colour] = static_cast<float>(way.factor[colour]);
        plan.scale.offset[colour] = static_cast<float>(way.offset[colour]);
    }
    if (!set_filter(graph, node, rows, plan)) return {};
    const auto& own = convolution.followers;
    const ValueId filtered = (own.empty() ? node : graph.nodes[own.back().node]).outputs[0];
    if (pooled) {
        if (!set_pool(graph, graph.nodes[step.node], filtered, plan)) return {};
        convolution.followers.insert(convolution.followers.end(), step.followers.begin(),
                                     step.followers.end());
    }
    const auto epilogue = plan_epilogue(graph, convolution);
    if (!epilogue || epilogue->residual != kNoValue) return {};
    if (pooled && !step.followers.empty() && !ascends(epilogue->epilogue)) return {};
    plan.epilogue = *epilogue;
    if (!PixelConvolution::covers(plan.geometry)) return {};
    return plan;
}

Result<void> lower_pixels(ProgramBuilder& builder, const PlannedStep& step) {
    const PixelPlan plan = *pixel_plan(builder.graph(), step, builder.rows());
    const PixelConvolution convolution(plan.geometry, builder.threads());
    const Tensor& weights = *builder.graph().value(plan.weights).constant;
    const size_t bytes = weights.view().byte_size();
    const void* packed = builder.packing().make(plan.weights, kPixelKind, bytes, [&](void* memory) {
        PixelConvolution::pack(plan.geometry, weights.as<float>().data(),
                               static_cast<float*>(memory));
    });
    const ValueId value = result_of(builder, step);
    const Location result = epilogue_destination(builder, value, plan.epilogue);
    std::vector<BufferId> buffers{builder.primary(plan.pixels).buffer,
                                  builder.constant(packed, bytes),
                                  builder.allocate(convolution.scratch_bytes())};
    const EpilogueBinding epilogue(builder, plan.epilogue, buffers);
    buffers.push_back(result.buffer);
    builder.add_shared_loop(std::move(buffers), [convolution, epilogue, scale = plan.scale](
                                                    std::span<void* const> at, Share share) {
        convolution.run(at[0], {static_cast<const float*>(at[1]), scale, epilogue.at(at)},
                        static_cast<float*>(at.back()), static_cast<std::byte*>(at[2]), share);
    });
    builder.define(value, result);
    return {};
}

}  // namespace facet::cpu
