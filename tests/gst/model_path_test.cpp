// SPDX-License-Identifier: MIT
// Where model names are looked for.
#include "gst/model_path.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace facet {
namespace {

namespace fs = std::filesystem;

class ModelPath : public ::testing::Test {
  protected:
    void SetUp() override {
        root_ = fs::path(::testing::TempDir()) /
                ::testing::UnitTest::GetInstance()->current_test_info()->name();
        fs::remove_all(root_);
        setenv("FACET_MODELS", (root_ / "a").string().append(":").append(root_ / "b").c_str(), 1);
        setenv("XDG_DATA_HOME", (root_ / "home").c_str(), 1);
    }
    void TearDown() override { fs::remove_all(root_); }

    fs::path make(const fs::path& relative) {
        fs::create_directories((root_ / relative).parent_path());
        std::ofstream(root_ / relative) << "x";
        return root_ / relative;
    }

    fs::path root_;
};

TEST_F(ModelPath, AFileIsTakenAsWritten) {
    const fs::path file = make("else/where.xml");
    const auto found = find_model(file.string());
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, file);
}

TEST_F(ModelPath, AMissingFileIsNamed) {
    const auto found = find_model("no/such.onnx");
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
    EXPECT_NE(found.error().message.find("no/such.onnx"), std::string::npos);
}

TEST_F(ModelPath, EarlierDirectoriesWin) {
    const fs::path second = make("b/face.xml");
    EXPECT_EQ(*find_model("face"), second);
    const fs::path first = make("a/face.onnx");
    EXPECT_EQ(*find_model("face"), first);
}

TEST_F(ModelPath, TheMostExactPrecisionWins) {
    const fs::path other = make("home/facet/models/face/A-dequantized/face.onnx");
    EXPECT_EQ(*find_model("face"), other);
    const fs::path int8 = make("home/facet/models/face/FP16-INT8/face.xml");
    EXPECT_EQ(*find_model("face"), int8);
    const fs::path fp16 = make("home/facet/models/face/FP16/face.xml");
    EXPECT_EQ(*find_model("face"), fp16);
    const fs::path fp32 = make("home/facet/models/face/FP32/face.xml");
    EXPECT_EQ(*find_model("face"), fp32);
}

TEST_F(ModelPath, AMissingNameSaysWhereItWasLookedFor) {
    const auto found = find_model("face");
    ASSERT_FALSE(found.ok());
    for (const char* place : {"a", "b", "home/facet/models"})
        EXPECT_NE(found.error().message.find((root_ / place).string()), std::string::npos);
    EXPECT_NE(found.error().message.find("pipelines/models/get "), std::string::npos);
}

TEST_F(ModelPath, FacetsOwnModelsBesideTheirDescriptionsComeLast) {
    setenv("FACET_MODEL_INFO_PATH", (root_ / "own").c_str(), 1);
    const fs::path own = make("own/face.onnx");
    EXPECT_EQ(*find_model("face"), own);
    const fs::path users = make("home/facet/models/face.onnx");
    EXPECT_EQ(*find_model("face"), users);
    EXPECT_EQ(model_directories().back(), model_info_directories().back());
}

TEST_F(ModelPath, AListIsSplitAtCommasAndMayHaveSpaces) {
    const fs::path age = make("a/age.xml");
    const fs::path mood = make("a/mood.xml");
    const auto found = find_models("age, mood");
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(*found, (std::vector<fs::path>{age, mood}));
    EXPECT_EQ(find_models("").error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(find_models("age,,mood").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace facet
