// SPDX-License-Identifier: MIT
// Packs by one oneDNN reorder.
#include "engine/backends/cpu/packing.h"

namespace facet::cpu {

std::optional<onednn::Desc> Packing::preferred(ValueId constant) const {
    for (const Entry& entry : entries_)
        if (entry.constant == constant && entry.kind == 0) return entry.layout;
    return std::nullopt;
}

const void* Packing::pack(ValueId constant, const void* elements, const onednn::Desc& source,
                          const onednn::Desc& target) {
    for (const Entry& entry : entries_)
        if (entry.constant == constant && entry.kind == 0 && entry.layout == target)
            return entry.storage.view().bytes;
    const auto size = static_cast<int64_t>(target.get_size());
    Entry entry{constant, target, 0, Tensor::allocate(DataType::kU8, Shape{size})};

    dnnl::memory from(source, onednn::engine(), const_cast<void*>(elements));
    dnnl::memory to(target, onednn::engine(), entry.storage.mutable_view().bytes);
    dnnl::stream stream(onednn::engine());
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
    return entries_.emplace_back(std::move(entry)).storage.view().bytes;
}

const void* Packing::make(ValueId constant, int kind, size_t bytes,
                          const std::function<void(void*)>& fill) {
    for (const Entry& entry : entries_)
        if (entry.constant == constant && entry.kind == kind) return entry.storage.view().bytes;
    Entry entry{
        constant, {}, kind, Tensor::allocate(DataType::kU8, Shape{static_cast<int64_t>(bytes)})};
    fill(entry.storage.mutable_view().bytes);
    return entries_.emplace_back(std::move(entry)).storage.view().bytes;
}

size_t Packing::bytes() const {
    size_t total = 0;
    for (const Entry& entry : entries_) total += entry.storage.view().byte_size();
    return total;
}

}  // namespace facet::cpu
