// SPDX-License-Identifier: MIT
// Models whose device is a puppet: each output element is the input's byte.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/model/model_internal.h"
#include "tests/support/puppet_backend.h"

namespace facet::testing {

inline std::shared_ptr<Model> puppet_model(const Puppet& puppet, const ModelOptions& options,
                                           Clock& clock) {
    const Result<ModelPlan> plan = plan_model(options, 2);
    EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().text());
    const int rows = plan->auto_batch ? plan->auto_batch->batch : plan->max_batch;
    std::shared_ptr<CompiledModel> compiled = puppet.model("puppet", rows).compiled;
    return *(plan->auto_batch
                 ? start_gathered_model(*plan, options, {std::move(compiled), {}}, clock)
                 : start_direct_model(*plan, options, {{{}, std::move(compiled)}}, clock));
}

inline std::unique_ptr<Request> new_request(Model& model) {
    return *model.create_request();
}

// Every byte of row `row` becomes `value`, which is not 0.
inline void fill_row(Request& request, int row, uint8_t value) {
    const std::span<uint8_t> bytes = request.input(0).as<uint8_t>();
    const size_t row_bytes = bytes.size() / static_cast<size_t>(request.batch());
    std::ranges::fill(bytes.subspan(row_bytes * static_cast<size_t>(row), row_bytes), value);
}

// The first element of each row of the output.
inline std::vector<float> rows_out(const Request& request) {
    const std::span<const float> elements = request.output(0).as<float>();
    const size_t rows = static_cast<size_t>(request.output(0).shape[0]);
    std::vector<float> firsts;
    for (size_t row = 0; row < rows; ++row)
        firsts.push_back(elements[row * elements.size() / rows]);
    return firsts;
}

inline std::string text_of(const Result<void>& result) {
    return result.ok() ? "ok" : result.error().text();
}

}  // namespace facet::testing
