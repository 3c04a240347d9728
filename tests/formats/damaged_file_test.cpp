// SPDX-License-Identifier: MIT
// Cut or altered model files give an error or a valid graph, and never a crash.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "engine/formats/model_reader.h"
#include "tests/formats/data_models.h"
#include "tests/formats/temporary_model.h"
#include "tests/support/data_path.h"

namespace facet {
namespace {

using testing::content_of;
using testing::TemporaryModel;

constexpr size_t kCuts = 100;
constexpr size_t kFlips = 100;
constexpr size_t kReach = 400'000;  // altered bytes lie in front of the bulk of the weights

// A copy of a model that a test may damage.
class DamagedModel : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        FACET_DATA_OR_SKIP(path, std::filesystem::path("models") / GetParam());
        content_ = content_of(path);
        file_name_ = path.filename().string();
        if (path.extension() != ".xml") return;
        std::filesystem::path weights = path;
        weights.replace_extension(".bin");
        std::filesystem::create_symlink(weights, files_.path(weights.filename().string()));
    }

    // Reads `content` as the model; what comes back must be sound.
    void expect_sound(std::string_view content, const std::string& what) {
        const auto graph = read_model(files_.write(file_name_, content), Extent2{64, 64});
        if (graph.ok()) {
            EXPECT_TRUE(validate(*graph).ok()) << what;
            return;
        }
        EXPECT_NE(graph.error().code, ErrorCode::kInternal) << what;
        EXPECT_NE(graph.error().message.find(file_name_), std::string::npos) << what;
    }

    std::string content_, file_name_;
    TemporaryModel files_;
};

TEST_P(DamagedModel, CutAnywhereIsAnErrorOrAGraph) {
    std::mt19937_64 random(7);
    for (size_t i = 0; i < kCuts; ++i) {
        const size_t size = random() % std::min(content_.size(), kReach);
        expect_sound(std::string_view(content_).substr(0, size), "cut at " + std::to_string(size));
    }
}

TEST_P(DamagedModel, WithAlteredBytesIsAnErrorOrAGraph) {
    std::mt19937_64 random(11);
    for (size_t i = 0; i < kFlips; ++i) {
        std::string altered = content_.substr(0, kReach);
        std::string what = "bytes";
        for (size_t change = 0; change <= i % 4; ++change) {
            const size_t position = random() % altered.size();
            altered[position] = static_cast<char>(random());
            what.append(1, ' ').append(std::to_string(position));
        }
        altered += std::string_view(content_).substr(altered.size());
        expect_sound(altered, what);
    }
}

INSTANTIATE_TEST_SUITE_P(All, DamagedModel, ::testing::ValuesIn(testing::models::kAll),
                         testing::models::test_name);

class CutWeights : public ::testing::TestWithParam<const char*> {};

TEST_P(CutWeights, AreAnErrorThatNamesTheWeightsFile) {
    FACET_DATA_OR_SKIP(path, std::filesystem::path("models") / GetParam());
    std::filesystem::path weights = path;
    weights.replace_extension(".bin");
    TemporaryModel files;
    const auto copy = files.write("model.xml", content_of(path));
    const std::string content = content_of(weights);
    for (const size_t size : {size_t{0}, size_t{1}, content.size() / 2, content.size() - 1}) {
        files.write("model.bin", std::string_view(content).substr(0, size));
        const auto graph = read_model(copy);
        ASSERT_FALSE(graph.ok()) << size << " bytes";
        EXPECT_EQ(graph.error().code, ErrorCode::kCorrupt);
        EXPECT_NE(graph.error().message.find("model.bin"), std::string::npos);
    }
    std::filesystem::remove(files.path("model.bin"));
    const auto graph = read_model(copy);
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().code, ErrorCode::kNotFound);
    EXPECT_NE(graph.error().message.find("model.bin"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(OpenVino, CutWeights,
                         ::testing::Values(testing::models::kAgeGenderInt8,
                                           testing::models::kLandmarks,
                                           testing::models::kFace0005Int8),
                         testing::models::test_name);

}  // namespace
}  // namespace facet
