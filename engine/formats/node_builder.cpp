// SPDX-License-Identifier: MIT
// Adding a file's node to the graph, and the checks every op reader needs.
#include "engine/formats/node_builder.h"

#include <algorithm>
#include <utility>

namespace facet {

namespace {

template <typename T>
std::vector<int64_t> widened(const Tensor& tensor) {
    const auto elements = tensor.as<T>();
    return {elements.begin(), elements.end()};
}

}  // namespace

std::vector<int64_t> integers_of(const Tensor& tensor) {
    switch (tensor.type()) {
        case DataType::kI64:
            return widened<int64_t>(tensor);
        case DataType::kI32:
            return widened<int32_t>(tensor);
        case DataType::kI8:
            return widened<int8_t>(tensor);
        case DataType::kU8:
            return widened<uint8_t>(tensor);
        case DataType::kF32:
        case DataType::kF16:
        case DataType::kBool:
            break;
    }
    return {};
}

std::string text_of(std::span<const int64_t> values) {
    std::string text;
    for (int64_t value : values) text += (text.empty() ? "" : ", ") + std::to_string(value);
    return text;
}

NodeBuilder::NodeBuilder(Graph& graph, std::string name, std::string file_type,
                         std::vector<ValueId> inputs, std::vector<ValueId> outputs)
    : graph_(graph),
      name_(std::move(name)),
      file_type_(std::move(file_type)),
      inputs_(std::move(inputs)),
      outputs_(std::move(outputs)) {}

ValueId NodeBuilder::input(size_t index) const {
    return index < inputs_.size() ? inputs_[index] : kNoValue;
}

Result<void> NodeBuilder::require_inputs(size_t least, size_t most) const {
    const bool present =
        inputs_.size() >= least &&
        std::find(inputs_.begin(), inputs_.begin() + least, kNoValue) == inputs_.begin() + least;
    if (!present || inputs_.size() > most) {
        std::string range = std::to_string(least);
        if (most > least) range += most == SIZE_MAX ? " or more" : " to " + std::to_string(most);
        return corrupt("has " + std::to_string(inputs_.size()) + " inputs" +
                       (present ? "" : " or lacks a required one") + "; the operation takes " +
                       range);
    }
    if (outputs_.empty() || outputs_[0] == kNoValue) return corrupt("has no output");
    return {};
}

const Tensor* NodeBuilder::constant(size_t index) const {
    const ValueId id = input(index);
    if (id == kNoValue || !graph_.value(id).constant) return nullptr;
    return &*graph_.value(id).constant;
}

Result<std::vector<int64_t>> NodeBuilder::constant_integers(size_t index,
                                                            std::string_view what) const {
    const Tensor* tensor = constant(index);
    if (tensor == nullptr)
        return unsupported(std::string(what) + " is not a constant", "a constant");
    if (tensor->shape().rank() > 1 || tensor->shape().elements() > kMaxExtent ||
        (tensor->type() == DataType::kF32 || tensor->type() == DataType::kF16 ||
         tensor->type() == DataType::kBool)) {
        return corrupt(std::string(what) + " is " + std::string(to_string(tensor->type())) +
                       tensor->shape().text() + ", not a list of integers");
    }
    return integers_of(*tensor);
}

Result<int64_t> NodeBuilder::constant_integer(size_t index, std::string_view what) const {
    FACET_ASSIGN(const std::vector<int64_t> values, constant_integers(index, what));
    if (values.size() != 1)
        return corrupt(std::string(what) + " has " + std::to_string(values.size()) +
                       " elements instead of one");
    return values[0];
}

Result<float> NodeBuilder::constant_number(size_t index, std::string_view what) const {
    const Tensor* tensor = constant(index);
    if (tensor == nullptr)
        return unsupported(std::string(what) + " is not a constant", "a constant");
    if (tensor->type() == DataType::kBool)
        return unsupported(std::string(what) + " is bool", "a number");
    if (tensor->shape().elements() == 1) {
        const std::vector<int64_t> integers = integers_of(*tensor);
        if (integers.size() == 1) return static_cast<float>(integers[0]);
        if (tensor->type() == DataType::kF32) return tensor->as<float>()[0];
        if (tensor->type() == DataType::kF16) return to_float(tensor->as<Half>()[0]);
    }
    return corrupt(std::string(what) + " is " + std::string(to_string(tensor->type())) +
                   tensor->shape().text() + ", not one number");
}

ValueId NodeBuilder::add_value(std::string_view suffix) {
    return graph_.add_value(name_ + "/" + std::string(suffix));
}

ValueId NodeBuilder::add_integers(std::string_view suffix, std::span<const int64_t> values) {
    const Shape shape{static_cast<int64_t>(values.size())};
    return graph_.add_constant(name_ + "/" + std::string(suffix),
                               Tensor::of<int64_t>(shape, values));
}

ValueId NodeBuilder::add_number(std::string_view suffix, float value) {
    return graph_.add_constant(name_ + "/" + std::string(suffix), Tensor::scalar(value));
}

ValueId NodeBuilder::add_constant(std::string_view suffix, Tensor tensor) {
    return graph_.add_constant(name_ + "/" + std::string(suffix), std::move(tensor));
}

Result<ValueId> NodeBuilder::reshaped(ValueId value, const Shape& shape, std::string_view suffix) {
    if (const auto& tensor = graph_.value(value).constant) {
        if (tensor->shape().elements() != shape.elements()) {
            return corrupt("constant '" + graph_.value(value).name + "' of shape " +
                           tensor->shape().text() + " cannot become " + shape.text());
        }
        Tensor other = tensor->reshaped(shape);
        return graph_.add_constant(name_ + "/" + std::string(suffix), std::move(other));
    }
    const ValueId target = add_integers(std::string(suffix) + "_shape", shape.extents());
    const ValueId output = add_value(suffix);
    FACET_TRY(add(ReshapeParams{.zero_copies = false}, {value, target}, {output}));
    return output;
}

Result<void> NodeBuilder::add(OpParams params) {
    return add(std::move(params), inputs_);
}

Result<void> NodeBuilder::add(OpParams params, std::vector<ValueId> inputs) {
    return add(std::move(params), std::move(inputs), {outputs_[0]});
}

Result<void> NodeBuilder::add(OpParams params, std::vector<ValueId> inputs,
                              std::vector<ValueId> outputs) {
    graph_.add_node({name_, file_type_, std::move(params), std::move(inputs), std::move(outputs)});
    return {};
}

Error NodeBuilder::unsupported(std::string_view what, std::string_view supported) const {
    std::string message = text() + ": " + std::string(what);
    if (!supported.empty()) message += "; supported: " + std::string(supported);
    return {ErrorCode::kUnsupported, std::move(message)};
}

Error NodeBuilder::corrupt(std::string_view what) const {
    return {ErrorCode::kCorrupt, text() + ": " + std::string(what)};
}

std::string NodeBuilder::text() const {
    return Node{name_, file_type_, {}, {}, {}}.text();
}

Result<void> finish_graph(Graph& graph) {
    FACET_TRY(sort_nodes(graph));
    return validate(graph);
}

}  // namespace facet
