// SPDX-License-Identifier: MIT
// Constants in the layouts that primitives want, each packed once for every batch size, and for
// every model that holds the same constant.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backends/cpu/onednn/onednn_api.h"
#include "engine/graph/graph.h"

namespace facet::cpu {

// Grows while programs are built; what it handed out stays where it is. Thread-compatible: the
// compiled model holds its lock while it builds.
class Packing {
  public:
    // `graph` outlives it.
    explicit Packing(const Graph& graph) : graph_(graph) {}

    // The layout in which `constant` was first packed, here or by a model that shares it: the one
    // to ask other batch sizes to take.
    [[nodiscard]] std::optional<onednn::Desc> preferred(ValueId constant) const;
    // `elements` (of `constant`, laid out as `source`) in layout `target`. Throws dnnl::error.
    [[nodiscard]] const void* pack(ValueId constant, const void* elements,
                                   const onednn::Desc& source, const onednn::Desc& target);
    // `bytes` that `fill` makes of `constant` in the way `kind` names, made once; aligned to 64.
    [[nodiscard]] const void* make(ValueId constant, int kind, size_t bytes,
                                   const std::function<void(void*)>& fill);
    // Numbers derived from the constants of a step, kept for every batch size: those first kept
    // under the step's result and `slot`, or what `compute` returns.
    [[nodiscard]] const Tensor& keep(ValueId result, int slot,
                                     const std::function<Tensor()>& compute);
    // oneDNN's name for the code of the step with this result, at the first batch size; empty until
    // set_implementation().
    [[nodiscard]] std::string implementation(ValueId result) const;
    void set_implementation(ValueId result, std::string_view name);
    // Bytes held beside the graph's own constants.
    [[nodiscard]] size_t bytes() const;

  private:
    struct Packed;
    class Shelf;
    struct Entry {
        ValueId constant = kNoValue;
        std::shared_ptr<const Packed> packed;
    };

    // Where the constant lies, by which models share what is packed of it; null: what is derived
    // is the model's own.
    [[nodiscard]] const void* address_of(ValueId constant) const;
    const void* add(ValueId constant, std::shared_ptr<const Packed> packed);

    const Graph& graph_;
    std::deque<Entry> entries_;
    std::map<std::pair<ValueId, int>, Tensor> kept_;
    std::map<ValueId, std::string> implementations_;
};

}  // namespace facet::cpu
