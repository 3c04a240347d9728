// SPDX-License-Identifier: MIT
// Looks below $FACET_DATA.
#include "tests/support/data_path.h"

#include <cstdlib>

namespace facet::testing {

std::optional<std::filesystem::path> data_path(const std::filesystem::path& relative) {
    const char* root = std::getenv("FACET_DATA");
    if (root == nullptr) return std::nullopt;
    std::filesystem::path path = std::filesystem::path(root) / relative;
    if (!std::filesystem::exists(path)) return std::nullopt;
    return path;
}

std::string test_device(const std::string& otherwise) {
    const char* device = std::getenv("FACET_TEST_DEVICE");
    return device == nullptr ? otherwise : device;
}

}  // namespace facet::testing
