// SPDX-License-Identifier: MIT
// The check of image sizes, in words.
#include "engine/base/image_size_list.h"

#include <algorithm>
#include <string>

namespace facet {

namespace {

constexpr size_t kMostSizes = 100;
constexpr int kLargestSide = 16384;

Error refused(const std::string& why) {
    return {ErrorCode::kInvalidArgument, "setting 'image_size_profiles': " + why};
}

}  // namespace

Result<void> check_image_sizes(const std::vector<ImageSize>& sizes) {
    if (sizes.size() > kMostSizes)
        return refused(std::to_string(sizes.size()) + " sizes; supported: at most " +
                       std::to_string(kMostSizes));
    for (auto size = sizes.begin(); size != sizes.end(); ++size) {
        if (std::min(size->width, size->height) < 1 ||
            std::max(size->width, size->height) > kLargestSide)
            return refused(size->text() + " has a side outside 1.." + std::to_string(kLargestSide));
        if (std::find(sizes.begin(), size, *size) != size)
            return refused(size->text() + " comes twice");
    }
    return {};
}

}  // namespace facet
