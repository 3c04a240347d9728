// SPDX-License-Identifier: MIT
// The OpenCL wrappers, on the first device the loader finds (PoCL where there is no hardware).
#include "engine/backends/gpu/opencl_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

namespace facet::gpu::opencl {
namespace {

using testing::HasSubstr;

constexpr std::string_view kScale =
    "__kernel void scale(__global float* values, float factor, int offset) {\n"
    "    const int i = get_global_id(0);\n"
    "    values[i] = values[i] * factor + offset;\n"
    "}\n"
    "__kernel void reverse(__global float* values, __local float* group) {\n"
    "    const int i = get_local_id(0), n = get_local_size(0);\n"
    "    group[i] = values[get_global_id(0)];\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    values[get_global_id(0)] = group[n - 1 - i];\n"
    "}\n";

class OpenclApi : public testing::Test {
  protected:
    void SetUp() override {
        const auto devices = enumerate_devices();
        ASSERT_TRUE(devices.ok()) << devices.error().text();
        if (devices->empty()) GTEST_SKIP() << "no OpenCL device; install pocl-opencl-icd";
        auto context = Context::open(devices->front());
        ASSERT_TRUE(context.ok()) << context.error().text();
        context_ = *context;
    }

    ContextPtr context_;
};

std::vector<float> numbers(size_t count) {
    std::vector<float> values(count);
    std::iota(values.begin(), values.end(), 0.0f);
    return values;
}

TEST_F(OpenclApi, DevicesSayWhatTheyAre) {
    const DeviceInfo& device = context_->device();
    EXPECT_FALSE(device.name.empty());
    EXPECT_FALSE(device.driver.empty());
    EXPECT_GE(device.major_version * 10 + device.minor_version, 12) << device.version;
    EXPECT_GT(device.global_memory, 0u);
    EXPECT_GT(device.local_memory, 0u);
    EXPECT_GT(device.compute_units, 0u);
    EXPECT_GT(device.max_work_group, 0u);
}

TEST_F(OpenclApi, OneContextPerDeviceWhileAnybodyHoldsIt) {
    const auto again = Context::open(context_->device());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->get(), context_.get());
}

TEST_F(OpenclApi, KernelsRunInOrderOnWhatWasWritten) {
    auto program = Program::build(context_, kScale, "");
    ASSERT_TRUE(program.ok()) << program.error().text();
    auto queue = Queue::create(context_);
    auto buffer = Buffer::create(context_, 64 * sizeof(float));
    auto copied = Buffer::create(context_, 64 * sizeof(float));
    auto scale = Kernel::create(*program, "scale");
    auto reverse = Kernel::create(*program, "reverse");
    ASSERT_TRUE(queue.ok() && buffer.ok() && copied.ok() && scale.ok() && reverse.ok());
    std::vector<float> values = numbers(64);
    ASSERT_TRUE(scale->set_args(*buffer, 2.0f, int32_t{1}).ok());
    ASSERT_TRUE(reverse->set_args(*buffer, LocalMemory{8 * sizeof(float)}).ok());
    ASSERT_TRUE(queue->write(*buffer, 0, std::as_bytes(std::span(values))).ok());
    ASSERT_TRUE(queue->run(*scale, {.global = {64, 1, 1}}).ok());
    ASSERT_TRUE(queue->run(*reverse, {.global = {64, 1, 1}, .local = {8, 1, 1}}).ok());
    ASSERT_TRUE(queue->copy(*buffer, 0, *copied, 0, 64 * sizeof(float)).ok());
    Event done;
    ASSERT_TRUE(
        queue->read(*copied, 0, std::as_writable_bytes(std::span(values)), {.done = &done}).ok());
    ASSERT_TRUE(done.wait().ok());
    for (int i = 0; i < 64; ++i)
        EXPECT_EQ(values[i], 2.0f * (i / 8 * 8 + 7 - i % 8) + 1.0f) << "value " << i;
}

TEST_F(OpenclApi, OneQueueWaitsForTheEventOfAnother) {
    auto program = Program::build(context_, kScale, "");
    auto upload = Queue::create(context_, true), compute = Queue::create(context_, true);
    auto buffer = Buffer::create(context_, 1024 * sizeof(float));
    ASSERT_TRUE(program.ok() && upload.ok() && compute.ok() && buffer.ok());
    auto scale = Kernel::create(*program, "scale");
    ASSERT_TRUE(scale.ok() && scale->set_args(*buffer, 3.0f, int32_t{0}).ok());
    std::vector<float> values = numbers(1024);
    Event uploaded, computed, read;
    ASSERT_TRUE(
        upload->write(*buffer, 0, std::as_bytes(std::span(values)), {.done = &uploaded}).ok());
    ASSERT_TRUE(upload->flush().ok());
    const std::array after{uploaded.get()};
    ASSERT_TRUE(compute->run(*scale, {.global = {1024, 1, 1}}, {after, &computed}).ok());
    ASSERT_TRUE(
        compute->read(*buffer, 0, std::as_writable_bytes(std::span(values)), {.done = &read}).ok());
    ASSERT_TRUE(read.wait().ok());
    EXPECT_EQ(values[1000], 3000.0f);
    const auto upload_times = uploaded.times(), compute_times = computed.times();
    ASSERT_TRUE(upload_times.ok() && compute_times.ok());
    EXPECT_GE(compute_times->started, upload_times->ended);
    EXPECT_GT(compute_times->ended, compute_times->started);
}

TEST_F(OpenclApi, ABuiltProgramLoadsFromItsBinary) {
    const auto built = Program::build(context_, kScale, "-DUNUSED=1");
    ASSERT_TRUE(built.ok());
    const auto binary = built->binary();
    ASSERT_TRUE(binary.ok()) << binary.error().text();
    ASSERT_FALSE(binary->empty());
    const auto loaded = Program::load(context_, *binary, "-DUNUSED=1");
    ASSERT_TRUE(loaded.ok()) << loaded.error().text();
    EXPECT_TRUE(Kernel::create(*loaded, "scale").ok());
}

TEST_F(OpenclApi, ABuildErrorShowsTheDevicesLog) {
    const auto program = Program::build(context_, "__kernel void f() { undeclared = 1; }", "-DA=1");
    ASSERT_FALSE(program.ok());
    EXPECT_EQ(program.error().code, ErrorCode::kDevice);
    EXPECT_THAT(program.error().message, HasSubstr(context_->device().name));
    EXPECT_THAT(program.error().message, HasSubstr("clBuildProgram: CL_BUILD_PROGRAM_FAILURE"));
    EXPECT_THAT(program.error().message, HasSubstr("options: -DA=1"));
    EXPECT_THAT(program.error().message, HasSubstr("undeclared"));
}

TEST_F(OpenclApi, ErrorsNameTheCallAndTheKernel) {
    auto program = Program::build(context_, kScale, "");
    ASSERT_TRUE(program.ok());
    const auto missing = Kernel::create(*program, "absent");
    ASSERT_FALSE(missing.ok());
    EXPECT_THAT(missing.error().message, HasSubstr("clCreateKernel: CL_INVALID_KERNEL_NAME"));
    EXPECT_THAT(missing.error().message, HasSubstr("absent"));
    auto scale = Kernel::create(*program, "scale");
    ASSERT_TRUE(scale.ok());
    const auto wrong = scale->set_arg(7, 1.0f);
    ASSERT_FALSE(wrong.ok());
    EXPECT_THAT(wrong.error().message, HasSubstr("scale, argument 7"));
}

TEST_F(OpenclApi, ABufferBeyondTheDeviceIsAnErrorThatNamesItsSize) {
    const auto buffer = Buffer::create(context_, size_t{1} << 60);
    ASSERT_FALSE(buffer.ok());
    EXPECT_THAT(buffer.error().message, HasSubstr("1152921504606846976 bytes"));
}

TEST_F(OpenclApi, PinnedMemoryKeepsItsPlaceWhenMoved) {
    auto queue = Queue::create(context_);
    ASSERT_TRUE(queue.ok());
    auto pinned = PinnedMemory::create(*queue, 4096);
    ASSERT_TRUE(pinned.ok()) << pinned.error().text();
    std::byte* first = pinned->bytes().data();
    first[4095] = std::byte{7};
    const PinnedMemory moved = *std::move(pinned);
    EXPECT_EQ(moved.bytes().data(), first);
    EXPECT_EQ(moved.bytes()[4095], std::byte{7});
}

TEST_F(OpenclApi, KernelsSayHowLargeAGroupMayBe) {
    auto program = Program::build(context_, kScale, "");
    auto kernel = Kernel::create(*program, "scale");
    ASSERT_TRUE(kernel.ok());
    const auto limits = kernel->group_limits();
    ASSERT_TRUE(limits.ok()) << limits.error().text();
    EXPECT_GE(limits->largest, 1u);
    EXPECT_LE(limits->largest, context_->device().max_work_group);
    EXPECT_GE(limits->multiple, 1u);
}

}  // namespace
}  // namespace facet::gpu::opencl
