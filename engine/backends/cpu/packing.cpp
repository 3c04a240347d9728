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

const Tensor& Packing::keep(ValueId result, int slot, const std::function<Tensor()>& compute) {
    const std::pair key(result, slot);
    const auto found = kept_.find(key);
    if (found != kept_.end()) return found->second;
    return kept_.emplace(key, compute()).first->second;
}

std::string Packing::implementation(ValueId result) const {
    const auto found = implementations_.find(result);
    return found == implementations_.end() ? std::string() : found->second;
}

void Packing::set_implementation(ValueId result, std::string_view name) {
    implementations_.emplace(result, name);
}

size_t Packing::bytes() const {
    size_t total = 0;
    for (const auto& [key, tensor] : kept_) total += tensor.view().byte_size();
    for (const Entry& entry : entries_) total += entry.storage.view().byte_size();
    return total;
}

}  // namespace facet::cpu
