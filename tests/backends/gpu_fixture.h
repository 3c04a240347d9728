// SPDX-License-Identifier: MIT
// What tests of the GPU backend share: graphs, noise, runs on the first OpenCL device, distances.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/backends/gpu/devices.h"
#include "engine/backends/gpu/gpu_backend.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/support/model_builder.h"

namespace facet::testing {

std::shared_ptr<const Graph> prepared(const ModelBuilder& builder) {
    Graph graph = builder.build();
    const auto done = prepare(graph, reference::evaluate);
    EXPECT_TRUE(done) << done.error().text();
    EXPECT_TRUE(analyze_batchability(graph).empty());
    return std::make_shared<const Graph>(std::move(graph));
}

inline Tensor noise(const Shape& shape) {
    std::mt19937 random(5);
    std::uniform_real_distribution<float> value(-1, 1);
    Tensor tensor = Tensor::allocate(DataType::kF32, shape);
    for (float& element : tensor.mutable_view().as<float>()) element = value(random);
    return tensor;
}

// Output 0 of `rows` rows of noise.
inline std::vector<float> run(InferRequest& request, const CompiledModel& model, int rows) {
    const Shape shape = model.inputs()[0].row_shape.scaled(rows);
    if (model.inputs()[0].type == DataType::kU8) {
        const Tensor values = noise(shape);
        std::ranges::transform(values.as<float>(), request.input(0).as<uint8_t>().begin(),
                               [](float value) { return static_cast<uint8_t>((value + 1) * 127); });
    } else {
        std::ranges::copy(noise(shape).as<float>(), request.input(0).as<float>().begin());
    }
    const auto done = request.infer(rows);
    EXPECT_TRUE(done) << done.error().text();
    const auto result =
        request.output(0).as<float>().first(model.outputs()[0].row_shape.elements() * rows);
    return {result.begin(), result.end()};
}

inline std::vector<float> run(const std::shared_ptr<CompiledModel>& model, int rows) {
    const auto request = model->create_request();
    EXPECT_TRUE(request) << request.error().text();
    return run(**request, *model, rows);
}

inline double worst(const std::vector<float>& a, const std::vector<float>& b) {
    double apart = a.size() == b.size() ? 0 : INFINITY;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        apart = std::max<double>(apart, std::abs(a[i] - b[i]));
    return apart;
}

// What the reference makes of the same noise.
inline std::vector<float> expected(const std::shared_ptr<const Graph>& graph, int rows) {
    return run(*reference_backend().compile(graph, {.max_batch = rows}), rows);
}

inline const gpu::GpuDevice& first_device() {
    return *std::ranges::find_if(gpu::gpu_devices().entries,
                                 [](const auto& entry) { return entry.refused.empty(); });
}

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "facet-tiles-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace facet::testing
