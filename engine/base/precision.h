// SPDX-License-Identifier: MIT
// What a device's kernels compute in.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "engine/base/result.h"

namespace facet {

// Sums are always kept wider than what is multiplied. kAuto: layers the file quantises run as int8
// where the device can, everything else as f32. The others bind: what a device cannot compute in
// the asked precision is an error at load, except that layers the file does not quantise stay f32
// under kInt8.
enum class Precision { kAuto, kF32, kBf16, kF16, kInt8 };

struct PrecisionName {
    Precision precision;
    std::string_view name;
};
// As the property `precision` spells them.
constexpr std::array<PrecisionName, 5> kPrecisionNames = {{{Precision::kAuto, "auto"},
                                                           {Precision::kF32, "fp32"},
                                                           {Precision::kBf16, "bf16"},
                                                           {Precision::kF16, "fp16"},
                                                           {Precision::kInt8, "int8"}}};

[[nodiscard]] constexpr std::string_view to_string(Precision precision) {
    return kPrecisionNames[static_cast<size_t>(precision)].name;
}
[[nodiscard]] constexpr std::optional<Precision> parse_precision(std::string_view name) {
    for (const PrecisionName& entry : kPrecisionNames)
        if (entry.name == name) return entry.precision;
    return {};
}

// kUnsupported, naming `device` and the precisions it has, unless `asked` is one of them.
[[nodiscard]] Result<void> require_precision(Precision asked, std::string_view device,
                                             std::initializer_list<Precision> available);

}  // namespace facet
