// SPDX-License-Identifier: MIT
// Everything that kernels/map.cl does: element-wise chains, copies, concatenation; and views, which
// need no kernel at all.
#include <numeric>

#include "engine/backends/gpu/chain.h"
#include "engine/backends/gpu/lowerings.h"
#include "engine/backends/reference/reference_backend.h"

namespace facet::gpu {

namespace {

// Elements of `item` from wherever `value` says to `y`, whose element i lies at `y_index`.
struct Map {
    std::string value;
    View x, y;
    std::string y_index = "(i)";
    std::vector<BufferId> tables;  // of int, t0, t1, ...
};

void add_map(ProgramBuilder& builder, const Map& map, const Shape& item, bool batched,
             const Chain* chain) {
    KernelSpec spec{"map", {}, {}};
    define_operand(spec, "X", map.x.storage);
    define_result(spec, map.y.storage);
    spec.define("VALUE(i)", map.value);
    spec.define("Y_INDEX(i)", map.y_index);
    spec.define("CHANNEL(i)", channel_text(item, "i"));
    spec.define("ITEM_ELEMENTS", item.elements());
    std::string params;
    for (size_t k = 0; k < map.tables.size(); ++k)
        params += ", __global const int* restrict t" + std::to_string(k);
    spec.define("TABLE_PARAMS", params);
    std::vector<BufferId> arguments{map.y.buffer, map.x.buffer};
    arguments.insert(arguments.end(), map.tables.begin(), map.tables.end());
    if (chain != nullptr) {
        chain->define(spec);
        chain->append_arguments(arguments);
    } else {
        spec.define("CHAIN(v, i, c)", "(v)");
        spec.define("CHAIN_PARAMS", "");
    }
    builder.add(linear_step(builder.kernel(spec), std::move(arguments), item.elements(), batched));
}

std::string load(const View& view, const Shape& item) {
    return "X_LOAD(x, " + index_text(view, item, "i") + ")";
}

// Which element of the first input each element of each output is; -1: none, but the fill. Asked
// of the reference loops, which so say once and for all what these operations mean.
Result<std::vector<Tensor>> source_indices(const Graph& graph, const Node& node) {
    const Shape& shape = graph.value(node.inputs[0]).shape;
    Tensor indices = Tensor::allocate(DataType::kI32, shape);
    const auto numbers = indices.mutable_view().as<int32_t>();
    std::iota(numbers.begin(), numbers.end(), 0);
    std::vector<Tensor> inputs{indices};
    for (size_t i = 1; i < node.inputs.size(); ++i)
        inputs.push_back(node.inputs[i] == kNoValue ? Tensor() : *graph.constant_input(node, i));
    if (std::holds_alternative<PadParams>(node.params)) {
        inputs.resize(3);
        inputs[2] = Tensor::scalar(int32_t{-1});
    }
    return reference::evaluate(node, inputs);
}

float fill_of(const Graph& graph, const Node& node) {
    if (!std::holds_alternative<PadParams>(node.params)) return 0.0f;
    const Tensor* fill = node.inputs.size() > 2 ? graph.constant_input(node, 2) : nullptr;
    return fill != nullptr ? fill->as<float>()[0] : 0.0f;
}

void define_moved(ProgramBuilder& builder, const Node& node, ValueId output,
                  std::span<const int32_t> indices) {
    const ValueId input = node.inputs[0];
    const View x = builder.view(input);
    std::vector<int64_t> offsets;
    bool fills = false;
    for (const int32_t index : indices) {
        fills |= index < 0;
        offsets.push_back(index < 0 ? -1 : element_offset(x, builder.item(input), index));
    }
    const Shape& item = builder.item(output);
    if (!fills) {
        if (auto view = affine_view(x, item, offsets)) return builder.define(output, *view);
    }
    const std::vector<int32_t> table(offsets.begin(), offsets.end());
    const std::string elements = std::to_string(item.elements());
    const std::string at = "t0[i % " + elements + "]";
    std::string value =
        "X_LOAD(x, i / " + elements + " * " + std::to_string(x.item_stride) + " + " + at + ")";
    if (fills)
        value =
            "(" + at + " < 0 ? " + literal(fill_of(builder.graph(), node)) + " : " + value + ")";
    const View y = builder.allocate(output);
    add_map(builder, {value, x, y, "(i)", {builder.constant(table)}}, item, builder.batched(output),
            nullptr);
    builder.define(output, y);
}

}  // namespace

void add_copy(ProgramBuilder& builder, const View& from, const Shape& item, const View& to,
              bool batched) {
    add_map(builder, {load(from, item), from, to, "(i)", {}}, item, batched, nullptr);
}

Result<void> lower_element_wise(ProgramBuilder& builder, const PlannedStep& step) {
    const Start start = start_of(builder, builder.node(step));
    const ValueId result = builder.result(step);
    const Shape& item = builder.item(result);
    const View x = broadcast_view(builder.view(start.source), builder.item(start.source), item);
    const Chain chain(builder, step, {start.link});
    const View y = builder.allocate(result);
    add_map(builder, {load(x, item), x, y, "(i)", {}}, item, builder.batched(result), &chain);
    builder.define(result, y);
    return {};
}

// Kernels read u8 as float anyway.
Result<void> lower_convert(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    builder.define(node.outputs[0], builder.view(node.inputs[0]));
    return {};
}

Result<void> lower_moved(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const ValueId input = node.inputs[0];
    if (builder.item(input).elements() > INT32_MAX)
        return Error{ErrorCode::kUnsupported, "more than 2^31 elements"};
    if (std::holds_alternative<ReshapeParams>(node.params)) {
        const View x = builder.view(input);
        if (is_dense(x, builder.item(input))) {
            const View seen =
                dense_view(x.buffer, x.storage, builder.item(node.outputs[0]), x.item_stride != 0);
            builder.define(node.outputs[0], seen);
            return {};
        }
    }
    FACET_ASSIGN(const auto indices, source_indices(builder.graph(), node));
    for (size_t i = 0; i < node.outputs.size(); ++i)
        define_moved(builder, node, node.outputs[i], indices[i].as<int32_t>());
    return {};
}

Result<void> lower_concat(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const ValueId result = node.outputs[0];
    const Shape& whole = builder.item(result);
    int64_t axis = std::get<ConcatParams>(node.params).axis;
    if (axis < 0) axis += whole.rank();
    View y = builder.allocate(result);
    const int64_t step_of_axis = y.strides[axis];
    for (const ValueId id : node.inputs) {
        const Shape& item = builder.item(id);
        const View x = builder.view(id);
        if (item.elements() == 0) continue;
        add_map(builder, {load(x, item), x, y, index_text(y, item, "i"), {}}, item,
                builder.batched(result), nullptr);
        y.offset += item[static_cast<int>(axis)] * step_of_axis;
    }
    y.offset = 0;
    builder.define(result, y);
    return {};
}

}  // namespace facet::gpu
