// SPDX-License-Identifier: MIT
// Where the test data lies.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace facet::testing {

// A path below $FACET_DATA, or nothing when that is unset or lacks it: the test then skips with
// FACET_DATA_OR_SKIP.
[[nodiscard]] std::optional<std::filesystem::path> data_path(const std::filesystem::path& relative);

// $FACET_TEST_DEVICE, which runs a test's models on another device, or `otherwise`.
[[nodiscard]] std::string test_device(const std::string& otherwise);

}  // namespace facet::testing

// Binds `variable` to the path, or skips the test and says why.
#define FACET_DATA_OR_SKIP(variable, relative)                                           \
    const auto variable##_found = facet::testing::data_path(relative);                   \
    if (!variable##_found) GTEST_SKIP() << "needs " << relative << " below $FACET_DATA"; \
    const std::filesystem::path variable = *variable##_found
