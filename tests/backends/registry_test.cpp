// SPDX-License-Identifier: MIT
// A process of its own, because drivers stay where they were loaded.
#include "engine/backends/registry.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace facet {
namespace {

bool is_mapped(const std::string& library) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        if (line.find(library) != std::string::npos) return true;
    return false;
}

TEST(FindBackend, LoadsADriverOnlyWhereADeviceNeedsOne) {
    ASSERT_TRUE(find_backend("CPU").ok());
    ASSERT_TRUE(find_backend("REFERENCE").ok());
    EXPECT_FALSE(is_mapped("libpocl"));
    if (!find_backend("GPU").ok()) GTEST_SKIP() << "no OpenCL device to compare with";
    EXPECT_TRUE(is_mapped("libpocl") || is_mapped("libnvidia") || is_mapped("libigdrcl"))
        << "the driver has a name this test does not know";
}

}  // namespace
}  // namespace facet
