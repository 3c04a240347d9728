// SPDX-License-Identifier: MIT
// Dispatch of one operation to its kernel, and the Evaluator made of it.
#include <type_traits>
#include <variant>

#include "engine/backends/reference/kernels.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

template <typename Params, typename... Others>
constexpr bool is_one_of = (std::is_same_v<Params, Others> || ...);

// Operations that move or convert elements and so take f16 as it is.
template <typename Params>
constexpr bool takes_half =
    is_one_of<Params, ConcatParams, SplitParams, TransposeParams, ReshapeParams, SqueezeParams,
              UnsqueezeParams, FlattenParams, SliceParams, StridedSliceParams, GatherParams,
              ShapeOfParams, ConvertParams, IdentityParams, PadParams, PriorBoxParams,
              PriorBoxClusteredParams, SelectParams, ExpandParams, TileParams, DepthToSpaceParams,
              SpaceToDepthParams, GatherElementsParams, GatherNdParams>;

// Operations whose results on bytes are bytes: exact in f32.
template <typename Params>
constexpr bool widens_bytes =
    is_one_of<Params, PoolingParams, VolumePoolingParams, ActivationParams>;

template <typename Params>
bool is_widened(DataType type) {
    const bool byte = type == DataType::kI8 || type == DataType::kU8;
    return type == DataType::kF16 || (byte && widens_bytes<Params>);
}

template <typename Params>
bool has_narrow(Inputs inputs, Outputs outputs) {
    for (const TensorView& view : inputs)
        if (view.bytes != nullptr && is_widened<Params>(view.type)) return true;
    for (const MutableTensorView& view : outputs)
        if (is_widened<Params>(view.type)) return true;
    return false;
}

Result<void> convert(const TensorView& from, const MutableTensorView& to) {
    return run_op(ConvertParams{to.type}, Inputs(&from, 1), Outputs(&to, 1));
}

// Arithmetic on f16, and some on bytes, is done in f32 and rounded once at the end.
template <typename Params>
Result<void> run_widened(const Params& params, Inputs inputs, Outputs outputs) {
    std::vector<Tensor> storage;
    std::vector<TensorView> wide_inputs(inputs.begin(), inputs.end());
    std::vector<MutableTensorView> wide_outputs(outputs.begin(), outputs.end());
    const auto widen = [&storage](auto& view) {
        if (!is_widened<Params>(view.type)) return false;
        storage.push_back(Tensor::allocate(DataType::kF32, view.shape));
        view = storage.back().mutable_view();
        return true;
    };
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].bytes == nullptr || !widen(wide_inputs[i])) continue;
        FACET_TRY(convert(inputs[i], storage.back().mutable_view()));
    }
    for (MutableTensorView& view : wide_outputs) widen(view);
    FACET_TRY(run_op(params, wide_inputs, wide_outputs));
    for (size_t i = 0; i < outputs.size(); ++i)
        if (is_widened<Params>(outputs[i].type)) FACET_TRY(convert(wide_outputs[i], outputs[i]));
    return {};
}

}  // namespace

Result<void> run(const OpParams& params, std::span<const TensorView> inputs,
                 std::span<const MutableTensorView> outputs) {
    return std::visit(
        [&]<typename Params>(const Params& op) -> Result<void> {
            if constexpr (!takes_half<Params>) {
                if (has_narrow<Params>(inputs, outputs)) return run_widened(op, inputs, outputs);
            }
            return run_op(op, inputs, outputs);
        },
        params);
}

Result<std::vector<Tensor>> evaluate(const Node& node, std::span<const Tensor> inputs) {
    std::vector<InputInfo> infos;
    std::vector<TensorView> views;
    for (const Tensor& input : inputs) {
        infos.push_back(
            {!input.empty(), {input.type(), input.shape()}, input.empty() ? nullptr : &input});
        views.push_back(input.view());
    }
    auto shapes = infer_output_shapes(node.params, infos, node.outputs.size());
    if (!shapes) return shapes.error().within(node.text());
    std::vector<Tensor> results;
    std::vector<MutableTensorView> outputs;
    for (const TypedShape& typed : *shapes) {
        results.push_back(Tensor::allocate(typed.type, typed.shape));
        outputs.push_back(results.back().mutable_view());
    }
    if (const auto done = run(node.params, views, outputs); !done)
        return done.error().within(node.text());
    return results;
}

}  // namespace facet::reference
