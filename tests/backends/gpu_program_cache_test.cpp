// SPDX-License-Identifier: MIT
// The program cache: what it keeps, what it refuses to use, and many writers at once.
#include "engine/backends/gpu/program_cache.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <fstream>
#include <thread>
#include <vector>

namespace facet::gpu {
namespace {

using opencl::Context;
using opencl::ContextPtr;
using opencl::Kernel;
using opencl::Program;

constexpr std::string_view kSource = "__kernel void fill(__global int* v) { v[0] = VALUE; }\n";

class GpuProgramCache : public testing::Test {
  protected:
    void SetUp() override {
        const auto devices = opencl::enumerate_devices();
        ASSERT_TRUE(devices.ok()) << devices.error().text();
        if (devices->empty()) GTEST_SKIP() << "no OpenCL device; install pocl-opencl-icd";
        auto context = Context::open(devices->front());
        ASSERT_TRUE(context.ok()) << context.error().text();
        context_ = *context;
        std::string name = testing::TempDir() + "facet-cache-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        directory_ = name;
    }
    void TearDown() override {
        if (!directory_.empty()) std::filesystem::remove_all(directory_);
    }

    [[nodiscard]] std::filesystem::path entry(const std::string& options) const {
        return ProgramCache(directory_).entry(context_->device(), kSource, options);
    }
    // What the kernel of the program that the cache yields writes.
    [[nodiscard]] int value_of(const std::string& options) const {
        const auto program = ProgramCache(directory_).program(context_, kSource, options);
        if (!program) return ADD_FAILURE() << program.error().text(), -1;
        auto kernel = Kernel::create(*program, "fill");
        auto queue = opencl::Queue::create(context_);
        const auto buffer = opencl::Buffer::create(context_, sizeof(int));
        int value = -1;
        opencl::Event done;
        const bool ran = kernel && queue && buffer && kernel->set_args(*buffer) &&
                         queue->run(*kernel, {}) &&
                         queue->read(*buffer, 0, std::as_writable_bytes(std::span(&value, 1)),
                                     {.done = &done}) &&
                         done.wait();
        EXPECT_TRUE(ran);
        return value;
    }
    [[nodiscard]] size_t files() const {
        const std::filesystem::directory_iterator listing(directory_);
        return static_cast<size_t>(std::distance(begin(listing), end(listing)));
    }

    ContextPtr context_;
    std::filesystem::path directory_;
};

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::filesystem::path& path, const std::string& content) {
    std::ofstream(path, std::ios::binary).write(content.data(), std::ssize(content));
}

TEST_F(GpuProgramCache, KeepsOneEntryPerSourceAndOptions) {
    EXPECT_EQ(value_of("-DVALUE=7"), 7);
    EXPECT_EQ(files(), 1u);
    EXPECT_EQ(value_of("-DVALUE=8"), 8);
    EXPECT_EQ(files(), 2u);
    EXPECT_EQ(value_of("-DVALUE=7"), 7);
    EXPECT_EQ(files(), 2u);
}

TEST_F(GpuProgramCache, UsesWhatItKept) {
    ASSERT_EQ(value_of("-DVALUE=7"), 7);
    const auto before = std::filesystem::last_write_time(entry("-DVALUE=7"));
    ASSERT_EQ(value_of("-DVALUE=7"), 7);
    EXPECT_EQ(std::filesystem::last_write_time(entry("-DVALUE=7")), before) << "built again";
}

TEST_F(GpuProgramCache, AnotherDriverHasAnotherEntry) {
    opencl::DeviceInfo device = context_->device();
    device.driver += ".1";
    const ProgramCache cache(directory_);
    EXPECT_NE(cache.entry(device, kSource, ""), cache.entry(context_->device(), kSource, ""));
}

// A crash while writing, a full disk, a bad sector, a file of another program: all are built anew.
TEST_F(GpuProgramCache, ADamagedEntryIsBuiltAnewAndReplaced) {
    ASSERT_EQ(value_of("-DVALUE=7"), 7);
    ASSERT_EQ(value_of("-DVALUE=9"), 9);
    const std::filesystem::path path = entry("-DVALUE=7");
    const std::string whole = content_of(path);
    std::string flipped = whole, longer = whole + "x";
    flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 1);
    const std::pair<const char*, std::string> damages[] = {
        {"empty", ""},
        {"truncated in the header", whole.substr(0, 20)},
        {"header only", whole.substr(0, 32)},
        {"truncated in the key", whole.substr(0, 60)},
        {"truncated by a byte", whole.substr(0, whole.size() - 1)},
        {"longer", longer},
        {"a bit flipped", flipped},
        {"another program's", content_of(entry("-DVALUE=9"))}};
    for (const auto& [how, content] : damages) {
        write(path, content);
        EXPECT_EQ(value_of("-DVALUE=7"), 7) << how;
        EXPECT_EQ(content_of(path).size(), whole.size()) << how;
    }
}

TEST_F(GpuProgramCache, ADirectoryThatCannotBeWrittenToStopsNothing) {
    write(directory_ / "file", "");
    const ProgramCache cache(directory_ / "file" / "below");
    EXPECT_TRUE(cache.program(context_, kSource, "-DVALUE=7").ok());
    EXPECT_TRUE(ProgramCache({}).program(context_, kSource, "-DVALUE=7").ok());
}

TEST_F(GpuProgramCache, IsWhereTheEnvironmentSays) {
    opencl::DeviceInfo pocl, other;
    pocl.platform_name = "Portable Computing Language";
    setenv("FACET_CACHE_DIR", "/a", 1);
    EXPECT_EQ(ProgramCache::of(other).directory(), "/a/opencl");
    EXPECT_EQ(ProgramCache::of(pocl).directory(), "/a/opencl");
    unsetenv("FACET_CACHE_DIR");
    setenv("XDG_CACHE_HOME", "/b", 1);
    EXPECT_EQ(ProgramCache::of(other).directory(), "/b/facet/opencl");
    EXPECT_EQ(ProgramCache::of(pocl).directory(), "") << "PoCL keeps its own";
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "/c", 1);
    EXPECT_EQ(ProgramCache::of(other).directory(), "/c/.cache/facet/opencl");
}

TEST_F(GpuProgramCache, ABuildErrorLeavesNoEntry) {
    EXPECT_FALSE(ProgramCache(directory_).program(context_, kSource, "").ok());
    EXPECT_EQ(files(), 0u);
}

TEST_F(GpuProgramCache, ThreadsThatWriteOneEntryAtOnceAllGetTheirProgram) {
    constexpr int kThreads = 6;
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
        threads.emplace_back([&] {
            start.arrive_and_wait();
            EXPECT_EQ(value_of("-DVALUE=11"), 11);
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(files(), 1u) << "a temporary file stayed behind";
}

// Alone, and in the processes that the next test starts, which share a folder.
TEST_F(GpuProgramCache, GivesEachOfTwoProgramsRoundAfterRound) {
    const char* shared = std::getenv("FACET_TEST_SHARED_CACHE");
    if (shared != nullptr) {
        std::filesystem::remove_all(directory_);
        directory_ = shared;
    }
    for (int round = 0; round < 4; ++round)
        for (const int value : {1, 2})
            EXPECT_EQ(value_of("-DVALUE=" + std::to_string(value)), value);
    if (shared != nullptr) directory_.clear();  // the others go on with it
}

TEST_F(GpuProgramCache, ProcessesThatWriteAndTruncateEntriesAtOnceAllGetTheirProgram) {
    std::vector<pid_t> children;
    for (int i = 0; i < 3; ++i) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            unsetenv("GTEST_OUTPUT");
            setenv("FACET_TEST_SHARED_CACHE", directory_.c_str(), 1);
            execl("/proc/self/exe", "child",
                  "--gtest_filter=*GivesEachOfTwoProgramsRoundAfterRound",
                  static_cast<char*>(nullptr));
            _exit(127);
        }
        children.push_back(child);
    }
    std::atomic<bool> ended = false;
    std::thread vandal([&] {
        while (!ended)
            for (const char* options : {"-DVALUE=1", "-DVALUE=2"})
                if (std::filesystem::exists(entry(options))) write(entry(options), "facetCL1");
    });
    for (const pid_t child : children) {
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    ended = true;
    vandal.join();
    EXPECT_EQ(files(), 2u) << "a temporary file stayed behind";
}

}  // namespace
}  // namespace facet::gpu
