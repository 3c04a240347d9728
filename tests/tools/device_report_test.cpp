// SPDX-License-Identifier: MIT
// What facet-inspect --devices prints.
#include "engine/tools/device_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/backends/registry.h"

namespace facet {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const DeviceDescription kH200{.name = "GPU",
                              .refused = {},
                              .hardware = "NVIDIA H200",
                              .vendor = "NVIDIA Corporation",
                              .software = "OpenCL 3.0 CUDA, driver 550.54",
                              .memory = 150'000'000'000,
                              .local_memory = 49152,
                              .compute_units = 132,
                              .clock_mhz = 1980,
                              .max_work_group = 1024,
                              .precisions = {Precision::kF32, Precision::kF16},
                              .matrix_unit = "for fp16, tried"};
const DeviceDescription kOld{.refused = "it has OpenCL 1.1; needed: OpenCL 1.2",
                             .hardware = "Old Card"};

TEST(DeviceReport, TextSaysWhatADeviceIs) {
    const std::string text = devices_text(std::vector{kH200, kOld}, "");
    EXPECT_EQ(text,
              "GPU: NVIDIA H200\n"
              "  vendor      NVIDIA Corporation\n"
              "  software    OpenCL 3.0 CUDA, driver 550.54\n"
              "  units       132 at 1980 MHz\n"
              "  memory      140 GiB, local 48 KiB\n"
              "  work group  up to 1024\n"
              "  precisions  fp32, fp16\n"
              "  matrix unit for fp16, tried\n"
              "(refused): Old Card\n"
              "  refused     it has OpenCL 1.1; needed: OpenCL 1.2\n");
}

TEST(DeviceReport, TextSaysWhyThereIsNoGpu) {
    EXPECT_EQ(devices_text({}, "the OpenCL loader finds no device"),
              "no GPU: the OpenCL loader finds no device\n");
}

TEST(DeviceReport, JsonHasTheSame) {
    const auto json = nlohmann::json::parse(
        devices_json(std::vector{kH200, kOld}, std::vector<std::string>{"GPU", "CPU"}, ""));
    EXPECT_EQ(json["schema"], "facet-devices/1");
    EXPECT_EQ(json["auto"], nlohmann::json({"GPU", "CPU"}));
    EXPECT_TRUE(json["no_gpu"].is_null());
    EXPECT_EQ(json["devices"][0]["name"], "GPU");
    EXPECT_EQ(json["devices"][0]["memory_bytes"], 150'000'000'000);
    EXPECT_EQ(json["devices"][0]["matrix_unit"], "for fp16, tried");
    EXPECT_TRUE(json["devices"][1]["matrix_unit"].is_null());
    EXPECT_EQ(json["devices"][0]["compute_units"], 132);
    EXPECT_EQ(json["devices"][0]["precisions"], nlohmann::json({"fp32", "fp16"}));
    EXPECT_TRUE(json["devices"][1]["name"].is_null());
    EXPECT_EQ(json["devices"][1]["refused"], kOld.refused);
}

TEST(DescribeDevices, EveryDeviceInUseHasANameMemoryAndAPrecision) {
    const std::vector<DeviceDescription> devices = describe_devices();
    std::vector<std::string> names;
    for (const DeviceDescription& device : devices) {
        EXPECT_FALSE(device.hardware.empty());
        if (!device.refused.empty()) continue;
        names.push_back(device.name);
        EXPECT_GT(device.memory, 0u) << device.name;
        EXPECT_GT(device.compute_units, 0u) << device.name;
        EXPECT_THAT(device.precisions, Contains(Precision::kF32)) << device.name;
        if (device.name != "CPU") {
            EXPECT_THAT(device.precisions, Not(Contains(Precision::kInt8))) << device.name;
        }
        EXPECT_TRUE(find_backend(device.name).ok()) << device.name;
    }
    EXPECT_THAT(names, Contains("CPU"));
    EXPECT_EQ(std::ranges::count(names, "GPU"), why_no_gpu().empty() ? 1 : 0);
}

TEST(FindBackend, AnErrorListsTheDevices) {
    const auto unknown = find_backend("TPU");
    ASSERT_FALSE(unknown.ok());
    EXPECT_THAT(unknown.error().message, HasSubstr("AUTO, CPU, REFERENCE"));
    const auto gpu = find_backend("GPU:no such card");
    ASSERT_FALSE(gpu.ok());
    EXPECT_THAT(gpu.error().message, HasSubstr("device 'GPU:no such card'"));
}

TEST(FindBackend, AutoEndsWithTheCpu) {
    EXPECT_EQ(auto_devices().back(), "CPU");
    const auto found = find_backend("AUTO");
    ASSERT_TRUE(found.ok()) << found.error().text();
    EXPECT_EQ((*found)->name(), auto_devices().front());
}

}  // namespace
}  // namespace facet
