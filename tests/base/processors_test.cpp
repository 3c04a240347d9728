// SPDX-License-Identifier: MIT
// Threads stay on the processors that they were made for.
#include "engine/base/processors.h"

#include <gtest/gtest.h>

#include <thread>

namespace facet {
namespace {

std::vector<int> seen_by_a_new_thread() {
    std::vector<int> processors;
    std::thread([&] { processors = allowed_processors(); }).join();
    return processors;
}

TEST(Processors, AreWrittenAsRanges) {
    EXPECT_EQ(processors_text({}), "");
    EXPECT_EQ(processors_text({7}), "7");
    EXPECT_EQ(processors_text({0, 1, 2, 4, 6, 7}), "0-2,4,6-7");
}

TEST(Processors, OfAScopeAreInheritedByThreadsAndEndWithIt) {
    const std::vector<int> all = allowed_processors();
    if (all.empty()) GTEST_SKIP() << "the system does not tell";
    {
        const auto scope = ProcessorScope::enter({all.back()});
        ASSERT_TRUE(scope.ok()) << scope.error().text();
        EXPECT_EQ(allowed_processors(), std::vector<int>{all.back()});
        EXPECT_EQ(seen_by_a_new_thread(), std::vector<int>{all.back()});
    }
    EXPECT_EQ(allowed_processors(), all);
    EXPECT_EQ(seen_by_a_new_thread(), all);
}

TEST(Processors, ThatAreNotThereAreNamed) {
    const std::vector<int> all = allowed_processors();
    if (all.empty()) GTEST_SKIP() << "the system does not tell";
    const auto scope = ProcessorScope::enter({all.front(), 1021});
    ASSERT_FALSE(scope.ok());
    EXPECT_NE(scope.error().text().find("no processor 1021"), std::string::npos)
        << scope.error().text();
    EXPECT_EQ(allowed_processors(), all);
}

TEST(Processors, NoneAskedForChangeNothing) {
    const std::vector<int> all = allowed_processors();
    EXPECT_TRUE(ProcessorScope::enter({}).ok());
    EXPECT_EQ(allowed_processors(), all);
}

}  // namespace
}  // namespace facet
