// SPDX-License-Identifier: MIT
// The name in parts.
#include "engine/model/batch_device.h"

#include <charconv>

namespace facet {

namespace {

constexpr std::string_view kPrefix = "BATCH:";
constexpr int kLargest = 2048;

Error refused(std::string_view name, const std::string& why) {
    return {ErrorCode::kInvalidArgument,
            "setting 'device': '" + std::string(name) + "' " + why +
                "; supported: BATCH:DEVICE, and BATCH:DEVICE(N) for batches of up to N, 1 to " +
                std::to_string(kLargest)};
}

}  // namespace

Result<std::optional<BatchDevice>> parse_batch_device(std::string_view name) {
    if (!name.starts_with(kPrefix)) return std::optional<BatchDevice>();
    std::string_view rest = name.substr(kPrefix.size());
    BatchDevice parsed;
    if (rest.ends_with(')')) {
        const size_t open = rest.rfind('(');
        if (open == std::string_view::npos) return refused(name, "closes no parenthesis");
        const std::string_view number = rest.substr(open + 1, rest.size() - open - 2);
        int batch = 0;
        const auto [end, failed] =
            std::from_chars(number.data(), number.data() + number.size(), batch);
        if (failed != std::errc() || end != number.data() + number.size() || batch < 1 ||
            batch > kLargest)
            return refused(name, "has no such batch: '" + std::string(number) + "'");
        parsed.batch = batch;
        rest = rest.substr(0, open);
    }
    if (rest.empty()) return refused(name, "names no device");
    if (rest.starts_with(kPrefix)) return refused(name, "batches twice");
    parsed.device = rest;
    return std::optional<BatchDevice>(std::move(parsed));
}

}  // namespace facet
