// SPDX-License-Identifier: MIT
// One rule per operation that does more, or less, than one step per element.
#include "engine/graph/operation_count.h"

#include <variant>

namespace facet {

namespace {

class CountOperations {
  public:
    CountOperations(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

    template <size_t kAxes>
    int64_t operator()(const ConvolutionOver<kAxes>&) const {
        return results() * (2 * filter() + has_bias());
    }
    template <size_t kAxes>
    int64_t operator()(const TransposedConvolutionOver<kAxes>&) const {
        return shape(0).elements() * 2 * filter() + results() * has_bias();
    }
    int64_t operator()(const MatMulParams& params) const {
        const Shape& a = shape(0);
        return results() * 2 * a[a.rank() - (params.transpose_a ? 2 : 1)];
    }
    template <size_t kAxes>
    int64_t operator()(const PoolingOver<kAxes>& params) const {
        int64_t window = 1;
        for (const int64_t extent : params.kernel) window *= extent;
        return results() * window;
    }
    int64_t operator()(const ReduceParams&) const { return shape(0).elements(); }
    int64_t operator()(const ReshapeParams&) const { return 0; }
    int64_t operator()(const TransposeParams&) const { return 0; }
    int64_t operator()(const ConcatParams&) const { return 0; }
    int64_t operator()(const SplitParams&) const { return 0; }
    int64_t operator()(const SliceParams&) const { return 0; }
    int64_t operator()(const StridedSliceParams&) const { return 0; }
    int64_t operator()(const GatherParams&) const { return 0; }
    int64_t operator()(const GatherElementsParams&) const { return 0; }
    int64_t operator()(const GatherNdParams&) const { return 0; }
    int64_t operator()(const PadParams&) const { return 0; }
    int64_t operator()(const ExpandParams&) const { return 0; }
    int64_t operator()(const TileParams&) const { return 0; }
    int64_t operator()(const DepthToSpaceParams&) const { return 0; }
    int64_t operator()(const SpaceToDepthParams&) const { return 0; }
    int64_t operator()(const auto&) const { return results(); }

  private:
    const Shape& shape(size_t input) const { return graph_.value(node_.inputs[input]).shape; }
    // Elements of the weights behind their first axis.
    int64_t filter() const {
        int64_t elements = 1;
        for (const int64_t extent : shape(1).extents().subspan(1)) elements *= extent;
        return elements;
    }
    int64_t has_bias() const { return node_.inputs.size() > 2 && node_.inputs[2] != kNoValue; }
    int64_t results() const {
        int64_t count = 0;
        for (const ValueId id : node_.outputs) count += graph_.value(id).shape.elements();
        return count;
    }

    const Graph& graph_;
    const Node& node_;
};

}  // namespace

int64_t operation_count(const Graph& graph, const Node& node) {
    return std::visit(CountOperations(graph, node), node.params);
}

}  // namespace facet
