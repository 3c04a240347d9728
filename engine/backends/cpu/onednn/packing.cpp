// SPDX-License-Identifier: MIT
// Packs by one oneDNN reorder, unless some model of the process holds the same already.
#include "engine/backends/cpu/onednn/packing.h"

#include <map>

#include "engine/base/mutex.h"

namespace facet::cpu {

struct Packing::Packed {
    onednn::Desc source, layout;
    int kind = 0;  // of what make() made; it has no layouts
    Tensor storage;
};

// What all models of the process have packed, by the constant's address. That stays the constant's
// as long as a model holds what was packed of it, since it holds the constant too. Thread-safe.
class Packing::Shelf {
  public:
    static Shelf& of_the_process() {
        static Shelf shelf;
        return shelf;
    }
    template <typename Wanted>
    [[nodiscard]] std::shared_ptr<const Packed> find(const void* address, const Wanted& wanted) {
        if (address == nullptr) return std::shared_ptr<const Packed>();
        const MutexLock lock(mutex_);
        const auto [begin, end] = packed_.equal_range(address);
        for (auto place = begin; place != end; ++place) {
            auto packed = place->second.lock();
            if (packed && wanted(*packed)) return packed;
        }
        return std::shared_ptr<const Packed>();
    }
    void add(const void* address, const std::shared_ptr<const Packed>& packed) {
        if (address == nullptr) return;
        const MutexLock lock(mutex_);
        std::erase_if(packed_, [](const auto& entry) { return entry.second.expired(); });
        packed_.emplace(address, packed);
    }

  private:
    Mutex mutex_;  // guards packed_; taken while a compiled model's is held
    std::multimap<const void*, std::weak_ptr<const Packed>> packed_ FACET_GUARDED_BY(mutex_);
};

const void* Packing::address_of(ValueId constant) const {
    const std::optional<Tensor>& tensor = graph_.value(constant).constant;
    return tensor ? tensor->view().bytes : nullptr;
}

const void* Packing::add(ValueId constant, std::shared_ptr<const Packed> packed) {
    return entries_.emplace_back(Entry{constant, std::move(packed)}).packed->storage.view().bytes;
}

std::optional<onednn::Desc> Packing::preferred(ValueId constant) const {
    for (const Entry& entry : entries_)
        if (entry.constant == constant && entry.packed->kind == 0) return entry.packed->layout;
    const auto shared = Shelf::of_the_process().find(
        address_of(constant), [](const Packed& packed) { return packed.kind == 0; });
    if (shared) return shared->layout;
    return std::nullopt;
}

const void* Packing::pack(ValueId constant, const void* elements, const onednn::Desc& source,
                          const onednn::Desc& target) {
    for (const Entry& entry : entries_)
        if (entry.constant == constant && entry.packed->kind == 0 && entry.packed->layout == target)
            return entry.packed->storage.view().bytes;
    Shelf& shelf = Shelf::of_the_process();
    if (auto shared = shelf.find(address_of(constant), [&](const Packed& packed) {
            return packed.kind == 0 && packed.source == source && packed.layout == target;
        }))
        return add(constant, std::move(shared));
    const auto size = static_cast<int64_t>(target.get_size());
    Packed packed{source, target, 0, Tensor::allocate(DataType::kU8, Shape{size})};

    dnnl::memory from(source, onednn::engine(), const_cast<void*>(elements));
    dnnl::memory to(target, onednn::engine(), packed.storage.mutable_view().bytes);
    dnnl::stream stream(onednn::engine());
    dnnl::reorder(from, to).execute(stream, from, to);
    stream.wait();
    const auto kept = std::make_shared<const Packed>(std::move(packed));
    shelf.add(address_of(constant), kept);
    return add(constant, kept);
}

const void* Packing::make(ValueId constant, int kind, size_t bytes,
                          const std::function<void(void*)>& fill) {
    for (const Entry& entry : entries_)
        if (entry.constant == constant && entry.packed->kind == kind)
            return entry.packed->storage.view().bytes;
    Shelf& shelf = Shelf::of_the_process();
    if (auto shared = shelf.find(address_of(constant), [&](const Packed& packed) {
            return packed.kind == kind && packed.storage.view().byte_size() == bytes;
        }))
        return add(constant, std::move(shared));
    Packed packed{
        {}, {}, kind, Tensor::allocate(DataType::kU8, Shape{static_cast<int64_t>(bytes)})};
    fill(packed.storage.mutable_view().bytes);
    const auto kept = std::make_shared<const Packed>(std::move(packed));
    shelf.add(address_of(constant), kept);
    return add(constant, kept);
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
    for (const Entry& entry : entries_) total += entry.packed->storage.view().byte_size();
    return total;
}

}  // namespace facet::cpu
