// SPDX-License-Identifier: MIT
// Links, operands and the function around them.
#include "engine/backends/gpu/chain.h"

#include <algorithm>
#include <cmath>

namespace facet::gpu {

namespace {

std::string eltwise_text(EltwiseParams::Kind kind, const std::string& a, const std::string& b) {
    switch (kind) {
        case EltwiseParams::Kind::kAdd:
            return a + " + " + b;
        case EltwiseParams::Kind::kSubtract:
            return a + " - " + b;
        case EltwiseParams::Kind::kMultiply:
            return a + " * " + b;
        case EltwiseParams::Kind::kDivide:
            return a + " / " + b;
        case EltwiseParams::Kind::kMaximum:
            return "fmax(" + a + ", " + b + ")";
        case EltwiseParams::Kind::kMinimum:
            return "fmin(" + a + ", " + b + ")";
        case EltwiseParams::Kind::kPower:
            break;
    }
    return "pow(" + a + ", " + b + ")";
}

std::string statement(const std::string& expression) {
    return "    v = " + expression + ";\n";
}

// `lows` and the like are operands' texts.
std::string quantise_text(int64_t levels, const std::string& in_low, const std::string& in_high,
                          const std::string& out_low, const std::string& out_high) {
    const std::string steps = literal(static_cast<double>(levels - 1));
    return "    {\n        const float a = " + in_low + ", b = " + in_high + ", l = " + out_low +
           ", h = " + out_high +
           ";\n        v = v <= fmin(a, b) ? l : v > fmax(a, b) ? h : rint((v - a) / (b - a) * " +
           steps + ") / " + steps + " * (h - l) + l;\n    }\n";
}

// Constant parameters of a batch norm as a factor and a summand per channel.
std::string batch_norm_text(const BatchNormParams& params, std::span<const std::string> of) {
    return statement("(v - " + of[2] + ") * (" + of[0] + " / sqrt(" + of[3] + " + " +
                     literal(params.epsilon) + ")) + " + of[1]);
}

}  // namespace

Chain::Chain(ProgramBuilder& builder, const PlannedStep& step, std::vector<Link> first)
    : builder_(builder), item_(builder.item(builder.result(step))) {
    append_bias(builder.node(step));
    for (const Link& link : first) append(link);
    const Node& leader = builder.node(step);
    ValueId tail = leader.outputs[0];
    for (const size_t follower : step.followers) {
        const Node& node = builder.graph().nodes[follower];
        append({&node, node.inputs[0] == tail ? size_t{0} : size_t{1}});
        tail = node.outputs[0];
    }
}

void Chain::append(const Link& link) {
    const Node& node = *link.node;
    if (const auto* activation = std::get_if<ActivationParams>(&node.params)) {
        statements_ += statement(activation_text(*activation));
    } else if (std::holds_alternative<PReluParams>(node.params)) {
        statements_ += statement("v < 0.0f ? v * " + operand(node.inputs[1]) + " : v");
    } else if (const auto* eltwise = std::get_if<EltwiseParams>(&node.params)) {
        const std::string other = operand(node.inputs[1 - link.tail]);
        statements_ += statement(link.tail == 0 ? eltwise_text(eltwise->kind, "v", other)
                                                : eltwise_text(eltwise->kind, other, "v"));
    } else {
        // The rest takes constants; those of a batch norm go along the channels.
        const bool norm = std::holds_alternative<BatchNormParams>(node.params);
        std::vector<std::string> of;
        for (size_t i = 1; i < 5; ++i)
            of.push_back(norm ? parameter(builder_.view(node.inputs[i]).buffer, Storage::kF32) +
                                    "[c]"
                              : operand(node.inputs[i]));
        if (norm)
            statements_ += batch_norm_text(std::get<BatchNormParams>(node.params), of);
        else
            statements_ += quantise_text(std::get<FakeQuantizeParams>(node.params).levels, of[0],
                                         of[1], of[2], of[3]);
    }
}

std::string Chain::operand(ValueId value) {
    const auto& constant = builder_.graph().value(value).constant;
    const Shape& shape = builder_.item(value);
    if (constant && shape.elements() == 1) return literal(constant->as<float>()[0]);
    const View view = broadcast_view(builder_.view(value), shape, item_);
    const std::string name = parameter(view.buffer, view.storage);
    const bool per_channel =
        constant && item_.rank() >= 2 && shape.elements() == item_[1] && view.strides[1] == 1;
    const std::string index = per_channel ? "c" : index_text(view, item_, "i");
    return "LOAD_" + std::string(macro_suffix(view.storage)) + "(" + name + ", " + index + ")";
}

std::string Chain::parameter(BufferId buffer, Storage storage) {
    const std::pair wanted{buffer, storage};
    const auto known = std::ranges::find(parameters_, wanted);
    const auto index = std::distance(parameters_.begin(), known);
    if (known == parameters_.end()) parameters_.push_back(wanted);
    return "p" + std::to_string(index);
}

void Chain::append_bias(const Node& node) {
    const bool convolution = std::holds_alternative<ConvolutionParams>(node.params) ||
                             std::holds_alternative<TransposedConvolutionParams>(node.params);
    if (!convolution || node.inputs.size() < 3 || node.inputs[2] == kNoValue) return;
    const BufferId bias = builder_.view(node.inputs[2]).buffer;
    statements_ += statement("v + " + parameter(bias, Storage::kF32) + "[c]");
}

void Chain::define(KernelSpec& spec) const {
    if (statements_.empty()) {
        spec.define("CHAIN(v, i, c)", "(v)");
        spec.define("CHAIN_PARAMS", "");
        return;
    }
    std::string params, arguments;
    for (size_t k = 0; k < parameters_.size(); ++k) {
        const std::string name = "p" + std::to_string(k);
        params += ", __global const " + std::string(type_name(parameters_[k].second)) +
                  "* restrict " + name;
        arguments += ", " + name;
    }
    const std::string body = params + ") {\n" + statements_ + "    return v;\n}\n";
    const std::string name = "chain_" + std::to_string(std::hash<std::string>()(body));
    spec.functions.push_back("static inline float " + name + "(float v, int i, int c" + body);
    spec.define("CHAIN(v, i, c)", name + "(v, i, c" + arguments + ")");
    spec.define("CHAIN_PARAMS", params);
}

void Chain::append_arguments(std::vector<BufferId>& arguments) const {
    for (const auto& [buffer, storage] : parameters_) arguments.push_back(buffer);
}

Start start_of(const ProgramBuilder& builder, const Node& node) {
    const bool swapped = std::holds_alternative<EltwiseParams>(node.params) &&
                         builder.graph().constant_input(node, 0) != nullptr;
    const size_t tail = swapped ? 1 : 0;
    return {node.inputs[tail], {&node, tail}};
}

}  // namespace facet::gpu
