// SPDX-License-Identifier: MIT
// Refusing a precision that a device lacks.
#include "engine/base/precision.h"

#include <algorithm>
#include <string>

namespace facet {

Result<void> require_precision(Precision asked, std::string_view device,
                               std::initializer_list<Precision> available) {
    if (std::ranges::count(available, asked) > 0) return {};
    std::string names;
    for (const Precision precision : available)
        names += (names.empty() ? "" : ", ") + std::string(to_string(precision));
    return Error{ErrorCode::kUnsupported, "precision " + std::string(to_string(asked)) +
                                              " on device " + std::string(device) +
                                              "; supported: " + names};
}

}  // namespace facet
