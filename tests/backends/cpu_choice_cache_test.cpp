// SPDX-License-Identifier: MIT
// What the cache of measured choices keeps, and what a damaged or forbidden file costs: nothing.
#include "engine/backends/cpu/choice/choice_cache.h"

#include <gtest/gtest.h>

#include <fstream>

namespace facet::cpu {

namespace {

class ChoiceCacheFile : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::path(::testing::TempDir()) /
                  ::testing::UnitTest::GetInstance()->current_test_info()->name();
        std::filesystem::remove_all(folder_);
        file_ = folder_ / "below" / "choices";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    void write(const std::string& text) const {
        std::filesystem::create_directories(file_.parent_path());
        std::ofstream(file_) << text;
    }

    std::filesystem::path folder_, file_;
};

}  // namespace

TEST_F(ChoiceCacheFile, KeepsChoicesForTheNextProcess) {
    ChoiceCache first(file_);
    first.store("layer 1 2 3", 4);
    first.store("layer 3", 0);
    first.save();
    const ChoiceCache second(file_);
    EXPECT_EQ(second.find("layer 1 2 3"), 4);
    EXPECT_EQ(second.find("layer 3"), 0);
    EXPECT_FALSE(second.find("layer"));
    for (const auto& entry : std::filesystem::directory_iterator(file_.parent_path()))
        EXPECT_EQ(entry.path(), file_) << "left behind";
}

TEST_F(ChoiceCacheFile, SkipsDamagedLinesAndKeepsTheOthers) {
    write(
        "4 good\nnonsense\n99999999999999999999 too large\n7\n\xff\xfe\n-1 negative\n3 also good");
    const ChoiceCache cache(file_);
    EXPECT_EQ(cache.find("good"), 4);
    EXPECT_EQ(cache.find("also good"), 3);
    EXPECT_FALSE(cache.find("too large"));
}

TEST_F(ChoiceCacheFile, WorksWithoutAPlaceToWriteTo) {
    write("not a folder");
    for (const auto& place : {file_ / "choices", std::filesystem::path()}) {
        ChoiceCache cache(place);
        cache.store("layer", 2);
        cache.save();
        EXPECT_EQ(cache.find("layer"), 2);
    }
}

}  // namespace facet::cpu
