// SPDX-License-Identifier: MIT
// Reduces every way of renaming axes to Reshape or to nothing.
#include <algorithm>
#include <numeric>

#include "engine/graph/pass_steps.h"
#include "engine/graph/shape_rules.h"

namespace facet {

namespace {

// The elements of input `index`, or `otherwise` where it is absent. They are constant: the shape
// rule has read them already.
Result<std::vector<int64_t>> integers(const Graph& graph, const Node& node, size_t index,
                                      std::vector<int64_t> otherwise = {}) {
    const std::vector<InputInfo> infos = input_infos(graph, node);
    if (!shape_rules::is_present(infos, index)) return otherwise;
    return shape_rules::constant_integers(infos[index], "input " + std::to_string(index));
}

std::vector<int64_t> counted(size_t count) {
    std::vector<int64_t> axes(count);
    std::iota(axes.begin(), axes.end(), int64_t{0});
    return axes;
}

ValueId add_integers(Graph& graph, const std::string& name, const std::vector<int64_t>& values) {
    const Shape shape{static_cast<int64_t>(values.size())};
    return graph.add_constant(name, Tensor::of<int64_t>(shape, values));
}

// Takes the axes that a Slice leaves whole out of its lists, so that it reads the same for every
// extent of them.
Result<void> name_only_cut_axes(Graph& graph, Node& node) {
    const Shape& x = graph.value(node.inputs[0]).shape;
    const Shape& y = graph.value(node.outputs[0]).shape;
    FACET_ASSIGN(const std::vector<int64_t> starts, integers(graph, node, 1));
    FACET_ASSIGN(const std::vector<int64_t> ends, integers(graph, node, 2));
    FACET_ASSIGN(const std::vector<int64_t> axes, integers(graph, node, 3, counted(starts.size())));
    FACET_ASSIGN(const std::vector<int64_t> steps,
                 integers(graph, node, 4, std::vector<int64_t>(starts.size(), 1)));
    std::vector<int64_t> cut_starts, cut_ends, cut_axes, cut_steps;
    for (size_t i = 0; i < axes.size(); ++i) {
        const int64_t axis = axes[i] < 0 ? axes[i] + x.rank() : axes[i];
        const int64_t extent = x[static_cast<int>(axis)];
        if (y[static_cast<int>(axis)] == extent && (steps[i] == 1 || extent == 1)) continue;
        cut_starts.push_back(starts[i]);
        cut_ends.push_back(ends[i]);
        cut_axes.push_back(axis);
        cut_steps.push_back(steps[i]);
    }
    if (cut_axes.size() == axes.size()) return {};
    const ValueId x_id = node.inputs[0];
    node.inputs = {x_id, add_integers(graph, node.name + "/starts", cut_starts),
                   add_integers(graph, node.name + "/ends", cut_ends),
                   add_integers(graph, node.name + "/axes", cut_axes),
                   add_integers(graph, node.name + "/steps", cut_steps)};
    return {};
}

// The same for a StridedSlice, by its masks.
Result<void> mask_whole_axes(Graph& graph, Node& node) {
    auto& params = std::get<StridedSliceParams>(node.params);
    const Shape& x = graph.value(node.inputs[0]).shape;
    const Shape& y = graph.value(node.outputs[0]).shape;
    FACET_ASSIGN(const std::vector<int64_t> begin, integers(graph, node, 1));
    FACET_ASSIGN(const std::vector<int64_t> strides,
                 integers(graph, node, 3, std::vector<int64_t>(begin.size(), 1)));
    params.begin_mask.resize(begin.size(), 0);
    params.end_mask.resize(begin.size(), 0);
    params.shrink_axis_mask.resize(begin.size(), 0);
    int y_axis = 0;
    for (size_t i = 0; i < begin.size(); ++i) {
        if (params.shrink_axis_mask[i] != 0) continue;
        if (y[y_axis++] != x[static_cast<int>(i)] || strides[i] != 1) continue;
        params.begin_mask[i] = params.end_mask[i] = 1;
    }
    return {};
}

template <typename... Params>
bool is_any(const OpParams& params) {
    return (std::holds_alternative<Params>(params) || ...);
}

// Whether the node's output holds all elements of its first input in their order.
Result<bool> keeps_elements(const Graph& graph, const Node& node) {
    const Value& x = graph.value(node.inputs[0]);
    const Value& y = graph.value(node.outputs[0]);
    if (x.type != y.type || x.shape.elements() != y.shape.elements()) return false;
    if (is_any<ReshapeParams, SqueezeParams, UnsqueezeParams, FlattenParams, IdentityParams,
               ConvertParams>(node.params))
        return true;
    if (const auto* transpose = std::get_if<TransposeParams>(&node.params))
        return transpose->order == counted(x.shape.rank());
    if (const auto* gather = std::get_if<GatherParams>(&node.params)) {
        FACET_ASSIGN(const int axis, normalize_axis(gather->axis, x.shape.rank()));
        return x.shape[axis] == 1;
    }
    if (!is_any<SliceParams, StridedSliceParams>(node.params)) return false;
    const size_t steps_index = is_any<SliceParams>(node.params) ? 4 : 3;
    FACET_ASSIGN(const std::vector<int64_t> steps, integers(graph, node, steps_index));
    return std::ranges::all_of(steps, [](int64_t step) { return step > 0; });
}

class Canonicalizer {
  public:
    explicit Canonicalizer(Graph& graph)
        : graph_(graph), wiring_(graph), alias_(graph.values.size()) {
        std::iota(alias_.begin(), alias_.end(), 0);
        // From here on: the writer among the nodes kept so far.
        std::ranges::fill(wiring_.writer, -1);
    }

    Result<void> run() {
        for (Node& node : graph_.nodes) {
            rewire(node);
            FACET_TRY(visit(node));
        }
        // A node kept earlier may read a value that took an output's place since.
        for (Node& node : kept_) rewire(node);
        graph_.nodes = std::move(kept_);
        return {};
    }

  private:
    Result<void> visit(Node& node) {
        if (std::holds_alternative<SliceParams>(node.params))
            FACET_TRY(name_only_cut_axes(graph_, node));
        if (std::holds_alternative<StridedSliceParams>(node.params))
            FACET_TRY(mask_whole_axes(graph_, node));
        FACET_ASSIGN(const bool keeps, keeps_elements(graph_, node));
        if (!keeps) {
            keep(std::move(node));
            return {};
        }
        ValueId x = node.inputs[0];
        while (const Node* writer = reshape_behind(x)) x = resolve(writer->inputs[0]);
        const ValueId y = node.outputs[0];
        if (graph_.value(x).shape == graph_.value(y).shape && bypass(x, y)) return {};
        const auto extents = graph_.value(y).shape.extents();
        const ValueId target =
            add_integers(graph_, node.name + "/target", {extents.begin(), extents.end()});
        node.params = ReshapeParams{.zero_copies = false};
        node.inputs = {x, target};
        keep(std::move(node));
        return {};
    }

    const Node* reshape_behind(ValueId id) const {
        const int index = wiring_.writer[id];
        if (index < 0 || !std::holds_alternative<ReshapeParams>(kept_[index].params))
            return nullptr;
        return &kept_[index];
    }

    // Lets x and y be one value; false when both have names of their own to keep.
    bool bypass(ValueId x, ValueId y) {
        if (!wiring_.is_output[y]) {
            alias_[y] = x;
            return true;
        }
        const int writer = wiring_.writer[x];
        if (writer < 0 || wiring_.is_output[x]) return false;
        std::ranges::replace(kept_[writer].outputs, x, y);
        wiring_.writer[y] = writer;
        alias_[x] = y;
        return true;
    }

    void keep(Node node) {
        for (ValueId id : node.outputs) wiring_.writer[id] = static_cast<int>(kept_.size());
        kept_.push_back(std::move(node));
    }

    // Values added by this pass are constants, which nothing takes the place of.
    ValueId resolve(ValueId id) const {
        while (id != kNoValue && static_cast<size_t>(id) < alias_.size() && alias_[id] != id)
            id = alias_[id];
        return id;
    }

    void rewire(Node& node) {
        for (ValueId& id : node.inputs) id = resolve(id);
    }

    Graph& graph_;
    Wiring wiring_;
    std::vector<ValueId> alias_;  // the value to read instead; itself: none
    std::vector<Node> kept_;
};

}  // namespace

Result<void> canonical_reshape(Graph& graph) {
    return Canonicalizer(graph).run();
}

}  // namespace facet
