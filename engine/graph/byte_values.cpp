// SPDX-License-Identifier: MIT
// Finds the values that bytes can hold, forwards, and drops those that serve no layer, backwards.
#include "engine/graph/byte_values.h"

#include <algorithm>
#include <cmath>

#include "engine/graph/pass_steps.h"
#include "engine/graph/step_grid.h"

namespace facet {

namespace {

constexpr int64_t kByteLevels = 256;
constexpr float kTolerance = 0.08f;  // of a step: limits stored as f16 leave zero off its step

// One number, or one per channel of x.
std::optional<std::vector<float>> limit(const Graph& graph, const Node& node, size_t index) {
    const Tensor* tensor = graph.constant_input(node, index);
    if (tensor == nullptr || tensor->type() != DataType::kF32) return {};
    const auto elements = tensor->as<float>();
    const bool finite = std::ranges::all_of(elements, [](float x) { return std::isfinite(x); });
    if (!finite) return {};
    const Shape& x = graph.value(node.inputs[0]).shape;
    const int axis = tensor->shape().rank() - (x.rank() - 1);
    const bool per_channel = x.rank() >= 2 && axis >= 0 && axis < tensor->shape().rank() &&
                             tensor->shape()[axis] == x[1] && tensor->shape().elements() == x[1];
    if (elements.size() != 1 && !per_channel) return {};
    return std::vector<float>(elements.begin(), elements.end());
}

float at(const std::vector<float>& limits, size_t channel) {
    return limits[limits.size() == 1 ? 0 : channel];
}

// The byte that stands for zero; the same for every channel.
std::optional<int> zero_of(const QuantizerRanges& ranges, const std::vector<float>& steps) {
    std::optional<int> zero;
    for (size_t i = 0; i < steps.size(); ++i) {
        const float exact = -at(ranges.output_low, i) / steps[i];
        const float whole = std::nearbyint(exact);
        if (std::abs(exact - whole) > kTolerance || whole < 0 ||
            whole > static_cast<float>(ranges.levels - 1))
            return {};
        if (zero && *zero != static_cast<int>(whole)) return {};
        zero = static_cast<int>(whole);
    }
    return zero;
}

bool is_uniform(const std::optional<ByteGrid>& grid) {
    return grid && grid->steps.size() == 1;
}

const PoolingParams* max_pooling(const Node& node) {
    const auto* pooling = std::get_if<PoolingParams>(&node.params);
    return pooling && pooling->kind == PoolingParams::Kind::kMax ? pooling : nullptr;
}

bool is_channel_concat(const Graph& graph, const Node& node) {
    const auto* concat = std::get_if<ConcatParams>(&node.params);
    return concat && graph.value(node.outputs[0]).shape.rank() == 4 &&
           (concat->axis == 1 || concat->axis == -3);
}

bool passes_bytes(const Graph& graph, const Node& node) {
    return max_pooling(node) || std::holds_alternative<ReshapeParams>(node.params) ||
           is_channel_concat(graph, node);
}

class Finder {
  public:
    explicit Finder(const Graph& graph)
        : graph_(graph), wiring_(graph), bytes_(graph.values.size()) {}

    ByteValues run() {
        for (const Node& node : graph_.nodes) find(node);
        std::vector<bool> useful(bytes_.size(), false);
        for (size_t i = graph_.nodes.size(); i-- > 0;) use(graph_.nodes[i], useful);
        for (size_t id = 0; id < bytes_.size(); ++id)
            if (!useful[id]) bytes_[id].reset();
        return std::move(bytes_);
    }

  private:
    void find(const Node& node) {
        if (node.outputs.size() != 1 || wiring_.is_output[node.outputs[0]]) return;
        std::optional<ByteGrid>& grid = bytes_[node.outputs[0]];
        if (std::holds_alternative<FakeQuantizeParams>(node.params)) {
            grid = byte_grid(graph_, node);
        } else if (max_pooling(node)) {
            grid = bytes_[node.inputs[0]];
        } else if (std::holds_alternative<ReshapeParams>(node.params)) {
            if (is_uniform(bytes_[node.inputs[0]])) grid = bytes_[node.inputs[0]];
        } else if (is_channel_concat(graph_, node)) {
            grid = joined(node);
        }
    }

    std::optional<ByteGrid> joined(const Node& node) {
        std::optional<ByteGrid> common;
        for (ValueId id : node.inputs) {
            const auto& grid = bytes_[id];
            if (!is_uniform(grid)) return {};
            if (!common) common = grid;
            if (grid->type != common->type || grid->zero_point != common->zero_point) return {};
            common->steps[0] = std::max(common->steps[0], grid->steps[0]);
            common->least = std::min(common->least, grid->least);
            common->most = std::max(common->most, grid->most);
        }
        for (ValueId id : node.inputs)
            if (wiring_.reads[id] == 1 && can_widen(id)) bytes_[id] = common;
        return common;
    }

    // Written by a FakeQuantize that changes nothing but the precision.
    bool can_widen(ValueId id) const {
        const int writer = wiring_.writer[id];
        if (writer < 0) return false;
        const auto ranges = quantizer_ranges(graph_, graph_.nodes[writer]);
        return ranges && ranges->input_low == ranges->output_low &&
               ranges->input_high == ranges->output_high;
    }

    void use(const Node& node, std::vector<bool>& useful) {
        if (is_quantized_layer(graph_, node, bytes_)) {
            useful[node.inputs[0]] = true;
            return;
        }
        const bool bytes_behind = node.outputs.size() == 1 && useful[node.outputs[0]];
        if (bytes_behind && passes_bytes(graph_, node))
            for (ValueId id : node.inputs)
                if (id != kNoValue && bytes_[id]) useful[id] = true;
        if (is_sum_of_bytes(node) && ends_as_bytes(node, useful))
            for (ValueId id : node.inputs)
                if (is_uniform(bytes_[id])) useful[id] = true;
    }

    static bool is_sum_of_bytes(const Node& node) {
        const auto* eltwise = std::get_if<EltwiseParams>(&node.params);
        return eltwise && eltwise->kind == EltwiseParams::Kind::kAdd;
    }

    // A chain of sole readers leads to a FakeQuantize whose bytes are of use.
    bool ends_as_bytes(const Node& sum, const std::vector<bool>& useful) const {
        ValueId tail = sum.outputs[0];
        while (wiring_.reads[tail] == 1 && !wiring_.is_output[tail]) {
            const auto next = std::ranges::find_if(graph_.nodes, [&](const Node& node) {
                return std::ranges::count(node.inputs, tail) > 0;
            });
            if (next->outputs.size() != 1) return false;
            tail = next->outputs[0];
            if (std::holds_alternative<FakeQuantizeParams>(next->params) && useful[tail])
                return true;
        }
        return false;
    }

    const Graph& graph_;
    Wiring wiring_;
    ByteValues bytes_;
};

bool has_constant_bias(const Graph& graph, const Node& node) {
    return node.inputs.size() < 3 || node.inputs[2] == kNoValue ||
           graph.constant_input(node, 2) != nullptr;
}

}  // namespace

std::optional<QuantizerRanges> quantizer_ranges(const Graph& graph, const Node& node) {
    const auto* params = std::get_if<FakeQuantizeParams>(&node.params);
    if (params == nullptr) return {};
    QuantizerRanges ranges;
    ranges.levels = params->levels;
    const std::array<std::vector<float>*, 4> limits{&ranges.input_low, &ranges.input_high,
                                                    &ranges.output_low, &ranges.output_high};
    size_t channels = 1;
    for (size_t i = 0; i < limits.size(); ++i) {
        auto found = limit(graph, node, i + 1);
        if (!found) return {};
        *limits[i] = *std::move(found);
        channels = std::max(channels, limits[i]->size());
    }
    for (size_t i = 0; i < channels; ++i)
        if (!(at(ranges.input_low, i) < at(ranges.input_high, i)) ||
            !(at(ranges.output_low, i) < at(ranges.output_high, i)))
            return {};
    return ranges;
}

std::optional<ByteGrid> byte_grid(const Graph& graph, const Node& node) {
    const auto ranges = quantizer_ranges(graph, node);
    if (!ranges || ranges->levels < 2 || ranges->levels > kByteLevels) return {};
    ByteGrid grid;
    const size_t channels = std::max(ranges->output_low.size(), ranges->output_high.size());
    for (size_t i = 0; i < channels; ++i)
        grid.steps.push_back((at(ranges->output_high, i) - at(ranges->output_low, i)) /
                             static_cast<float>(ranges->levels - 1));
    const auto zero = zero_of(*ranges, grid.steps);
    if (!zero) return {};
    const auto top = static_cast<int>(ranges->levels - 1);
    if (*zero > 0 && *zero <= 128 && top - *zero <= 127) {
        grid.type = DataType::kI8;
        grid.least = -*zero;
        grid.most = top - *zero;
    } else {
        grid.zero_point = *zero;
        grid.most = top;
    }
    return grid;
}

ByteValues byte_values(const Graph& graph) {
    return Finder(graph).run();
}

std::vector<float> weight_steps(const Graph& graph, const Node& node) {
    const Tensor* weights = graph.constant_input(node, 1);
    if (weights == nullptr || !graph.value(node.inputs[1]).grid) return {};
    int axis = 0;
    if (const auto* product = std::get_if<MatMulParams>(&node.params))
        axis = product->transpose_b ? 0 : 1;
    return steps_along(*graph.value(node.inputs[1]).grid, weights->shape(), axis);
}

bool is_quantized_layer(const Graph& graph, const Node& node, const ByteValues& bytes) {
    const auto* convolution = std::get_if<ConvolutionParams>(&node.params);
    const auto* product = std::get_if<MatMulParams>(&node.params);
    if ((convolution == nullptr && product == nullptr) || !bytes[node.inputs[0]]) return false;
    if (weight_steps(graph, node).empty() || !has_constant_bias(graph, node)) return false;
    const Shape& x = graph.value(node.inputs[0]).shape;
    const bool uniform = is_uniform(bytes[node.inputs[0]]);
    if (product != nullptr)
        return uniform && !product->transpose_a && x.rank() == 2 &&
               graph.value(node.inputs[1]).shape.rank() == 2;
    const bool depthwise =
        convolution->groups == x[1] && graph.value(node.outputs[0]).shape[1] == x[1];
    return uniform || depthwise;
}

int count_quantized_layers(const Graph& graph) {
    const ByteValues bytes = byte_values(graph);
    return static_cast<int>(std::ranges::count_if(
        graph.nodes, [&](const Node& node) { return is_quantized_layer(graph, node, bytes); }));
}

}  // namespace facet
