// SPDX-License-Identifier: MIT
// Lists taken apart at their commas.
#include "gst/size_list.h"

#include <charconv>
#include <optional>
#include <set>
#include <string_view>

#include "engine/base/image_size_list.h"

namespace facet {

namespace {

std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const size_t comma = text.find(',');
        std::string_view part = text.substr(0, comma);
        const size_t start = part.find_first_not_of(' ');
        part = start == std::string_view::npos ? std::string_view() : part.substr(start);
        parts.push_back(part.substr(0, part.find_last_not_of(' ') + 1));
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
        if (text.empty()) parts.emplace_back();
    }
    return parts;
}

std::optional<int> number_of(std::string_view text) {
    int number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end != text.data() + text.size()) return {};
    return number;
}

std::optional<ImageSize> size_of(std::string_view text) {
    const size_t cross = text.find('x');
    if (cross == std::string_view::npos) return {};
    const std::optional<int> width = number_of(text.substr(0, cross));
    const std::optional<int> height = number_of(text.substr(cross + 1));
    if (!width || !height) return {};
    return ImageSize{*width, *height};
}

Error refused(const std::string& property, std::string_view part, const std::string& wanted) {
    return {ErrorCode::kInvalidArgument,
            "property '" + property + "': '" + std::string(part) + "' is " + wanted};
}

constexpr int kMostProcessors = 1024;

std::optional<std::pair<int, int>> range_of(std::string_view text) {
    const size_t dash = text.find('-');
    const std::optional<int> first = number_of(text.substr(0, dash));
    const std::optional<int> last =
        dash == std::string_view::npos ? first : number_of(text.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last >= kMostProcessors) return {};
    return std::pair(*first, *last);
}

}  // namespace

Result<std::vector<int>> parse_processors(const std::string& property, const std::string& text) {
    std::set<int> processors;
    for (const std::string_view part : parts_of(text)) {
        const auto range = range_of(part);
        if (!range)
            return refused(property, part,
                           "no processor or range of them; supported: a list as 0-3,6");
        for (int number = range->first; number <= range->second; ++number)
            processors.insert(number);
    }
    return std::vector<int>(processors.begin(), processors.end());
}

Result<std::vector<int>> parse_batch_profiles(const std::string& property,
                                              const std::string& text) {
    std::vector<int> profiles;
    for (const std::string_view part : parts_of(text)) {
        const std::optional<int> rows = number_of(part);
        if (!rows) return refused(property, part, "no batch size; supported: a list as 1,2,4,8");
        profiles.push_back(*rows);
    }
    return profiles;
}

Result<std::vector<ImageSize>> parse_image_sizes(const std::string& property,
                                                 const std::string& text) {
    std::vector<ImageSize> sizes;
    for (const std::string_view part : parts_of(text)) {
        const std::optional<ImageSize> size = size_of(part);
        if (!size)
            return refused(property, part, "no image size; supported: a list as 320x192,640x384");
        sizes.push_back(*size);
    }
    FACET_TRY(check_image_sizes(sizes));
    return sizes;
}

}  // namespace facet
