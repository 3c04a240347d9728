// SPDX-License-Identifier: MIT
// OnnxOp: an ONNX node as its op reader sees it, and the table of op readers.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/formats/node_builder.h"
#include "engine/graph/graph.h"

namespace onnx {
class AttributeProto;
class NodeProto;
}  // namespace onnx

namespace facet {

// Attribute readers: an absent attribute is the fallback, or kCorrupt when there is none; one of
// another type, or out of range, is kCorrupt. Thread-bound.
class OnnxOp : public NodeBuilder {
  public:
    // `proto` lives inside the message `owner`.
    OnnxOp(Graph& graph, const std::shared_ptr<const void>& owner, const onnx::NodeProto& proto,
           int opset, std::vector<ValueId> inputs, std::vector<ValueId> outputs);

    [[nodiscard]] int opset() const { return opset_; }
    [[nodiscard]] bool has_attribute(std::string_view name) const;
    [[nodiscard]] Result<int64_t> integer(std::string_view name,
                                          std::optional<int64_t> fallback = {},
                                          int64_t least = std::numeric_limits<int64_t>::min(),
                                          int64_t most = std::numeric_limits<int64_t>::max()) const;
    [[nodiscard]] Result<bool> flag(std::string_view name, bool fallback) const;
    [[nodiscard]] Result<float> number(std::string_view name,
                                       std::optional<float> fallback = {}) const;
    [[nodiscard]] Result<std::string> word(std::string_view name,
                                           std::optional<std::string> fallback = {}) const;
    [[nodiscard]] Result<std::vector<int64_t>> integers(
        std::string_view name, std::optional<std::vector<int64_t>> fallback = {}) const;
    [[nodiscard]] Result<std::vector<float>> numbers(std::string_view name) const;
    [[nodiscard]] Result<Tensor> tensor(std::string_view name) const;
    // Two integers within least..kMaxExtent: (height, width).
    [[nodiscard]] Result<Extent2> extent(std::string_view name, int64_t least,
                                         std::optional<Extent2> fallback = {}) const;
    // An axis, negative ones counting from the back.
    [[nodiscard]] Result<int64_t> axis(std::optional<int64_t> fallback) const;

    // The input that newer opsets have, or a constant made of the attribute older ones have;
    // kNoValue when the file gives neither.
    [[nodiscard]] Result<ValueId> input_or_attribute(size_t index, std::string_view name);
    // The second of two operands that broadcast as they do from opset 7 on. Below, its axes are
    // those of the first from the attribute `axis` on.
    [[nodiscard]] Result<ValueId> broadcast_operand();
    // Input 1 with axes of extent 1 appended, so that its first axis meets axis `axis` of input 0.
    [[nodiscard]] Result<ValueId> operand_from_axis(int64_t axis);
    // Sets the output to a constant instead of adding a node.
    void set_constant(Tensor tensor);

  private:
    [[nodiscard]] const onnx::AttributeProto* attribute(std::string_view name) const;
    [[nodiscard]] Error malformed(std::string_view name, std::string_view expected) const;
    [[nodiscard]] Error missing(std::string_view name) const;

    std::shared_ptr<const void> owner_;
    const onnx::NodeProto& proto_;
    int opset_;
};

using OnnxOpReader = Result<void> (*)(OnnxOp& op);

// One row per operator: the opsets in which it exists and its reader knows it.
struct OnnxOpRow {
    std::string_view type;
    int first_opset;
    int last_opset;
    OnnxOpReader read;
};

constexpr int kOldestOpset = 1;
constexpr int kNewestOpset = 17;

// The attributes of a convolution of images whose weights are input `weights`.
[[nodiscard]] Result<ConvolutionParams> read_onnx_convolution(const OnnxOp& op, size_t weights);

// The tables, one per file of op readers.
[[nodiscard]] std::span<const OnnxOpRow> onnx_element_wise_ops();
[[nodiscard]] std::span<const OnnxOpRow> onnx_spatial_ops();
[[nodiscard]] std::span<const OnnxOpRow> onnx_window_ops();
[[nodiscard]] std::span<const OnnxOpRow> onnx_shape_ops();
[[nodiscard]] std::span<const OnnxOpRow> onnx_normalize_ops();
[[nodiscard]] std::span<const OnnxOpRow> onnx_select_ops();
[[nodiscard]] std::span<const OnnxOpRow> onnx_quantised_ops();
// Constant and ConstantOfShape: read before all others, which may need their values.
[[nodiscard]] std::span<const OnnxOpRow> onnx_constant_ops();

}  // namespace facet
