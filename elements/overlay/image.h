// SPDX-License-Identifier: MIT
// Small pictures that lie on a frame, and the cache that keeps those drawn lately.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace facet {

// Premultiplied ARGB, one 32-bit word per pixel in the machine's byte order, rows without padding.
struct Image {
    int width = 0, height = 0;
    std::vector<uint32_t> argb;
};

using ImagePtr = std::shared_ptr<const Image>;

struct PlacedImage {
    ImagePtr image;
    int x = 0, y = 0;  // of its upper left corner, in pixels of the frame
};

// Invariants: the images held fill at most the budget (an image larger than that is not kept); when
// room is needed, the one unused longest goes first. Thread-bound.
class ImageCache {
  public:
    explicit ImageCache(size_t budget_bytes) : budget_bytes_(budget_bytes) {}

    // The image under `key`, from `draw` when it is not held. `key` says everything `draw` uses.
    ImagePtr get(const std::string& key, const std::function<Image()>& draw);
    [[nodiscard]] size_t bytes() const { return bytes_; }
    void clear();

  private:
    struct Entry {
        std::string key;
        ImagePtr image;
    };

    const size_t budget_bytes_;
    size_t bytes_ = 0;
    std::list<Entry> entries_;  // used last first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
};

}  // namespace facet
