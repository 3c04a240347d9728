// SPDX-License-Identifier: MIT
// Reductions, softmax and the normalisations that add up over neighbours.
#include <array>
#include <limits>

#include "engine/backends/gpu/chain.h"
#include "engine/backends/gpu/lowerings.h"
#include "engine/graph/shape_inference.h"

namespace facet::gpu {

namespace {

// From this many elements on, a work group shares one result.
constexpr int64_t kManyElements = 64;

void define_reduction(KernelSpec& spec, ReduceParams::Kind kind, int64_t count) {
    using Kind = ReduceParams::Kind;
    const bool maximum = kind == Kind::kMax;
    const bool minimum = kind == Kind::kMin;
    const bool product = kind == Kind::kProduct;
    const bool squares = kind == Kind::kL2 || kind == Kind::kSumOfSquares;
    const bool logarithm = kind == Kind::kLogSum || kind == Kind::kLogSumExp;
    spec.define("COMBINE(a, b)", maximum   ? "fmax(a, b)"
                                 : minimum ? "fmin(a, b)"
                                 : product ? "((a) * (b))"
                                           : "((a) + (b))");
    spec.define("NEUTRAL", maximum   ? "-INFINITY"
                           : minimum ? "INFINITY"
                           : product ? "1.0f"
                                     : "0.0f");
    spec.define("TAKE(a)", squares                    ? "((a) * (a))"
                           : kind == Kind::kL1        ? "fabs(a)"
                           : kind == Kind::kLogSumExp ? "exp(a)"
                                                      : "(a)");
    spec.define("FINISH(a)", kind == Kind::kMean ? "((a) / " + std::to_string(count) + ")"
                             : kind == Kind::kL2 ? "sqrt(a)"
                             : logarithm         ? "log(a)"
                                                 : "(a)");
}

Result<std::vector<bool>> reduced_axes(const ReduceParams& params, const Shape& shape) {
    std::vector<bool> reduced(shape.rank(), params.axes.empty() && !params.spatial);
    for (int axis = 2; params.spatial && axis < shape.rank(); ++axis) reduced[axis] = true;
    for (const int64_t axis : params.axes) {
        FACET_ASSIGN(const int index, normalize_axis(axis, shape.rank()));
        reduced[index] = true;
    }
    return reduced;
}

// What most kernels here share: dense input, result with its chain, one step.
struct Parts {
    View x, y;
    Chain chain;
    KernelSpec spec;
    std::vector<BufferId> arguments;
};

Parts parts_of(ProgramBuilder& builder, const PlannedStep& step, const std::string& file) {
    const ValueId result = builder.result(step);
    const Shape& item = builder.item(result);
    const View x = builder.dense(builder.node(step).inputs[0]);
    Parts parts{x, builder.allocate(result), Chain(builder, step), {file, {}, {}}, {}};
    define_operand(parts.spec, "X", x.storage);
    define_result(parts.spec, parts.y.storage);
    parts.spec.define("CHANNEL(i)", channel_text(item, "i"));
    parts.spec.define("ITEM_ELEMENTS", item.elements());
    parts.chain.define(parts.spec);
    parts.arguments = {parts.y.buffer, parts.x.buffer};
    return parts;
}

void finish(ProgramBuilder& builder, const PlannedStep& step, Parts& parts, int64_t items) {
    const ValueId result = builder.result(step);
    parts.chain.append_arguments(parts.arguments);
    builder.add(linear_step(builder.kernel(parts.spec), std::move(parts.arguments), items,
                            builder.batched(result)));
    builder.define(result, parts.y);
}

int64_t plane_of(const Shape& shape) {
    int64_t plane = 1;
    for (int axis = 2; axis < shape.rank(); ++axis) plane *= shape[axis];
    return plane;
}

}  // namespace

Result<void> lower_reduce(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<ReduceParams>(node.params);
    const Shape& from = builder.item(node.inputs[0]);
    FACET_ASSIGN(const std::vector<bool> reduced, reduced_axes(params, from));
    Parts parts = parts_of(builder, step, "reduce");
    std::vector<AxisStep> kept{{1, parts.x.item_stride}};
    std::vector<AxisStep> summed{{1, 0}};
    int64_t count = 1;
    for (int axis = 0; axis < from.rank(); ++axis) {
        (reduced[axis] ? summed : kept).push_back({from[axis], parts.x.strides[axis]});
        if (reduced[axis]) count *= from[axis];
    }
    const bool shared = count >= kManyElements;
    parts.spec.define("X_INDEX(i)", index_text(kept, 0, "i"));
    parts.spec.define("REDUCED_INDEX(r)", index_text(summed, 0, "r"));
    parts.spec.define("COUNT", count);
    parts.spec.define("GROUP", kGroup);
    parts.spec.define("SHARED", shared);
    define_reduction(parts.spec, params.kind, count);
    const int64_t results = builder.item(builder.result(step)).elements();
    finish(builder, step, parts, shared ? results * static_cast<int64_t>(kGroup) : results);
    return {};
}

Result<void> lower_softmax(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<SoftmaxParams>(node.params);
    const Shape& item = builder.item(node.inputs[0]);
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, item.rank()));
    int64_t inner = 1;
    for (int after = axis + 1; after < item.rank(); ++after) inner *= item[after];
    const int64_t length = params.flatten ? item[axis] * inner : item[axis];
    if (params.flatten) inner = 1;
    Parts parts = parts_of(builder, step, "softmax");
    parts.spec.define("LENGTH", length);
    parts.spec.define("INNER", inner);
    parts.spec.define("ITEM_LINES", item.elements() / length);
    parts.spec.define("LOGARITHM", params.logarithm);
    finish(builder, step, parts, item.elements() / length);
    return {};
}

Result<void> lower_local_response_norm(ProgramBuilder& builder, const PlannedStep& step) {
    const auto& params = std::get<LocalResponseNormParams>(builder.node(step).params);
    const Shape& item = builder.item(builder.result(step));
    const int64_t before = (params.size - 1) / 2;
    Parts parts = parts_of(builder, step, "local_response_norm");
    parts.spec.define("CHANNELS", item[1]);
    parts.spec.define("PIXELS", plane_of(item));
    parts.spec.define("BEFORE", before);
    parts.spec.define("AFTER", params.size - 1 - before);
    parts.spec.define("BIAS", literal(params.bias));
    parts.spec.define("SCALE", literal(params.alpha / static_cast<double>(params.size)));
    parts.spec.define("BETA", literal(params.beta));
    finish(builder, step, parts, item.elements());
    return {};
}

Result<void> lower_instance_norm(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const Shape& item = builder.item(builder.result(step));
    Parts parts = parts_of(builder, step, "instance_norm");
    parts.spec.define("CHANNELS", item[1]);
    parts.spec.define("PIXELS", plane_of(item));
    parts.spec.define("LANES", kGroup);
    parts.spec.define("EPSILON", literal(std::get<InstanceNormParams>(node.params).epsilon));
    for (const size_t operand : {1u, 2u})
        parts.arguments.push_back(builder.view(node.inputs[operand]).buffer);
    finish(builder, step, parts, item[0] * item[1] * static_cast<int64_t>(kGroup));
    return {};
}

}  // namespace facet::gpu
