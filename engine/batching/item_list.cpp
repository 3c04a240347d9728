// SPDX-License-Identifier: MIT
// The list's bookkeeping.
#include "engine/batching/item_list.h"

#include <algorithm>
#include <utility>

namespace facet {

void ItemList::append(std::unique_ptr<BatchItem> item) {
    deadlines_.append(item->deadline);
    dues_.append(item->due);
    items_.push_back(std::move(item));
}

void ItemList::put_back(std::unique_ptr<BatchItem> item) {
    const auto place = std::ranges::upper_bound(items_, item->order, {},
                                                [](const auto& other) { return other->order; });
    items_.insert(place, std::move(item));
    // Minimum knows only how to grow at its end.
    ItemList ordered;
    for (std::unique_ptr<BatchItem>& other : items_) ordered.append(std::move(other));
    *this = std::move(ordered);
}

std::unique_ptr<BatchItem> ItemList::remove_front() {
    std::unique_ptr<BatchItem> item = std::move(items_.front());
    items_.pop_front();
    deadlines_.remove_front(item->deadline);
    dues_.remove_front(item->due);
    return item;
}

std::vector<std::unique_ptr<BatchItem>> ItemList::remove_if(
    const std::function<bool(const BatchItem&)>& leaves) {
    std::vector<std::unique_ptr<BatchItem>> removed;
    ItemList rest;
    for (std::unique_ptr<BatchItem>& item : items_) {
        if (leaves(*item))
            removed.push_back(std::move(item));
        else
            rest.append(std::move(item));
    }
    *this = std::move(rest);
    return removed;
}

}  // namespace facet
