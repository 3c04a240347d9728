// SPDX-License-Identifier: MIT
// Widens half precision, infers shapes and computes what does not depend on the inputs.
#include <algorithm>

#include "engine/graph/pass_steps.h"
#include "engine/graph/step_grid.h"

namespace facet {

namespace {

// A hostile file may broadcast two small constants to a vast one; no real model comes near.
constexpr int64_t kMaxFoldedElements = int64_t{1} << 26;

Tensor widened(const Tensor& half) {
    Tensor tensor = Tensor::allocate(DataType::kF32, half.shape());
    std::ranges::transform(half.as<Half>(), tensor.mutable_view().as<float>().begin(),
                           [](Half value) { return to_float(value); });
    return tensor;
}

bool all_constant(std::span<const InputInfo> infos) {
    return std::ranges::all_of(
        infos, [](const InputInfo& info) { return !info.present || info.constant != nullptr; });
}

// The node keeps every element of its first input, in order and type.
bool keeps_elements(const Node& node, const InputInfo& x) {
    if (const auto* convert = std::get_if<ConvertParams>(&node.params))
        return convert->to == x.typed.type;
    return std::holds_alternative<IdentityParams>(node.params) ||
           std::holds_alternative<ReshapeParams>(node.params) ||
           std::holds_alternative<SqueezeParams>(node.params) ||
           std::holds_alternative<UnsqueezeParams>(node.params) ||
           std::holds_alternative<FlattenParams>(node.params);
}

Result<std::vector<Tensor>> compute(const Node& node, std::span<const InputInfo> infos,
                                    std::span<const TypedShape> expected,
                                    const Evaluator& evaluate) {
    if (std::holds_alternative<ShapeOfParams>(node.params))
        return std::vector{Tensor::of(expected[0].shape, infos[0].typed.shape.extents())};
    if (keeps_elements(node, infos[0]))
        return std::vector{infos[0].constant->reshaped(expected[0].shape)};
    for (const TypedShape& typed : expected) {
        if (typed.shape.elements() > kMaxFoldedElements)
            return Error{ErrorCode::kUnsupported,
                         "a constant of shape " + typed.shape.text() + "; supported: up to " +
                             std::to_string(kMaxFoldedElements) + " elements"};
    }
    std::vector<Tensor> inputs(infos.size());
    for (size_t i = 0; i < infos.size(); ++i)
        if (infos[i].present) inputs[i] = *infos[i].constant;
    FACET_ASSIGN(std::vector<Tensor> results, evaluate(node, inputs));
    const auto fits = [](const Tensor& result, const TypedShape& typed) {
        return result.type() == typed.type && result.shape() == typed.shape;
    };
    if (!std::ranges::equal(results, expected, fits))
        return Error{ErrorCode::kInternal, "the evaluator's result has another type or shape"};
    return results;
}

// True: the node became constants.
Result<bool> fold(Graph& graph, const Node& node, const Evaluator& evaluate) {
    const std::vector<InputInfo> infos = input_infos(graph, node);
    FACET_ASSIGN(const std::vector<TypedShape> outputs,
                 infer_output_shapes(node.params, infos, node.outputs.size()));
    for (size_t i = 0; i < outputs.size(); ++i) {
        graph.value(node.outputs[i]).type = outputs[i].type;
        graph.value(node.outputs[i]).shape = outputs[i].shape;
    }
    if (!all_constant(infos) && !std::holds_alternative<ShapeOfParams>(node.params)) return false;
    FACET_ASSIGN(std::vector<Tensor> results, compute(node, infos, outputs, evaluate));
    if (results.size() == 1)
        graph.value(node.outputs[0]).grid = grid_of_result(graph, node, results[0]);
    for (size_t i = 0; i < results.size(); ++i)
        graph.value(node.outputs[i]).constant = std::move(results[i]);
    return true;
}

}  // namespace

void widen_f16(Graph& graph) {
    for (Value& value : graph.values) {
        if (value.type != DataType::kF16) continue;
        value.type = DataType::kF32;
        if (value.constant) value.constant = widened(*value.constant);
    }
    for (Node& node : graph.nodes) {
        auto* convert = std::get_if<ConvertParams>(&node.params);
        if (convert != nullptr && convert->to == DataType::kF16) convert->to = DataType::kF32;
    }
}

Result<void> fold_constants(Graph& graph, const Evaluator& evaluate) {
    std::vector<Node> kept;
    kept.reserve(graph.nodes.size());
    for (Node& node : graph.nodes) {
        const auto folded = fold(graph, node, evaluate);
        if (!folded) return folded.error().within(node.text());
        if (!*folded) kept.push_back(std::move(node));
    }
    graph.nodes = std::move(kept);
    return {};
}

}  // namespace facet
