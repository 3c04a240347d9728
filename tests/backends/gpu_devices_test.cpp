// SPDX-License-Identifier: MIT
// The names of OpenCL devices, for invented sets of them.
#include "engine/backends/gpu/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace facet::gpu {
namespace {

using opencl::DeviceInfo;
using opencl::DeviceType;
using testing::ElementsAre;
using testing::HasSubstr;

DeviceInfo device(const std::string& name, DeviceType type, const std::string& platform) {
    DeviceInfo info;
    info.name = name;
    info.type = type;
    info.platform_name = platform;
    info.version = "OpenCL 3.0";
    info.major_version = 3;
    info.available = info.has_compiler = true;
    info.local_memory = 32768;
    return info;
}
const DeviceInfo kH200 = device("NVIDIA H200", DeviceType::kGpu, "NVIDIA CUDA");
const DeviceInfo kArc = device("Arc A770", DeviceType::kGpu, "Intel(R) OpenCL Graphics");
const DeviceInfo kPocl = device("pthread-epyc", DeviceType::kCpu, "Portable Computing Language");

std::vector<std::string> names(const GpuDevices& devices) {
    std::vector<std::string> result;
    for (const GpuDevice& entry : devices.entries)
        result.push_back(entry.info.name + " = " + entry.name);
    return result;
}

TEST(GpuDevices, AreNumberedInTheLoadersOrder) {
    EXPECT_THAT(names(name_devices({kArc, kH200}, "")),
                ElementsAre("Arc A770 = GPU", "NVIDIA H200 = GPU.1"));
}

TEST(GpuDevices, AProcessorIsGpuOnlyWhereThereIsNothingElse) {
    EXPECT_THAT(names(name_devices({kPocl}, "")), ElementsAre("pthread-epyc = GPU"));
    EXPECT_THAT(names(name_devices({kPocl, kH200}, "")),
                ElementsAre("NVIDIA H200 = GPU", "pthread-epyc = GPU:pthread-epyc"));
}

TEST(GpuDevices, ThePreferredOneComesFirst) {
    const GpuDevices devices = name_devices({kArc, kPocl, kH200}, "h200");
    EXPECT_THAT(names(devices), ElementsAre("NVIDIA H200 = GPU", "Arc A770 = GPU.1",
                                            "pthread-epyc = GPU:pthread-epyc"));
    EXPECT_TRUE(devices.by_choice);
    EXPECT_THAT(names(name_devices({kArc, kPocl, kH200}, "portable")),
                ElementsAre("pthread-epyc = GPU", "Arc A770 = GPU.1", "NVIDIA H200 = GPU.2"));
    EXPECT_FALSE(name_devices({kArc}, "h200").by_choice);
}

TEST(GpuDevices, AreRefusedWithAReason) {
    DeviceInfo absent = kArc, silent = kArc, old = kArc, bare = kArc;
    absent.available = false;
    silent.has_compiler = false;
    old.major_version = 1;
    old.minor_version = 1;
    old.version = "OpenCL 1.1 Mesa";
    bare.local_memory = 0;
    const GpuDevices devices = name_devices({absent, silent, old, bare, kH200}, "");
    ASSERT_EQ(devices.entries.size(), 5u);
    EXPECT_EQ(devices.entries[0].name, "GPU");
    EXPECT_THAT(devices.entries[1].refused, HasSubstr("not available"));
    EXPECT_THAT(devices.entries[2].refused, HasSubstr("no compiler"));
    EXPECT_THAT(devices.entries[3].refused, HasSubstr("OpenCL 1.1 Mesa; needed: OpenCL 1.2"));
    EXPECT_THAT(devices.entries[4].refused, HasSubstr("local memory"));
}

TEST(GpuDevices, ARefusedDeviceDoesNotKeepTheProcessorFromBeingGpu) {
    DeviceInfo silent = kArc;
    silent.has_compiler = false;
    EXPECT_THAT(names(name_devices({silent, kPocl}, "arc")),
                ElementsAre("pthread-epyc = GPU", "Arc A770 = "));
}

TEST(GpuDevices, AreChosenByNumberOrByPartOfTheName) {
    const GpuDevices devices = name_devices({kArc, kPocl, kH200}, "");
    const auto chosen = [&](std::string_view wanted) {
        const auto found = choose_device(devices, wanted);
        return found ? (*found)->info.name : found.error().text();
    };
    EXPECT_EQ(chosen("GPU"), "Arc A770");
    EXPECT_EQ(chosen("GPU.0"), "Arc A770");
    EXPECT_EQ(chosen("GPU.1"), "NVIDIA H200");
    EXPECT_EQ(chosen("GPU:nvidia"), "NVIDIA H200");
    EXPECT_EQ(chosen("GPU:Intel"), "Arc A770");
    EXPECT_EQ(chosen("GPU:pthread-epyc"), "pthread-epyc");
    EXPECT_EQ(chosen("GPU:Portable"), "pthread-epyc");
}

TEST(GpuDevices, AnErrorListsWhatThereIsAndWhatWasRefused) {
    DeviceInfo silent = kArc;
    silent.has_compiler = false;
    const GpuDevices devices = name_devices({silent, kH200}, "");
    for (const char* wanted : {"GPU.1", "GPU:arc", "GPU:", "GPU.x", "GPU.", "gpu"}) {
        const auto found = choose_device(devices, wanted);
        ASSERT_FALSE(found.ok()) << wanted;
        EXPECT_EQ(found.error().message,
                  "device '" + std::string(wanted) +
                      "'; OpenCL devices: GPU (NVIDIA H200); refused: Arc A770 (its driver has no "
                      "compiler for OpenCL C)");
    }
    EXPECT_EQ(choose_device(name_devices({}, ""), "GPU").error().message,
              "device 'GPU'; OpenCL devices: the OpenCL loader finds no device");
    EXPECT_EQ(choose_device(name_devices({silent}, ""), "GPU").error().message,
              "device 'GPU'; OpenCL devices: none; refused: Arc A770 (its driver has no compiler "
              "for OpenCL C)");
}

}  // namespace
}  // namespace facet::gpu
