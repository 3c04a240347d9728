// SPDX-License-Identifier: MIT
// Where the test data lies.
#pragma once

#include <filesystem>
#include <optional>

namespace facet::testing {

// A path below $FACET_DATA, or nothing when that is unset or lacks it: the test then skips with
// FACET_SKIP_WITHOUT_DATA.
[[nodiscard]] std::optional<std::filesystem::path> data_path(const std::filesystem::path& relative);

}  // namespace facet::testing

// Binds `path`, or skips the test and says why.
#define FACET_DATA_OR_SKIP(path, relative)                                           \
    const auto path##_found = facet::testing::data_path(relative);                   \
    if (!path##_found) GTEST_SKIP() << "needs " << relative << " below $FACET_DATA"; \
    const std::filesystem::path path = *path##_found
