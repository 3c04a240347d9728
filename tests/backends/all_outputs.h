// SPDX-License-Identifier: MIT
// What a request has said, of every output.
#pragma once

#include <vector>

#include "engine/backends/backend.h"

namespace facet::testing {

// One output after the other, all of them f32.
[[nodiscard]] inline std::vector<float> all_outputs(const CompiledModel& model,
                                                    const InferRequest& request) {
    std::vector<float> all;
    for (size_t port = 0; port < model.outputs().size(); ++port) {
        const auto values = request.output(port).as<float>();
        all.insert(all.end(), values.begin(), values.end());
    }
    return all;
}

}  // namespace facet::testing
