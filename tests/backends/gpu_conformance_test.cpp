// SPDX-License-Identifier: MIT
// The first OpenCL device against the reference on the case table, in floats and in halves.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "engine/backends/gpu/gpu_backend.h"
#include "engine/backends/reference/reference_backend.h"
#include "tests/conformance/conformance.h"

namespace facet::testing {

namespace {

constexpr double kFloatTolerance = 1e-4;  // of the output's largest magnitude
constexpr double kHalfTolerance = 2e-2;
constexpr double kRowTolerance = 1e-5;
constexpr int kRows = 7;

class GpuConformance : public ::testing::TestWithParam<size_t> {
  protected:
    void SetUp() override {
        if (gpu_backends().empty()) GTEST_SKIP() << "no OpenCL device";
    }
    [[nodiscard]] const OpCase& op_case() const { return op_cases()[GetParam()]; }
    [[nodiscard]] static const Backend& backend() { return *gpu_backends().front(); }
};

std::string case_name(const ::testing::TestParamInfo<size_t>& info) {
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

void expect_close_to_reference(const Backend& backend, const OpCase& op_case, Precision precision,
                               double tolerance) {
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

// Outputs that list detections number their rows.
bool numbers_rows(const OpCase& op_case) {
    return op_case.name.starts_with("detect");
}

}  // namespace

TEST_P(GpuConformance, AgreesWithTheReference) {
    expect_close_to_reference(backend(), op_case(), Precision::kF32,
                              std::max(op_case().tolerance, kFloatTolerance));
}

TEST_P(GpuConformance, AgreesWithTheReferenceInHalves) {
    expect_close_to_reference(backend(), op_case(), Precision::kF16, kHalfTolerance);
}

TEST_P(GpuConformance, ARowIsTheSameAloneAndEveryRunIsTheSameToTheBit) {
    auto device = Session::open(backend(), op_case(), Precision::kF32);
    ASSERT_TRUE(device) << device.error().text();
    const auto batch = device->run(0, kRows);
    ASSERT_TRUE(batch) << batch.error().text();
    for (int row = 0; row < kRows && !numbers_rows(op_case()); ++row) {
        const auto alone = device->run(row, 1);
        ASSERT_TRUE(alone) << alone.error().text();
        std::vector<Tensor> of_batch;
        for (size_t port = 0; port < alone->size(); ++port) {
            const TensorView own = (*alone)[port].view();
            of_batch.push_back(Tensor::allocate(own.type, own.shape));
            std::memcpy(
                of_batch.back().mutable_view().bytes,
                static_cast<const std::byte*>((*batch)[port].view().bytes) + row * own.byte_size(),
                own.byte_size());
        }
        EXPECT_LE(compare(of_batch, *alone).max_relative, kRowTolerance) << "row " << row;
    }
    const auto again = device->run(0, kRows);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(compare(*again, *batch).max_absolute, 0.0);
}

INSTANTIATE_TEST_SUITE_P(Gpu, GpuConformance, ::testing::Range(size_t{0}, op_cases().size()),
                         case_name);

}  // namespace facet::testing
