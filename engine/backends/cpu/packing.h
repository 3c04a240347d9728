// SPDX-License-Identifier: MIT
// Constants in the layouts that primitives want, each packed once for every batch size.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "engine/backends/cpu/onednn_api.h"
#include "engine/graph/graph.h"

namespace facet::cpu {

// Grows while programs are built; what it handed out stays where it is. Thread-compatible: the
// compiled model holds its lock while it builds.
class Packing {
  public:
    // The layout in which `constant` was first packed: the one to ask other batch sizes to take.
    [[nodiscard]] std::optional<onednn::Desc> preferred(ValueId constant) const;
    // `elements` (of `constant`, laid out as `source`) in layout `target`. Throws dnnl::error.
    [[nodiscard]] const void* pack(ValueId constant, const void* elements,
                                   const onednn::Desc& source, const onednn::Desc& target);
    // `bytes` that `fill` makes of `constant` in the way `kind` names, made once; aligned to 64.
    [[nodiscard]] const void* make(ValueId constant, int kind, size_t bytes,
                                   const std::function<void(void*)>& fill);
    // Bytes held beside the graph's own constants.
    [[nodiscard]] size_t bytes() const;

  private:
    struct Entry {
        ValueId constant = kNoValue;
        onednn::Desc layout;
        int kind = 0;  // of what make() made; it has no layout
        Tensor storage;
    };

    std::deque<Entry> entries_;
};

}  // namespace facet::cpu
