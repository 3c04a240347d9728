// SPDX-License-Identifier: MIT
// Typed access to the attributes of an OpenVINO layer.
#include "engine/formats/openvino_ir_op.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "engine/formats/file_shape.h"

namespace facet {

namespace {

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

}  // namespace

int opset_number(std::string_view opset) {
    constexpr std::string_view kPrefix = "opset";
    if (opset.empty()) return 1;
    if (!opset.starts_with(kPrefix)) return 0;
    int number = 0;
    const char* const last = opset.data() + opset.size();
    const auto [end, error] = std::from_chars(opset.data() + kPrefix.size(), last, number);
    return error == std::errc{} && end == last ? number : 0;
}

Result<DataType> ir_data_type(std::string_view name) {
    struct Row {
        std::string_view name;
        DataType type;
    };
    constexpr Row kRows[] = {{"f32", DataType::kF32}, {"f16", DataType::kF16},
                             {"f64", DataType::kF32}, {"i8", DataType::kI8},
                             {"u8", DataType::kU8},   {"i32", DataType::kI32},
                             {"i64", DataType::kI64}, {"boolean", DataType::kBool}};
    for (const Row& row : kRows)
        if (row.name == lower_case(std::string(name))) return row.type;
    return Error{ErrorCode::kUnsupported, "element type '" + std::string(name) +
                                              "'; supported: f32, f16, f64, i8, u8, i32, i64, "
                                              "boolean"};
}

IrOp::IrOp(Graph& graph, const IrLayer& layer, std::vector<ValueId> inputs,
           std::vector<ValueId> outputs)
    : NodeBuilder(graph, layer.name, layer.type, std::move(inputs), std::move(outputs)),
      layer_(layer),
      opset_(opset_number(layer.opset)) {}

bool IrOp::has_attribute(std::string_view name) const {
    return attribute(name) != nullptr;
}

Result<int64_t> IrOp::integer(std::string_view name, std::optional<int64_t> fallback, int64_t least,
                              int64_t most) const {
    const std::string* text = attribute(name);
    if (text == nullptr) return fallback ? Result<int64_t>(*fallback) : missing(name);
    const auto values = parse_integers(*text);
    if (!values || values->size() != 1) return malformed(name, "one integer");
    if ((*values)[0] < least || (*values)[0] > most) return malformed(name, "a sane value");
    return (*values)[0];
}

Result<float> IrOp::number(std::string_view name, std::optional<float> fallback) const {
    const std::string* text = attribute(name);
    if (text == nullptr) return fallback ? Result<float>(*fallback) : missing(name);
    const auto values = parse_numbers(*text);
    if (!values || values->size() != 1) return malformed(name, "one number");
    return (*values)[0];
}

Result<bool> IrOp::flag(std::string_view name, std::optional<bool> fallback) const {
    const std::string* text = attribute(name);
    if (text == nullptr) return fallback ? Result<bool>(*fallback) : missing(name);
    const std::string value = lower_case(*text);
    if (value == "true" || value == "1") return true;
    if (value == "false" || value == "0") return false;
    return malformed(name, "true or false");
}

Result<std::string> IrOp::word(std::string_view name, std::optional<std::string> fallback) const {
    const std::string* text = attribute(name);
    if (text == nullptr) return fallback ? Result<std::string>(*fallback) : missing(name);
    return lower_case(*text);
}

Result<std::vector<int64_t>> IrOp::integers(std::string_view name,
                                            std::optional<std::vector<int64_t>> fallback) const {
    const std::string* text = attribute(name);
    if (text == nullptr) return fallback ? Result<std::vector<int64_t>>(*fallback) : missing(name);
    auto values = parse_integers(*text);
    if (!values) return malformed(name, "a list of integers");
    return values;
}

Result<std::vector<float>> IrOp::numbers(std::string_view name,
                                         std::optional<std::vector<float>> fallback) const {
    const std::string* text = attribute(name);
    if (text == nullptr) return fallback ? Result<std::vector<float>>(*fallback) : missing(name);
    auto values = parse_numbers(*text);
    if (!values) return malformed(name, "a list of numbers");
    return values;
}

Result<Extent2> IrOp::extent(std::string_view name, int64_t least,
                             std::optional<Extent2> fallback) const {
    if (!has_attribute(name) && fallback) return *fallback;
    FACET_ASSIGN(const std::vector<int64_t> values, integers(name));
    if (values.size() != 2) {
        return unsupported(std::string(name) + " of " + std::to_string(values.size()) + " axes",
                           "two-dimensional operations");
    }
    if (values[0] < least || values[1] < least || values[0] > kMaxExtent || values[1] > kMaxExtent)
        return malformed(name, "a sane value");
    return Extent2{values[0], values[1]};
}

Result<void> IrOp::require_numpy_broadcast() const {
    FACET_ASSIGN(const std::string rule, word("auto_broadcast", "numpy"));
    if (rule != "numpy" && rule != "none")
        return unsupported("auto_broadcast=" + rule, "numpy, none");
    return {};
}

Result<Shape> IrOp::stated_shape(size_t input_index, std::string_view purpose) const {
    const std::vector<int64_t>& extents = layer_.inputs[input_index].extents;
    if (std::ranges::find(extents, -1) != extents.end()) {
        return unsupported("input " + std::to_string(input_index) + " has dynamic extents, but " +
                               std::string(purpose) + " needs them",
                           "static shapes");
    }
    auto shape = shape_from_file(extents);
    if (!shape) return here(shape.error());
    return shape;
}

size_t IrOp::stated_rank(size_t input_index) const {
    return input_index < layer_.inputs.size() ? layer_.inputs[input_index].extents.size() : 0;
}

const std::string* IrOp::attribute(std::string_view name) const {
    const auto found = layer_.attributes.find(name);
    return found == layer_.attributes.end() ? nullptr : &found->second;
}

Error IrOp::malformed(std::string_view name, std::string_view expected) const {
    return corrupt(std::string(name) + "=\"" + *attribute(name) + "\" is not " +
                   std::string(expected));
}

Error IrOp::missing(std::string_view name) const {
    return corrupt("lacks the attribute " + std::string(name));
}

}  // namespace facet
