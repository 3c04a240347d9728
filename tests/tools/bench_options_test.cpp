// SPDX-License-Identifier: MIT
// The command line of facet-bench.
#include "engine/tools/bench_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::variant<BenchOptions, int> parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "facet-bench");
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    return parse_bench_options(static_cast<int>(pointers.size()), pointers.data());
}

std::string refusal(const std::vector<std::string>& arguments) {
    ::testing::internal::CaptureStderr();
    const auto parsed = parse(arguments);
    const std::string text = ::testing::internal::GetCapturedStderr();
    const int* code = std::get_if<int>(&parsed);
    EXPECT_TRUE(code != nullptr && *code != 0);
    return text;
}

TEST(BenchOptions, TakesTheOldSamplesNamesOfSeveralLetters) {
    const auto parsed = parse({"-m", "model.xml", "-i", "a.jpg", "faces", "-d", "REFERENCE", "-mb",
                               "16", "-ni=7", "-pc", "-nireq", "2"});
    const auto* options = std::get_if<BenchOptions>(&parsed);
    ASSERT_NE(options, nullptr);
    EXPECT_EQ(options->model, "model.xml");
    EXPECT_THAT(options->images, ElementsAre("a.jpg", "faces"));
    EXPECT_EQ(options->device, "REFERENCE");
    EXPECT_EQ(options->max_batch, 16);
    EXPECT_EQ(options->iterations, 7);
    EXPECT_EQ(options->requests, 2);
    EXPECT_TRUE(options->counters);
}

TEST(BenchOptions, TheLargestSizeAskedForIsTheMaximumUntilOneIsGiven) {
    const auto sizes = parse({"-m", "m", "-b", "1,12,4"});
    EXPECT_EQ(std::get<BenchOptions>(sizes).max_batch, 12);
    const auto profiles = parse({"-m", "m", "--profiles", "2,8"});
    EXPECT_EQ(std::get<BenchOptions>(profiles).max_batch, 8);
    EXPECT_THAT(refusal({"-m", "m", "-b", "12", "-mb", "8"}),
                HasSubstr("--batch: 12; supported: 1 to --max-batch, 8"));
}

TEST(BenchOptions, RefusesValuesOutsideTheirRangeByName) {
    EXPECT_THAT(refusal({"-m", "m", "-mb", "0"}), HasSubstr("--max-batch"));
    EXPECT_THAT(refusal({"-m", "m", "--profiles", "4,2"}),
                HasSubstr("--profiles: sizes must ascend"));
    EXPECT_THAT(refusal({"-m", "m", "--precision", "fp8"}), HasSubstr("fp8"));
    EXPECT_THAT(refusal({"-m", "m", "--detector", "d"}), HasSubstr("--images"));
    EXPECT_THAT(refusal({}), HasSubstr("--model"));
}

TEST(BenchOptions, KnowsThePrecisionsByTheirNames) {
    const auto parsed = parse({"-m", "m", "--precision", "int8"});
    EXPECT_EQ(std::get<BenchOptions>(parsed).precision, Precision::kInt8);
}

}  // namespace
}  // namespace facet
