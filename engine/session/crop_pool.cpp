// SPDX-License-Identifier: MIT
// A shelf of unused buffers, shared by the pool and every buffer that is out.
#include "engine/session/crop_pool.h"

#include <new>
#include <utility>

#include "engine/base/mutex.h"

namespace facet {

namespace {

// A cache line, and what vector loads like best.
constexpr std::align_val_t kAlignment{64};

struct Deallocate {
    void operator()(uint8_t* bytes) const { ::operator delete(bytes, kAlignment); }
};

size_t aligned(size_t bytes) {
    const size_t step = static_cast<size_t>(kAlignment);
    return (bytes + step - 1) / step * step;
}

}  // namespace

// A buffer that is out keeps the shelf alive; one on the shelf must not, or neither would ever go.
struct CropBuffer::Storage {
    std::shared_ptr<CropPool::Shelf> shelf;
    std::unique_ptr<uint8_t, Deallocate> bytes;
};

struct CropPool::Shelf {
    struct Part {
        size_t offset = 0, size = 0;
    };
    std::vector<Part> parts;  // one per spec
    size_t byte_size = 0;
    size_t most_kept = 0;
    mutable Mutex mutex;  // guards unused
    std::vector<std::unique_ptr<CropBuffer::Storage>> unused FACET_GUARDED_BY(mutex);
};

void CropBuffer::Recycle::operator()(Storage* storage) const {
    std::unique_ptr<Storage> returned(storage);
    const std::shared_ptr<CropPool::Shelf> shelf = std::move(returned->shelf);
    MutexLock lock(shelf->mutex);
    if (shelf->unused.size() < shelf->most_kept) shelf->unused.push_back(std::move(returned));
}

std::span<uint8_t> CropBuffer::pixels(size_t spec) {
    if (storage_ == nullptr || spec >= storage_->shelf->parts.size()) return {};
    const CropPool::Shelf::Part& part = storage_->shelf->parts[spec];
    return {storage_->bytes.get() + part.offset, part.size};
}

CropPool::CropPool(const std::vector<CropSpec>& specs, size_t most_kept)
    : shelf_(std::make_shared<Shelf>()) {
    for (const CropSpec& spec : specs) {
        shelf_->parts.push_back({shelf_->byte_size, spec.byte_size()});
        shelf_->byte_size += aligned(spec.byte_size());
    }
    shelf_->most_kept = most_kept;
}

CropBuffer CropPool::acquire() {
    std::unique_ptr<CropBuffer::Storage> storage;
    {
        MutexLock lock(shelf_->mutex);
        if (!shelf_->unused.empty()) {
            storage = std::move(shelf_->unused.back());
            shelf_->unused.pop_back();
        }
    }
    if (storage == nullptr) {
        storage = std::make_unique<CropBuffer::Storage>();
        storage->bytes.reset(static_cast<uint8_t*>(::operator new(shelf_->byte_size, kAlignment)));
    }
    storage->shelf = shelf_;
    CropBuffer buffer;
    buffer.storage_.reset(storage.release());
    return buffer;
}

size_t CropPool::kept() const {
    MutexLock lock(shelf_->mutex);
    return shelf_->unused.size();
}

}  // namespace facet
