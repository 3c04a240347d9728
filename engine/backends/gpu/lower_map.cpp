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
    std::vector<BufferId> tables;  // further buffers: t0, t1, ... of int, or what `params` says
    std::string params = {};       // their declarations; empty: of int
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
    std::string params = map.params;
    for (size_t k = 0; map.params.empty() && k < map.tables.size(); ++k)
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

// Results are the input's elements in the same order.
bool keeps_order(const Node& node) {
    return std::holds_alternative<ReshapeParams>(node.params) ||
           std::holds_alternative<SqueezeParams>(node.params) ||
           std::holds_alternative<UnsqueezeParams>(node.params) ||
           std::holds_alternative<FlattenParams>(node.params);
}

// Elements in row-major order as strides over `item`; nothing where they cannot say it.
std::optional<View> affine_view_of(const ProgramBuilder::Source& source, const Shape& item) {
    std::vector<int64_t> offsets;
    for (int64_t i = 0; i < item.elements(); ++i)
        offsets.push_back(element_offset(source.view, source.item, i));
    return affine_view(source.view, item, offsets);
}

// One part of a join: `pieces` in a row along the axis, before it `begin`, of `whole` in all.
struct Part {
    ProgramBuilder::Source source;
    int64_t begin = 0, pieces = 0;
};

// What a join reads for its element i: from the part in whose stretch i lies.
std::string joined_value(std::span<const Part> parts, int64_t whole) {
    std::string value;
    for (size_t k = 0; k < parts.size(); ++k) {
        const Part& part = parts[k];
        const std::string within = "i % " + std::to_string(whole);
        const std::string index = "(i / " + std::to_string(whole) + " * " +
                                  std::to_string(part.pieces) + " + " + within + " - " +
                                  std::to_string(part.begin) + ")";
        const std::string name = k == 0 ? "x" : "x" + std::to_string(k);
        const std::string read = "LOAD_" + std::string(macro_suffix(part.source.view.storage)) +
                                 "(" + name + ", " +
                                 index_text(part.source.view, part.source.item, index) + ")";
        const bool last = k + 1 == parts.size();
        value +=
            last ? read
                 : within + " < " + std::to_string(part.begin + part.pieces) + " ? " + read + " : ";
    }
    return "(" + value + ")";
}

// A kernel takes so many parts: OpenCL 1.2 promises 1024 bytes of arguments, and each work item
// walks the chain of conditions.
constexpr size_t kMostParts = 16;

// One part by a kernel of its own: its element i goes where it belongs among `whole` of the join.
void add_piece(ProgramBuilder& builder, const Part& part, int64_t whole, const View& y,
               bool batched) {
    const ProgramBuilder::Source& x = part.source;
    const std::string pieces = std::to_string(part.pieces);
    const std::string index = "(i / " + pieces + " * " + std::to_string(whole) + " + i % " +
                              pieces + " + " + std::to_string(part.begin) + ")";
    add_map(builder, {load(x.view, x.item), x.view, y, index, {}}, x.item, batched, nullptr);
}

void add_join(ProgramBuilder& builder, std::span<const Part> parts, const View& y,
              const Shape& item, bool batched) {
    const int64_t whole = parts.back().begin + parts.back().pieces;
    std::string params;
    Map map{joined_value(parts, whole), parts[0].source.view, y, "(i)", {}};
    for (size_t k = 1; k < parts.size(); ++k) {
        map.tables.push_back(parts[k].source.view.buffer);
        params += ", __global const " + std::string(type_name(parts[k].source.view.storage)) +
                  "* restrict x" + std::to_string(k);
    }
    map.params = params;
    add_map(builder, map, item, batched, nullptr);
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
    if (keeps_order(node)) {
        ProgramBuilder::Source x = builder.source(input);
        const ValueId output = node.outputs[0];
        if (is_dense(x.view, x.item))
            builder.define(output, dense_view(x.view.buffer, x.view.storage, builder.item(output),
                                              x.view.item_stride != 0));
        else if (const auto view = affine_view_of(x, builder.item(output)))
            builder.define(output, *view);
        else
            builder.define_in_order_of(output, std::move(x));
        return {};
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
    int64_t inner = 1;
    for (int after = static_cast<int>(axis) + 1; after < whole.rank(); ++after)
        inner *= whole[after];
    std::vector<Part> parts;
    int64_t begin = 0;
    for (const ValueId id : node.inputs) {
        const int64_t pieces = builder.item(id)[static_cast<int>(axis)] * inner;
        if (builder.item(id).elements() == 0) continue;
        parts.push_back({builder.source(id), begin, pieces});
        begin += pieces;
    }
    const View y = builder.allocate(result);
    if (parts.size() <= kMostParts)
        add_join(builder, parts, y, whole, builder.batched(result));
    else
        for (const Part& part : parts) add_piece(builder, part, begin, y, builder.batched(result));
    builder.define(result, y);
    return {};
}

}  // namespace facet::gpu
