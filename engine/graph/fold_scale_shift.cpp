// SPDX-License-Identifier: MIT
// Folds per-channel scales and shifts into the weights and biases beside them.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/graph/channel_affine.h"
#include "engine/graph/pass_steps.h"
#include "engine/graph/step_grid.h"

namespace facet {

namespace {

bool has_constant_weights(const Graph& graph, const Node& node) {
    const Tensor* weights = graph.constant_input(node, 1);
    if (weights == nullptr || weights->type() != DataType::kF32) return false;
    const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
    return !has_bias || graph.constant_input(node, 2) != nullptr;
}

// A padded element is zero before the shift and would be `shift` after it.
bool pads_nothing(const Graph& graph, const Node& conv) {
    const auto& params = std::get<ConvolutionParams>(conv.params);
    const Shape& x = graph.value(conv.inputs[0]).shape;
    const Shape& weights = graph.value(conv.inputs[1]).shape;
    const ResolvedPads pads =
        resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, {x[2], x[3]},
                     {weights[2], weights[3]}, params.strides, params.dilations);
    return pads.begin == Extent2{0, 0} && pads.end == Extent2{0, 0};
}

// Weights [O,I,kH,kW] with each kernel plane [kH,kW] multiplied by factor(o, i).
Tensor scaled_planes(const Tensor& weights, const auto& factor) {
    const Shape& shape = weights.shape();
    const auto plane = static_cast<size_t>(shape[2] * shape[3]);
    Tensor scaled = Tensor::allocate(DataType::kF32, shape);
    const float* source = weights.as<float>().data();
    float* target = scaled.mutable_view().as<float>().data();
    for (int64_t o = 0; o < shape[0]; ++o) {
        for (int64_t i = 0; i < shape[1]; ++i) {
            const double by = factor(o, i);
            for (size_t k = 0; k < plane; ++k)
                *target++ = static_cast<float>(static_cast<double>(*source++) * by);
        }
    }
    return scaled;
}

std::vector<double> bias_of(const Graph& graph, const Node& conv, int64_t channels) {
    const Tensor* bias = graph.constant_input(conv, 2);
    if (bias == nullptr) return std::vector<double>(channels, 0.0);
    const auto elements = bias->as<float>();
    return {elements.begin(), elements.end()};
}

Tensor to_tensor(const std::vector<double>& values) {
    Tensor tensor = Tensor::allocate(DataType::kF32, Shape{static_cast<int64_t>(values.size())});
    std::ranges::transform(values, tensor.mutable_view().as<float>().begin(),
                           [](double value) { return static_cast<float>(value); });
    return tensor;
}

bool all_zero(const std::vector<double>& shift) {
    return std::ranges::all_of(shift, [](double value) { return value == 0.0; });
}

// The grid of weights scaled along `axis`.
std::optional<StepGrid> scaled_grid(const Value& weights, int axis, const ChannelAffine& affine) {
    if (!weights.grid) return {};
    std::vector<float> steps = steps_along(*weights.grid, weights.shape, axis);
    if (steps.empty()) return {};
    for (size_t i = 0; i < steps.size(); ++i)
        steps[i] = static_cast<float>(double{steps[i]} * affine.scale_at(i));
    int64_t inner = 1;
    for (int behind = axis + 1; behind < weights.shape.rank(); ++behind)
        inner *= weights.shape[behind];
    return StepGrid{std::move(steps), inner};
}

class Folder {
  public:
    explicit Folder(Graph& graph)
        : graph_(graph), wiring_(graph), dropped_(graph.nodes.size(), false) {}

    void run() {
        // Forwards first, so that a chain behind a convolution vanishes one by one; then backwards
        // for the chains before one.
        for (size_t i = 0; i < graph_.nodes.size(); ++i) fold_into_writer(i);
        for (size_t i = graph_.nodes.size(); i-- > 0;)
            if (!dropped_[i]) fold_into_reader(i);
        size_t next = 0;
        std::erase_if(graph_.nodes, [&](const Node&) { return dropped_[next++]; });
    }

  private:
    // The node whose only reader is node `index`, if it writes x alone.
    Node* sole_writer(ValueId x) {
        const int writer = wiring_.writer[x];
        return writer >= 0 && wiring_.reads[x] == 1 ? &graph_.nodes[writer] : nullptr;
    }

    void fold_into_writer(size_t index) {
        const Node& node = graph_.nodes[index];
        for (ValueId x : node.inputs) {
            if (x == kNoValue || graph_.value(x).constant) continue;
            Node* writer = sole_writer(x);
            if (writer == nullptr || !has_constant_weights(graph_, *writer)) return;
            if (std::holds_alternative<ConvolutionParams>(writer->params)) {
                if (const auto affine = channel_affine(graph_, node, 1)) {
                    scale_outputs(*writer, *affine);
                    replace(index, *writer);
                }
            } else if (std::holds_alternative<MatMulParams>(writer->params)) {
                fold_into_matmul(index, *writer);
            }
            return;
        }
    }

    void scale_outputs(Node& conv, const ChannelAffine& affine) {
        const Tensor weights = *graph_.constant_input(conv, 1);
        std::vector<double> bias = bias_of(graph_, conv, weights.shape()[0]);
        for (size_t o = 0; o < bias.size(); ++o)
            bias[o] = bias[o] * affine.scale_at(o) + affine.shift_at(o);
        if (!affine.scale.empty())
            set_weights(
                conv,
                scaled_planes(weights, [&](int64_t o, int64_t) { return affine.scale_at(o); }),
                scaled_grid(graph_.value(conv.inputs[1]), 0, affine));
        set_bias(conv, bias);
    }

    // A matmul has no bias: the scale goes into b, a shift stays behind as an Add.
    void fold_into_matmul(size_t index, Node& matmul) {
        const Shape y = graph_.value(matmul.outputs[0]).shape;
        const auto affine = channel_affine(graph_, graph_.nodes[index], y.rank() - 1);
        const Tensor b = *graph_.constant_input(matmul, 1);
        if (!affine || affine->scale.empty() || b.shape().rank() != 2) return;
        const bool transposed = std::get<MatMulParams>(matmul.params).transpose_b;
        const Tensor columns = b.reshaped(Shape{b.shape()[0], b.shape()[1], 1, 1});
        const Tensor scaled = scaled_planes(columns, [&](int64_t row, int64_t column) {
            return affine->scale_at(transposed ? row : column);
        });
        set_weights(matmul, scaled.reshaped(b.shape()),
                    scaled_grid(graph_.value(matmul.inputs[1]), transposed ? 0 : 1, *affine));
        if (affine->shift.empty()) {
            replace(index, matmul);
            return;
        }
        Node& node = graph_.nodes[index];
        const ValueId shift = graph_.add_constant(node.name + "/shift", to_tensor(affine->shift));
        node.params = EltwiseParams{EltwiseParams::Kind::kAdd};
        node.inputs = {affine->x, shift};
    }

    void fold_into_reader(size_t index) {
        const auto affine = channel_affine(graph_, graph_.nodes[index], 1);
        if (!affine) return;
        const ValueId y = graph_.nodes[index].outputs[0];
        Node* conv = sole_reader(index, y);
        if (conv == nullptr || !std::holds_alternative<ConvolutionParams>(conv->params) ||
            conv->inputs[0] != y || !has_constant_weights(graph_, *conv))
            return;
        if (!all_zero(affine->shift) && !pads_nothing(graph_, *conv)) {
            fold_scale_alone(index, *conv, *affine);
            return;
        }
        scale_inputs(*conv, *affine);
        conv->inputs[0] = affine->x;
        dropped_[index] = true;
    }

    // Before a padded convolution: s x + t = s (x + t / s). A padded zero is a zero for the scale,
    // which may pass; the shift stays behind as an Add. Takes the pure scales before it along.
    void fold_scale_alone(size_t index, Node& conv, ChannelAffine affine) {
        std::vector<double> scale(affine.shift.size());
        for (size_t i = 0; i < scale.size(); ++i) scale[i] = affine.scale_at(i);
        bool scales = !affine.scale.empty();
        std::vector<size_t> absorbed;
        while (sole_writer(affine.x) != nullptr) {
            const int writer = wiring_.writer[affine.x];
            const auto before = channel_affine(graph_, graph_.nodes[writer], 1);
            if (!before || before->scale.empty() || !all_zero(before->shift)) break;
            for (size_t i = 0; i < scale.size(); ++i) scale[i] *= before->scale[i];
            affine.x = before->x;
            absorbed.push_back(writer);
            scales = true;
        }
        if (!scales) return;
        for (size_t i = 0; i < scale.size(); ++i) affine.shift[i] /= scale[i];
        const auto finite = [](double value) { return std::isfinite(value); };
        if (!std::ranges::all_of(affine.shift, finite)) return;
        scale_inputs(conv, {affine.x, scale, {}});
        for (size_t writer : absorbed) dropped_[writer] = true;
        Node& node = graph_.nodes[index];
        const auto channels = static_cast<int64_t>(scale.size());
        const Tensor shift = to_tensor(affine.shift).reshaped(Shape{1, channels, 1, 1});
        node.params = EltwiseParams{EltwiseParams::Kind::kAdd};
        node.inputs = {affine.x, graph_.add_constant(node.name + "/shift", shift)};
    }

    Node* sole_reader(size_t index, ValueId y) {
        if (wiring_.reads[y] != 1 || wiring_.is_output[y]) return nullptr;
        for (size_t i = index + 1; i < graph_.nodes.size(); ++i)
            if (!dropped_[i] && std::ranges::count(graph_.nodes[i].inputs, y) > 0)
                return &graph_.nodes[i];
        return nullptr;
    }

    void scale_inputs(Node& conv, const ChannelAffine& affine) {
        const Tensor weights = *graph_.constant_input(conv, 1);
        const Shape shape = weights.shape();
        const int64_t groups = std::get<ConvolutionParams>(conv.params).groups;
        const auto channel = [&](int64_t o, int64_t i) {
            return o / (shape[0] / groups) * shape[1] + i;
        };
        if (!all_zero(affine.shift)) {
            std::vector<double> bias = bias_of(graph_, conv, shape[0]);
            const auto plane = static_cast<size_t>(shape[2] * shape[3]);
            const float* element = weights.as<float>().data();
            for (int64_t o = 0; o < shape[0]; ++o) {
                for (int64_t i = 0; i < shape[1]; ++i, element += plane)
                    bias[o] += std::accumulate(element, element + plane, 0.0) *
                               affine.shift_at(channel(o, i));
            }
            set_bias(conv, bias);
        }
        if (!affine.scale.empty())
            set_weights(conv, scaled_planes(weights, [&](int64_t o, int64_t i) {
                            return affine.scale_at(channel(o, i));
                        }));
    }

    // Constants may have other readers: folds add new ones and leave the old to remove_dead().
    void set_weights(Node& node, Tensor weights, std::optional<StepGrid> grid = {}) {
        node.inputs[1] = graph_.add_constant(graph_.value(node.inputs[1]).name, std::move(weights));
        graph_.value(node.inputs[1]).grid = std::move(grid);
    }

    void set_bias(Node& conv, const std::vector<double>& bias) {
        const ValueId id = graph_.add_constant(conv.name + "/bias", to_tensor(bias));
        conv.inputs.resize(3, kNoValue);
        conv.inputs[2] = id;
    }

    // `writer` writes what node `index` wrote.
    void replace(size_t index, Node& writer) {
        const ValueId y = graph_.nodes[index].outputs[0];
        wiring_.writer[y] = static_cast<int>(&writer - graph_.nodes.data());
        writer.outputs[0] = y;
        dropped_[index] = true;
    }

    Graph& graph_;
    Wiring wiring_;
    std::vector<bool> dropped_;
};

}  // namespace

void fold_scale_shift(Graph& graph) {
    Folder(graph).run();
}

}  // namespace facet
