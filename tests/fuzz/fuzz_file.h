// SPDX-License-Identifier: MIT
// What the fuzz targets share: the fuzzer's bytes as a model file, read and then checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/formats/model_reader.h"
#include "tests/formats/temporary_model.h"

namespace facet::testing {

// Whatever the bytes are, the reader must return: an error that names the file, or a valid graph.
inline void read_fuzzed(const TemporaryModel& files, std::string_view name, const uint8_t* bytes,
                        size_t size) {
    const auto path = files.write(name, {reinterpret_cast<const char*>(bytes), size});
    const auto graph = read_model(path, Extent2{32, 32});
    const bool sound =
        graph.ok() ? validate(*graph).ok() : graph.error().message.find(name) != std::string::npos;
    if (!sound) std::abort();
}

}  // namespace facet::testing
