// SPDX-License-Identifier: MIT
// Typed access to the attributes of an ONNX node.
#include "engine/formats/onnx_op.h"

#include <onnx/onnx_pb.h>

#include "engine/formats/onnx_tensor.h"

namespace facet {

using onnx::AttributeProto;

OnnxOp::OnnxOp(Graph& graph, const std::shared_ptr<const void>& owner, const onnx::NodeProto& proto,
               int opset, std::vector<ValueId> inputs, std::vector<ValueId> outputs)
    : NodeBuilder(graph,
                  proto.name().empty() && proto.output_size() > 0 ? proto.output(0) : proto.name(),
                  proto.op_type(), std::move(inputs), std::move(outputs)),
      owner_(owner),
      proto_(proto),
      opset_(opset) {}

bool OnnxOp::has_attribute(std::string_view name) const {
    return attribute(name) != nullptr;
}

Result<int64_t> OnnxOp::integer(std::string_view name, std::optional<int64_t> fallback,
                                int64_t least, int64_t most) const {
    const AttributeProto* found = attribute(name);
    if (found == nullptr) return fallback ? Result<int64_t>(*fallback) : missing(name);
    if (found->type() != AttributeProto::INT) return malformed(name, "an integer");
    if (found->i() < least || found->i() > most)
        return corrupt(std::string(name) + "=" + std::to_string(found->i()) +
                       " is not a sane value");
    return found->i();
}

Result<bool> OnnxOp::flag(std::string_view name, bool fallback) const {
    FACET_ASSIGN(const int64_t value, integer(name, fallback ? 1 : 0));
    return value != 0;
}

Result<float> OnnxOp::number(std::string_view name, std::optional<float> fallback) const {
    const AttributeProto* found = attribute(name);
    if (found == nullptr) return fallback ? Result<float>(*fallback) : missing(name);
    if (found->type() != AttributeProto::FLOAT) return malformed(name, "a number");
    return found->f();
}

Result<std::string> OnnxOp::word(std::string_view name, std::optional<std::string> fallback) const {
    const AttributeProto* found = attribute(name);
    if (found == nullptr) return fallback ? Result<std::string>(*fallback) : missing(name);
    if (found->type() != AttributeProto::STRING) return malformed(name, "a string");
    return found->s();
}

Result<std::vector<int64_t>> OnnxOp::integers(std::string_view name,
                                              std::optional<std::vector<int64_t>> fallback) const {
    const AttributeProto* found = attribute(name);
    if (found == nullptr) return fallback ? Result<std::vector<int64_t>>(*fallback) : missing(name);
    if (found->type() != AttributeProto::INTS) return malformed(name, "a list of integers");
    return std::vector<int64_t>(found->ints().begin(), found->ints().end());
}

Result<std::vector<float>> OnnxOp::numbers(std::string_view name) const {
    const AttributeProto* found = attribute(name);
    if (found == nullptr) return missing(name);
    if (found->type() != AttributeProto::FLOATS) return malformed(name, "a list of numbers");
    return std::vector<float>(found->floats().begin(), found->floats().end());
}

Result<Tensor> OnnxOp::tensor(std::string_view name) const {
    const AttributeProto* found = attribute(name);
    if (found == nullptr) return missing(name);
    if (found->type() != AttributeProto::TENSOR) return malformed(name, "a tensor");
    auto read = read_onnx_tensor(owner_, found->t());
    if (!read) return here(read.error());
    return read;
}

Result<Extent2> OnnxOp::extent(std::string_view name, int64_t least,
                               std::optional<Extent2> fallback) const {
    if (!has_attribute(name) && fallback) return *fallback;
    FACET_ASSIGN(const std::vector<int64_t> values, integers(name));
    if (values.size() != 2) {
        return unsupported(std::string(name) + " of " + std::to_string(values.size()) + " axes",
                           "two, of images");
    }
    if (values[0] < least || values[1] < least || values[0] > kMaxExtent || values[1] > kMaxExtent)
        return corrupt(std::string(name) + "=[" + text_of(values) + "] is not a sane value");
    return Extent2{values[0], values[1]};
}

Result<int64_t> OnnxOp::axis(std::optional<int64_t> fallback) const {
    return integer("axis", fallback, -Shape::kMaxRank, Shape::kMaxRank);
}

Result<ValueId> OnnxOp::input_or_attribute(size_t index, std::string_view name) {
    if (has_input(index)) return input(index);
    if (!has_attribute(name)) return kNoValue;
    FACET_ASSIGN(const std::vector<int64_t> values, integers(name));
    return add_integers(name, values);
}

Result<ValueId> OnnxOp::broadcast_operand() {
    if (opset_ >= 7 || !has_attribute("axis")) return input(1);
    FACET_ASSIGN(const int64_t first, axis({}));
    return operand_from_axis(first);
}

// The ranks are known when shapes are inferred: then all of this is folded into one Reshape.
Result<ValueId> OnnxOp::operand_from_axis(int64_t axis) {
    const auto rank_of = [this](ValueId value, std::string_view name) -> Result<ValueId> {
        const ValueId shape = add_value(std::string(name) + "_shape");
        const ValueId rank = add_value(std::string(name) + "_rank");
        FACET_TRY(add(ShapeOfParams{}, {value}, {shape}));
        FACET_TRY(add(ShapeOfParams{}, {shape}, {rank}));
        return rank;
    };
    FACET_ASSIGN(const ValueId rank, rank_of(input(0), "first"));
    FACET_ASSIGN(const ValueId operand_rank, rank_of(input(1), "second"));
    const ValueId end = add_value("second_end"), missing_axes = add_value("missing_axes");
    const ValueId ones = add_value("ones"), shape = add_value("second_shape_padded");
    const ValueId operand_shape = add_value("second_extents"), result = add_value("second_padded");
    using Kind = EltwiseParams::Kind;
    FACET_TRY(add(EltwiseParams{Kind::kAdd},
                  {operand_rank, add_integers("axis", std::vector{axis})}, {end}));
    FACET_TRY(add(EltwiseParams{Kind::kSubtract}, {rank, end}, {missing_axes}));
    FACET_TRY(add(ExpandParams{}, {add_constant("one", Tensor::scalar(int64_t{1})), missing_axes},
                  {ones}));
    FACET_TRY(add(ShapeOfParams{}, {input(1)}, {operand_shape}));
    FACET_TRY(add(ConcatParams{0}, {operand_shape, ones}, {shape}));
    FACET_TRY(add(ReshapeParams{}, {input(1), shape}, {result}));
    return result;
}

void OnnxOp::set_constant(Tensor tensor) {
    Value& value = graph().value(outputs()[0]);
    value.type = tensor.type();
    value.shape = tensor.shape();
    value.constant = std::move(tensor);
}

const AttributeProto* OnnxOp::attribute(std::string_view name) const {
    for (const AttributeProto& candidate : proto_.attribute())
        if (candidate.name() == name) return &candidate;
    return nullptr;
}

Error OnnxOp::malformed(std::string_view name, std::string_view expected) const {
    return corrupt("the attribute " + std::string(name) + " is not " + std::string(expected));
}

Error OnnxOp::missing(std::string_view name) const {
    return corrupt("lacks the attribute " + std::string(name));
}

}  // namespace facet
