// SPDX-License-Identifier: MIT
// IrOp: an OpenVINO layer as its op reader sees it, and the table of op readers.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/formats/node_builder.h"
#include "engine/formats/openvino_ir_document.h"
#include "engine/graph/graph.h"

namespace facet {

// Attribute readers: an absent attribute is the fallback, or kCorrupt when there is none; text that
// is not of the kind asked for, or out of range, is kCorrupt. Thread-bound.
class IrOp : public NodeBuilder {
  public:
    IrOp(Graph& graph, const IrLayer& layer, std::vector<ValueId> inputs,
         std::vector<ValueId> outputs);

    [[nodiscard]] int opset() const { return opset_; }
    [[nodiscard]] bool has_attribute(std::string_view name) const;
    [[nodiscard]] Result<int64_t> integer(std::string_view name,
                                          std::optional<int64_t> fallback = {},
                                          int64_t least = std::numeric_limits<int64_t>::min(),
                                          int64_t most = std::numeric_limits<int64_t>::max()) const;
    [[nodiscard]] Result<float> number(std::string_view name,
                                       std::optional<float> fallback = {}) const;
    [[nodiscard]] Result<bool> flag(std::string_view name, std::optional<bool> fallback = {}) const;
    [[nodiscard]] Result<std::string> word(std::string_view name,
                                           std::optional<std::string> fallback = {}) const;
    [[nodiscard]] Result<std::vector<int64_t>> integers(
        std::string_view name, std::optional<std::vector<int64_t>> fallback = {}) const;
    [[nodiscard]] Result<std::vector<float>> numbers(
        std::string_view name, std::optional<std::vector<float>> fallback = {}) const;
    // Two integers within least..kMaxExtent: (height, width).
    [[nodiscard]] Result<Extent2> extent(std::string_view name, int64_t least,
                                         std::optional<Extent2> fallback = {}) const;
    // numpy or none; anything else is kUnsupported.
    [[nodiscard]] Result<void> require_numpy_broadcast() const;

    // The shape the file states for an input; kUnsupported when part of it is dynamic, since
    // `purpose` needs it.
    [[nodiscard]] Result<Shape> stated_shape(size_t input_index, std::string_view purpose) const;
    // Number of axes the file states for an input.
    [[nodiscard]] size_t stated_rank(size_t input_index) const;

  private:
    [[nodiscard]] const std::string* attribute(std::string_view name) const;
    [[nodiscard]] Error malformed(std::string_view name, std::string_view expected) const;
    [[nodiscard]] Error missing(std::string_view name) const;

    const IrLayer& layer_;
    int opset_;
};

using IrOpReader = Result<void> (*)(IrOp& op);

// One row per layer type: the opsets in which the type means what its reader reads.
struct IrOpRow {
    std::string_view type;
    int first_opset;
    int last_opset;
    IrOpReader read;
};

// The tables, one per file of op readers.
[[nodiscard]] std::span<const IrOpRow> ir_element_wise_ops();
[[nodiscard]] std::span<const IrOpRow> ir_spatial_ops();
[[nodiscard]] std::span<const IrOpRow> ir_shape_ops();
[[nodiscard]] std::span<const IrOpRow> ir_detection_ops();

// The number in "opset8"; 1 for an absent version, 0 for a foreign one ("extension").
[[nodiscard]] int opset_number(std::string_view opset);

// "f16" and so on; kUnsupported for types Facet has no tensors of. f64 reads as f32.
[[nodiscard]] Result<DataType> ir_data_type(std::string_view name);

}  // namespace facet
