// SPDX-License-Identifier: MIT
// The first OpenCL device on the case table: what the tests of floats and of halves share.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "engine/backends/gpu/gpu_backend.h"
#include "engine/backends/reference/reference_backend.h"
#include "tests/conformance/conformance.h"

namespace facet::testing {

constexpr int kRows = 7;

class GpuConformance : public ::testing::TestWithParam<size_t> {
  protected:
    void SetUp() override {
        if (gpu_backends().empty()) GTEST_SKIP() << "no OpenCL device";
    }
    [[nodiscard]] const OpCase& op_case() const { return op_cases()[GetParam()]; }
    [[nodiscard]] static const Backend& backend() { return *gpu_backends().front(); }
};

inline std::string case_name(const ::testing::TestParamInfo<size_t>& info) {
    return op_cases()[info.param].name;
}

// One compiled model serves all of a case's batches.
class Session {
  public:
    static Result<Session> open(const Backend& backend, const OpCase& op_case,
                                Precision precision) {
        FACET_ASSIGN(auto graph, prepare_case(op_case));
        FACET_ASSIGN(auto model,
                     backend.compile(graph, {.max_batch = kRows, .precision = precision}));
        FACET_ASSIGN(auto request, model->create_request());
        return Session{case_inputs(op_case, *graph, kRows), std::move(model), std::move(request)};
    }

    // The outputs of input rows [first, first + rows).
    Result<std::vector<Tensor>> run(int first, int rows) {
        for (size_t port = 0; port < inputs.size(); ++port) {
            const size_t row = row_bytes(model->inputs()[port]);
            const auto* from = static_cast<const std::byte*>(inputs[port].view().bytes);
            std::memcpy(request->input(port).bytes, from + first * row, rows * row);
        }
        FACET_TRY(request->infer(rows));
        std::vector<Tensor> outputs;
        for (size_t port = 0; port < model->outputs().size(); ++port) {
            const Port& described = model->outputs()[port];
            outputs.push_back(Tensor::allocate(described.type, described.row_shape.scaled(rows)));
            std::memcpy(outputs.back().mutable_view().bytes, request->output(port).bytes,
                        rows * row_bytes(described));
        }
        return outputs;
    }

    static size_t row_bytes(const Port& port) {
        return port.row_shape.elements() * size_of(port.type);
    }

    std::vector<Tensor> inputs;
    std::shared_ptr<CompiledModel> model;
    std::unique_ptr<InferRequest> request;
};

inline void expect_close_to_reference(const Backend& backend, const OpCase& op_case,
                                      Precision precision, double tolerance) {
    auto device = Session::open(backend, op_case, precision);
    ASSERT_TRUE(device) << device.error().text();
    auto oracle = Session::open(reference_backend(), op_case, Precision::kF32);
    ASSERT_TRUE(oracle) << oracle.error().text();
    for (const int rows : {kRows, 1, 2}) {
        const auto found = device->run(0, rows);
        ASSERT_TRUE(found) << found.error().text();
        const auto expected = oracle->run(0, rows);
        ASSERT_TRUE(expected) << expected.error().text();
        EXPECT_LE(compare(*found, *expected).max_relative, tolerance)
            << rows << " rows; " << device->model->description();
    }
}

}  // namespace facet::testing
