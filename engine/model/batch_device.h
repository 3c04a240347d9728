// SPDX-License-Identifier: MIT
// The device names that ask for automatic batching. Not installed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace facet {

struct BatchDevice {
    std::string device;        // that runs the batches, "CPU"; not looked up
    std::optional<int> batch;  // in parentheses, 1..2048
};

// "BATCH:CPU" or "BATCH:CPU(8)" in parts; nothing where the name does not begin with "BATCH:".
// kInvalidArgument, naming the setting, where the rest is no device with or without a batch.
[[nodiscard]] Result<std::optional<BatchDevice>> parse_batch_device(std::string_view name);

}  // namespace facet
