// SPDX-License-Identifier: MIT
// ImageCache: least recently used goes first.
#include "elements/overlay/image.h"

#include <utility>

namespace facet {
namespace {

size_t bytes_of(const Image& image) {
    return image.argb.size() * sizeof(uint32_t);
}

}  // namespace

ImagePtr ImageCache::get(const std::string& key, const std::function<Image()>& draw) {
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        entries_.splice(entries_.begin(), entries_, found->second);
        return found->second->image;
    }
    auto image = std::make_shared<const Image>(draw());
    const size_t needed = bytes_of(*image);
    if (needed > budget_bytes_) return image;
    while (bytes_ + needed > budget_bytes_) {
        bytes_ -= bytes_of(*entries_.back().image);
        by_key_.erase(entries_.back().key);
        entries_.pop_back();
    }
    bytes_ += needed;
    entries_.push_front({key, image});
    by_key_[key] = entries_.begin();
    return image;
}

void ImageCache::clear() {
    by_key_.clear();
    entries_.clear();
    bytes_ = 0;
}

}  // namespace facet
