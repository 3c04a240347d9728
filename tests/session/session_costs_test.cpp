// SPDX-License-Identifier: MIT
// What sessions take over from each other's measurements.
#include "engine/session/session_costs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace facet {
namespace {

TEST(SessionKey, IsAnotherWhereOtherBatchSizesAreMeasured) {
    const auto path = std::filesystem::path(::testing::TempDir()) / "session_key.onnx";
    std::ofstream(path) << "any bytes";
    SessionSettings settings;
    settings.models.push_back({.path = path, .info = {}});
    const std::string every_size = session_key(settings, 8);
    ASSERT_FALSE(every_size.empty());
    EXPECT_EQ(session_key(settings, 8), every_size);
    settings.batch_profiles = {8};
    EXPECT_NE(session_key(settings, 8), every_size);
    std::filesystem::remove(path);
}

TEST(SessionKey, IsEmptyWhereAModelIsNoFile) {
    SessionSettings settings;
    settings.models.push_back({.path = "no/such/model.onnx", .info = {}});
    EXPECT_EQ(session_key(settings, 8), "");
}

}  // namespace
}  // namespace facet
