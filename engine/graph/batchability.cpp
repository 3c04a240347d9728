// SPDX-License-Identifier: MIT
// One rule per operation: does row n of its outputs depend on row n of its inputs alone?
#include "engine/graph/batchability.h"

#include <algorithm>
#include <optional>

#include "engine/graph/shape_inference.h"

namespace facet {

namespace {

using Reason = std::optional<std::string>;  // none: rows stay apart

constexpr const char* kHoldsBatch = ", which holds the batch";

// A visitor of OpParams. Called for nodes with a batched input; shapes are those of one item, so
// that the extent of axis 0 counts the rows per item.
class RowRule {
  public:
    RowRule(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

    template <size_t kAxes>
    Reason operator()(const ConvolutionOver<kAxes>&) const {
        return first_input_only();
    }
    template <size_t kAxes>
    Reason operator()(const TransposedConvolutionOver<kAxes>&) const {
        return first_input_only();
    }
    template <size_t kAxes>
    Reason operator()(const PoolingOver<kAxes>& params) const {
        if (params.kind != PoolingKind::kMaxIndex) return {};
        return "numbers its maxima through the whole batch";
    }
    Reason operator()(const LocalResponseNormParams&) const { return {}; }
    Reason operator()(const InstanceNormParams&) const { return first_input_only(); }
    Reason operator()(const DepthToSpaceParams&) const { return {}; }
    Reason operator()(const SpaceToDepthParams&) const { return {}; }
    Reason operator()(const BatchNormParams&) const { return first_input_only(); }
    Reason operator()(const ActivationParams&) const { return {}; }
    Reason operator()(const PReluParams&) const { return element_by_element(); }
    Reason operator()(const EltwiseParams&) const { return element_by_element(); }
    Reason operator()(const CompareParams&) const { return element_by_element(); }
    Reason operator()(const SelectParams&) const { return element_by_element(); }
    Reason operator()(const FakeQuantizeParams&) const { return element_by_element(); }
    Reason operator()(const QuantizeLinearParams& params) const { return scales(params.axis); }
    Reason operator()(const DequantizeLinearParams& params) const { return scales(params.axis); }
    Reason operator()(const ConvertParams&) const { return {}; }
    Reason operator()(const IdentityParams&) const { return {}; }
    // An item's elements stay contiguous, whatever the axes are called.
    Reason operator()(const ReshapeParams&) const { return {}; }
    Reason operator()(const SqueezeParams&) const { return {}; }
    Reason operator()(const UnsqueezeParams&) const { return {}; }
    Reason operator()(const FlattenParams&) const { return {}; }

    Reason operator()(const MatMulParams& params) const {
        const bool both = batched(0) && batched(1);
        const Shape& rows = shape(batched(0) ? 0 : 1);
        const Shape& other = shape(batched(0) ? 1 : 0);
        if (both && (rows.rank() < 3 || other.rank() != rows.rank() || other[0] != rows[0]))
            return "multiplies two batched matrices " + rows.text() + " and " + other.text() +
                   " whose axis 0 is not the same leading axis";
        if (both) return {};
        if (rows.rank() == 2 && (!batched(0) || params.transpose_a || other.rank() > 2))
            return "the product sums or moves axis 0" + std::string(kHoldsBatch);
        if (rows.rank() > 2 && constant_spans_rows(other, rows.rank()))
            return "the constant operand " + other.text() + " varies along axis 0" + kHoldsBatch;
        return {};
    }

    Reason operator()(const ReduceParams& params) const {
        if (params.spatial) return {};
        const bool all = params.axes.empty();
        if (!all && std::ranges::none_of(params.axes, [&](int64_t a) { return is_batch_axis(a); }))
            return {};
        return "reduces along axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const SoftmaxParams& params) const {
        if (!is_batch_axis(params.axis)) return {};
        return "softmax runs along axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const ArgReduceParams& params) const {
        if (!is_batch_axis(params.axis)) return {};
        return "picks an index along axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const TopKParams& params) const {
        if (!is_batch_axis(params.axis)) return first_input_only();
        return "sorts along axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const ExpandParams&) const { return repeats_other_axes(); }
    Reason operator()(const TileParams&) const { return repeats_other_axes(); }

    Reason operator()(const ConcatParams& params) const {
        if (is_batch_axis(params.axis)) return "joins along axis 0" + std::string(kHoldsBatch);
        for (size_t i = 0; i < node_.inputs.size(); ++i) {
            if (!batched(i))
                return "joins the batch with '" + graph_.value(node_.inputs[i]).name +
                       "', which has no rows of a batch";
        }
        return {};
    }

    Reason operator()(const SplitParams& params) const {
        if (!is_batch_axis(params.axis)) return first_input_only();
        return "splits axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const TransposeParams& params) const {
        const bool stays = params.order.empty() ? shape(0).rank() == 1 : params.order[0] == 0;
        if (stays) return {};
        return "moves axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const SliceParams&) const {
        if (const Reason reason = first_input_only()) return reason;
        const Tensor* axes = graph_.constant_input(node_, 3);
        const Tensor* starts = graph_.constant_input(node_, 1);
        // prepare() has taken the axes that stay whole out of the list.
        const bool named = axes != nullptr && axes->type() == DataType::kI64
                               ? std::ranges::any_of(axes->as<int64_t>(),
                                                     [&](int64_t a) { return is_batch_axis(a); })
                               : starts == nullptr || starts->shape().elements() > 0;
        if (!named) return {};
        return "cuts axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const StridedSliceParams& params) const {
        if (const Reason reason = first_input_only()) return reason;
        const auto set = [](const std::vector<int64_t>& mask) {
            return !mask.empty() && mask[0] != 0;
        };
        const bool whole =
            set(params.begin_mask) && set(params.end_mask) && !set(params.shrink_axis_mask);
        if (whole && output()[0] == shape(0)[0]) return {};
        return "cuts axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const GatherParams& params) const {
        if (batched(1)) return "picks by indices that depend on the input";
        if (!is_batch_axis(params.axis)) return {};
        return "picks rows along axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const GatherElementsParams& params) const {
        if (is_batch_axis(params.axis))
            return "picks elements along axis 0" + std::string(kHoldsBatch);
        if (!batched(0) || !batched(1)) return "picks from rows by indices that are not theirs";
        return {};
    }

    Reason operator()(const GatherNdParams& params) const {
        if (params.batch_axes > 0 && batched(0) && batched(1)) return {};
        return "picks rows along axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const ShapeOfParams&) const {
        return "reads a shape whose axis 0 holds the batch";
    }

    Reason operator()(const PadParams&) const {
        if (const Reason reason = first_input_only()) return reason;
        if (output()[0] == shape(0)[0]) return {};
        return "pads axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const ResizeParams& params) const {
        if (const Reason reason = first_input_only()) return reason;
        // A scale may floor to the extent of one item and still add rows to a batch.
        const Tensor* scales = params.by_scales ? graph_.constant_input(node_, 1) : nullptr;
        const bool scaled = scales != nullptr && scales->as<float>()[0] != 1.0f;
        if (!scaled && output()[0] == shape(0)[0]) return {};
        return "resizes axis 0" + std::string(kHoldsBatch);
    }

    Reason operator()(const PriorBoxParams&) const { return prior_boxes(); }
    Reason operator()(const PriorBoxClusteredParams&) const { return prior_boxes(); }

    Reason operator()(const NonMaxSuppressionParams&) const {
        return "keeps one list of boxes for the whole batch; supported: DetectionOutput, or "
               "suppression behind the model";
    }

    Reason operator()(const RoiPoolingParams&) const {
        return "pools regions that name their row of the batch themselves";
    }

    Reason operator()(const DetectionOutputParams&) const {
        if (batched(2)) return "the prior boxes depend on the input; supported: constant ones";
        if (!batched(0) || !batched(1))
            return "box logits and class scores do not both depend on the input";
        return {};
    }

  private:
    bool batched(size_t index) const {
        return index < node_.inputs.size() && node_.inputs[index] != kNoValue &&
               graph_.value(node_.inputs[index]).batched;
    }
    const Shape& shape(size_t index) const { return graph_.value(node_.inputs[index]).shape; }
    const Shape& output() const { return graph_.value(node_.outputs[0]).shape; }
    bool is_batch_axis(int64_t axis) const {
        const auto index = normalize_axis(axis, shape(0).rank());
        return !index || *index == 0;
    }
    // Aligned to the right as numpy does, a constant of that rank or above reaches axis 0.
    static bool constant_spans_rows(const Shape& constant, int rank) {
        return constant.rank() > rank || (constant.rank() == rank && constant[0] != 1);
    }

    Reason first_input_only() const {
        for (size_t i = 1; i < node_.inputs.size(); ++i) {
            if (batched(i))
                return "its parameter '" + graph_.value(node_.inputs[i]).name +
                       "' depends on the input";
        }
        return {};
    }

    Reason element_by_element() const {
        for (size_t i = 0; i < node_.inputs.size(); ++i) {
            const Value& value = graph_.value(node_.inputs[i]);
            if (!value.batched && constant_spans_rows(value.shape, output().rank()))
                return "'" + value.name + "' " + value.shape.text() + " varies along axis 0" +
                       kHoldsBatch;
            if (value.batched &&
                (value.shape.rank() != output().rank() || value.shape[0] != output()[0]))
                return "broadcasts the rows of '" + value.name + "' " + value.shape.text() +
                       " to " + output().text();
        }
        return {};
    }

    Reason repeats_other_axes() const {
        if (const Reason reason = first_input_only()) return reason;
        if (output().rank() == shape(0).rank() && output()[0] == shape(0)[0]) return {};
        return "repeats the rows of '" + graph_.value(node_.inputs[0]).name + "' " +
               shape(0).text() + " to " + output().text();
    }

    Reason scales(int64_t axis) const {
        if (const Reason reason = first_input_only()) return reason;
        if (shape(1).elements() == 1 || !is_batch_axis(axis)) return {};
        return "has a scale per index of axis 0" + std::string(kHoldsBatch);
    }

    Reason prior_boxes() const { return "the prior boxes depend on the input's elements"; }

    const Graph& graph_;
    const Node& node_;
};

Reason reason_to_mix(const Graph& graph, const Node& node) {
    for (const auto* ids : {&node.inputs, &node.outputs}) {
        for (ValueId id : *ids) {
            const bool carries =
                ids == &node.outputs || (id != kNoValue && graph.value(id).batched);
            if (carries && graph.value(id).shape.rank() == 0)
                return "'" + graph.value(id).name + "' is a scalar and has no axis for the batch";
        }
    }
    return std::visit(RowRule(graph, node), node.params);
}

}  // namespace

std::vector<BatchVerdict> analyze_batchability(Graph& graph) {
    for (Value& value : graph.values) value.batched = false;
    for (ValueId id : graph.inputs) graph.value(id).batched = true;
    std::vector<BatchVerdict> verdicts;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        const Node& node = graph.nodes[i];
        const bool reads_batch = std::ranges::any_of(
            node.inputs, [&](ValueId id) { return id != kNoValue && graph.value(id).batched; });
        if (!reads_batch) continue;
        if (Reason reason = reason_to_mix(graph, node)) verdicts.push_back({i, std::move(*reason)});
        for (ValueId id : node.outputs) graph.value(id).batched = true;
    }
    return verdicts;
}

Result<void> require_batchable(const Graph& graph, const std::vector<BatchVerdict>& verdicts) {
    if (verdicts.empty()) return {};
    std::string message = "the model cannot run batches: ";
    for (size_t i = 0; i < verdicts.size(); ++i) {
        if (i > 0) message += "; ";
        message += graph.nodes[verdicts[i].node].text() + ": " + verdicts[i].reason;
    }
    return Error{ErrorCode::kUnsupported, std::move(message)};
}

}  // namespace facet
