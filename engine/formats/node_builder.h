// SPDX-License-Identifier: MIT
// NodeBuilder: one node of a file on its way into the graph, as every op reader sees it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet {

// Bounds every attribute that is a size, a count or a distance in pixels.
constexpr int64_t kMaxExtent = int64_t{1} << 24;

// Invariants: the file's constants are constants of the graph before any op reader runs; what a
// reader adds beside the file's own values is named <node>/<suffix>. Thread-bound.
class NodeBuilder {
  public:
    NodeBuilder(Graph& graph, std::string name, std::string file_type, std::vector<ValueId> inputs,
                std::vector<ValueId> outputs);

    [[nodiscard]] size_t input_count() const { return inputs_.size(); }
    [[nodiscard]] size_t output_count() const { return outputs_.size(); }
    // kNoValue when the file leaves it out.
    [[nodiscard]] ValueId input(size_t index) const;
    [[nodiscard]] bool has_input(size_t index) const { return input(index) != kNoValue; }
    [[nodiscard]] const std::vector<ValueId>& inputs() const { return inputs_; }
    [[nodiscard]] const std::vector<ValueId>& outputs() const { return outputs_; }
    // kCorrupt unless the first `least` inputs are present, no more than `most` are listed, and
    // there is an output.
    [[nodiscard]] Result<void> require_inputs(size_t least, size_t most) const;

    // The constant behind an input, or null.
    [[nodiscard]] const Tensor* constant(size_t index) const;
    // The elements of a constant input; kUnsupported when it is not constant, naming it `what`.
    [[nodiscard]] Result<std::vector<int64_t>> constant_integers(size_t index,
                                                                 std::string_view what) const;
    [[nodiscard]] Result<int64_t> constant_integer(size_t index, std::string_view what) const;
    [[nodiscard]] Result<float> constant_number(size_t index, std::string_view what) const;

    [[nodiscard]] ValueId add_value(std::string_view suffix);
    [[nodiscard]] ValueId add_integers(std::string_view suffix, std::span<const int64_t> values);
    [[nodiscard]] ValueId add_number(std::string_view suffix, float value);
    [[nodiscard]] ValueId add_constant(std::string_view suffix, Tensor tensor);
    // `value` under another shape: a constant shares its storage, anything else gets a Reshape.
    [[nodiscard]] Result<ValueId> reshaped(ValueId value, const Shape& shape,
                                           std::string_view suffix);

    // Adds a node: by default with all of the file's inputs and its first output. Always ok; the
    // result lets an op reader end with `return op.add(...)`.
    Result<void> add(OpParams params);
    Result<void> add(OpParams params, std::vector<ValueId> inputs);
    Result<void> add(OpParams params, std::vector<ValueId> inputs, std::vector<ValueId> outputs);

    // "node 'x' (Conv): <what>" and, where given, "; supported: <supported>".
    [[nodiscard]] Error unsupported(std::string_view what, std::string_view supported = {}) const;
    [[nodiscard]] Error corrupt(std::string_view what) const;
    // An error from below, with this node named.
    [[nodiscard]] Error here(const Error& error) const { return error.within(text()); }

  protected:
    [[nodiscard]] Graph& graph() { return graph_; }

  private:
    [[nodiscard]] std::string text() const;

    Graph& graph_;
    std::string name_;
    std::string file_type_;
    std::vector<ValueId> inputs_;
    std::vector<ValueId> outputs_;
};

// Elements of an i32 or i64 tensor, or of any other integer type; empty for floats.
[[nodiscard]] std::vector<int64_t> integers_of(const Tensor& tensor);

// "1, 2, 3"
[[nodiscard]] std::string text_of(std::span<const int64_t> values);

// Last step of every reader: sorts the nodes and checks the graph, so that damage which only shows
// in how nodes hang together is an error too.
[[nodiscard]] Result<void> finish_graph(Graph& graph);

}  // namespace facet
