// SPDX-License-Identifier: MIT
// Every OpenCL call of a piece of work fails once, and once for good: each time there is an error
// that names the call, and nothing is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <functional>
#include <set>
#include <span>
#include <vector>

#include "engine/backends/gpu/gpu_backend.h"
#include "engine/backends/gpu/gpu_model.h"
#include "engine/backends/gpu/opencl_api.h"
#include "engine/backends/gpu/program_cache.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/support/model_builder.h"
#include "tests/support/opencl_faults.h"

namespace facet::gpu {
namespace {

namespace faults = facet::testing::opencl_faults;
using faults::Fault;
using ::testing::HasSubstr;

constexpr std::string_view kSource =
    "__kernel void twice(__global float* values) { values[get_global_id(0)] *= 2; }\n";

class GpuFaults : public ::testing::Test {
  protected:
    void SetUp() override {
        faults::recover();
        const auto devices = opencl::enumerate_devices();
        ASSERT_TRUE(devices.ok()) << devices.error().text();
        if (devices->empty()) GTEST_SKIP() << "no OpenCL device; install pocl-opencl-icd";
        device_ = devices->front();
        std::string name = ::testing::TempDir() + "facet-faults-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        directory_ = name;
    }
    void TearDown() override {
        faults::recover();
        if (!directory_.empty()) std::filesystem::remove_all(directory_);
    }

    // Fails call 1, 2, 3 ... of `work` until it ends before its turn comes; `check` sees how each
    // one ended.
    static void fail_every_call(Fault fault, const std::function<Result<void>()>& work,
                                const std::function<void(const Result<void>&)>& check) {
        for (uint64_t nth = 1;; ++nth) {
            faults::fail_at(nth, fault);
            const Result<void> ended = work();
            const std::string call = faults::failed_call();
            SCOPED_TRACE("call " + std::to_string(nth) + ", " + call);
            EXPECT_EQ(faults::live_objects(), "");
            if (call.empty()) {
                faults::recover();
                EXPECT_TRUE(ended.ok()) << ended.error().text();
                EXPECT_GT(nth, 5u) << "the calls are not those of the wrapper";
                return;
            }
            check(ended);
            faults::recover();
            if (::testing::Test::HasFailure()) return;
        }
    }

    opencl::DeviceInfo device_;
    std::filesystem::path directory_;
};

// All that the wrappers do, once.
Result<void> double_numbers(const opencl::DeviceInfo& device, const ProgramCache& cache) {
    FACET_ASSIGN(const opencl::ContextPtr context, opencl::Context::open(device));
    FACET_ASSIGN(opencl::Queue queue, opencl::Queue::create(context, true));
    FACET_ASSIGN(const opencl::Buffer buffer, opencl::Buffer::create(context, 16));
    FACET_ASSIGN(const opencl::Buffer copy, opencl::Buffer::create(context, 16));
    FACET_ASSIGN(const opencl::PinnedMemory host, opencl::PinnedMemory::create(queue, 16));
    FACET_ASSIGN(const opencl::Program program, cache.program(context, kSource, ""));
    FACET_ASSIGN(opencl::Kernel kernel, opencl::Kernel::create(program, "twice"));
    FACET_TRY(kernel.group_limits());
    FACET_TRY(kernel.set_args(buffer));
    FACET_TRY(queue.write(buffer, 0, host.bytes()));
    FACET_TRY(queue.run(kernel, {.global = {4, 1, 1}}));
    FACET_TRY(queue.copy(buffer, 0, copy, 0, 16));
    opencl::Event done;
    const Result<void> read = queue.read(copy, 0, host.bytes(), {.done = &done});
    Result<void> ended = read.ok() ? queue.flush() : read;
    if (ended.ok()) ended = done.wait();
    const Result<void> finished = queue.finish();
    FACET_TRY(ended);
    FACET_TRY(finished);
    FACET_TRY(done.times());
    return {};
}

TEST_F(GpuFaults, EveryCallThatFailsIsNamedAndLeavesNothing) {
    for (const Fault fault : {Fault::kOnce, Fault::kLost}) {
        // Without a directory the program is built each time, and its binary is not asked for.
        const ProgramCache nowhere({});
        fail_every_call(
            fault, [&] { return double_numbers(device_, nowhere); },
            [&](const Result<void>& ended) {
                // A lost device fails first where it is lost. The log of a failed build is gone
                // too.
                ASSERT_FALSE(ended.ok());
                EXPECT_THAT(ended.error().message, HasSubstr(device_.name));
                EXPECT_THAT(ended.error().message, HasSubstr("cl"));
            });
    }
}

TEST_F(GpuFaults, AFaultInTheCacheIsMendedByBuilding) {
    const ProgramCache cache(directory_);
    size_t mended = 0;
    fail_every_call(
        Fault::kOnce, [&] { return double_numbers(device_, cache); },
        [&](const Result<void>& ended) { mended += ended.ok(); });
    // The binary of what was built could not be had; the program kept could not be loaded.
    EXPECT_GE(mended, 2u);
    EXPECT_TRUE(double_numbers(device_, cache).ok());
    EXPECT_EQ(faults::live_objects(), "");
}

TEST_F(GpuFaults, AnEnumerationThatFailsIsAnErrorOrLeavesDevicesOut) {
    for (uint64_t nth = 1;; ++nth) {
        faults::fail_at(nth, Fault::kLost);
        const auto devices = opencl::enumerate_devices();
        const std::string call = faults::failed_call();
        faults::recover();
        if (call.empty()) break;
        if (devices.ok())
            EXPECT_THAT(call,
                        ::testing::AnyOf("clGetDeviceIDs", "clGetDeviceInfo", "clGetPlatformInfo"));
        else
            EXPECT_THAT(devices.error().message, HasSubstr("clGetPlatformIDs"));
    }
}

// A small net of what models are made of: convolutions, a pool, a node for the CPU, a softmax.
std::shared_ptr<const Graph> small_net() {
    facet::testing::ModelBuilder builder;
    ValueId x = builder.input("x", Shape{1, 3, 12, 12});
    x = builder.relu(builder.conv(x, 8, 3));
    x = builder.pool(x, PoolingParams::Kind::kMax, 2, 2);
    x = builder.relu(builder.conv(x, 16, 3));
    x = builder.reshape(x, {0, -1});
    x = builder.softmax(builder.fully_connected(x, 5));
    builder.output(x, "y");
    Graph graph = builder.build();
    EXPECT_TRUE(prepare(graph, reference::evaluate).ok());
    (void)analyze_batchability(graph);
    return std::make_shared<const Graph>(std::move(graph));
}

// Loads the net and runs two batches; `results` has what came out.
Result<void> load_and_infer_twice(const Backend& backend, const std::shared_ptr<const Graph>& graph,
                                  std::vector<std::vector<float>>& results) {
    FACET_ASSIGN(const std::shared_ptr<CompiledModel> model,
                 backend.compile(graph, {.max_batch = 2, .threads = 1}));
    FACET_ASSIGN(const std::unique_ptr<InferRequest> request, model->create_request());
    for (const int rows : {2, 1}) {
        const std::span<float> input = request->input(0).as<float>();
        for (size_t i = 0; i < input.size(); ++i)
            input[i] = static_cast<float>(i % 17) / 17.0f - 0.4f;
        FACET_TRY(request->infer(rows));
        const auto output = request->output(0).as<float>().first(5 * static_cast<size_t>(rows));
        results.emplace_back(output.begin(), output.end());
    }
    return {};
}

TEST_F(GpuFaults, AModelSurvivesTheFailureOfEveryCallOfItsLoadAndInference) {
    setenv("FACET_CACHE_DIR", directory_.c_str(), 1);
    ASSERT_FALSE(gpu_backends().empty());
    const Backend& backend = *gpu_backends().front();
    const auto graph = small_net();
    std::vector<std::vector<float>> expected;
    ASSERT_TRUE(load_and_infer_twice(backend, graph, expected).ok());
    for (const Fault fault : {Fault::kOnce, Fault::kLost}) {
        std::set<std::string> failed;
        std::vector<std::vector<float>> results;
        fail_every_call(
            fault,
            [&] {
                results.clear();
                return load_and_infer_twice(backend, graph, results);
            },
            [&](const Result<void>& ended) {
                failed.insert(faults::failed_call());
                if (ended.ok()) {
                    EXPECT_EQ(results, expected);
                    return;
                }
                EXPECT_THAT(ended.error().message, HasSubstr(device_.name));
                // A lost device may be told by a later call, after one that has a way round it.
                const std::string call = fault == Fault::kOnce ? faults::failed_call() : "cl";
                EXPECT_THAT(ended.error().message, HasSubstr(call));
            });
        EXPECT_THAT(failed, ::testing::IsSupersetOf({"clCreateContext", "clCreateBuffer",
                                                     "clEnqueueNDRangeKernel",
                                                     "clEnqueueReadBuffer", "clWaitForEvents"}));
    }
    std::vector<std::vector<float>> afterwards;
    ASSERT_TRUE(load_and_infer_twice(backend, graph, afterwards).ok());
    EXPECT_EQ(afterwards, expected);
    unsetenv("FACET_CACHE_DIR");
}

// An upload, a kernel per step, a download, a flush and a wait: no clFinish and no other question
// to the driver. What is set only when the number of rows changes is set by the first batch.
TEST_F(GpuFaults, ABatchIsAsManyCallsAsItHasStepsAndFourMore) {
    ASSERT_FALSE(gpu_backends().empty());
    facet::testing::ModelBuilder builder;
    const ValueId x = builder.relu(builder.conv(builder.input("x", Shape{1, 3, 12, 12}), 8, 3));
    builder.output(builder.softmax(builder.pool(x, PoolingParams::Kind::kMax, 2, 2), 1));
    Graph graph = builder.build();
    ASSERT_TRUE(prepare(graph, reference::evaluate).ok());
    (void)analyze_batchability(graph);
    const auto model = gpu_backends().front()->compile(
        std::make_shared<const Graph>(std::move(graph)), {.max_batch = 2});
    ASSERT_TRUE(model) << model.error().text();
    const auto request = (*model)->create_request();
    ASSERT_TRUE(request) << request.error().text();
    const size_t steps = static_cast<const GpuModel&>(**model).program().steps.size();
    EXPECT_EQ(steps, 3u);
    for (int round = 0; round < 3; ++round) {
        faults::recover();
        ASSERT_TRUE((*request)->infer(2).ok());
        if (round == 0) continue;
        EXPECT_EQ(faults::calls(), steps + 4);
    }
}

}  // namespace
}  // namespace facet::gpu
