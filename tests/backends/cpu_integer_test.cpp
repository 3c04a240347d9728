// SPDX-License-Identifier: MIT
// Layers on bytes: against the reference on small graphs, rows exactly equal, what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cpu/onednn/onednn_api.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/batchability.h"
#include "engine/graph/byte_values.h"
#include "engine/graph/passes.h"
#include "tests/support/model_builder.h"

namespace facet {
namespace {

using ::testing::HasSubstr;
using testing::ModelBuilder;

constexpr int kMaxBatch = 7;

// Writes quantised layers as an OpenVINO file does: FakeQuantize on weights and activations.
class QuantisedBuilder : public ModelBuilder {
  public:
    using ModelBuilder::ModelBuilder;

    ValueId quantize(ValueId x, float low, float high, int64_t levels = 256) {
        const ValueId from = floats({}, {low}), to = floats({}, {high});
        return node(FakeQuantizeParams{levels}, {x, from, to, from, to});
    }
    // Per output channel, 255 levels.
    ValueId weights(const Shape& shape) {
        std::vector<float> low, high;
        for (int64_t channel = 0; channel < shape[0]; ++channel) {
            high.push_back(0.1f + 0.05f * static_cast<float>(channel % 5));
            low.push_back(-high.back());
        }
        Shape limits{shape[0]};
        for (int axis = 1; axis < shape.rank(); ++axis) limits.append(1);
        const ValueId from = constant(Tensor::of<float>(limits, low));
        const ValueId to = constant(Tensor::of<float>(limits, high));
        return node(FakeQuantizeParams{255}, {random(shape), from, to, from, to});
    }
    ValueId quantised_conv(ValueId x, int64_t channels, int64_t kernel, int64_t groups = 1,
                           int64_t stride = 1) {
        ConvolutionParams params;
        params.pads_begin = params.pads_end = {kernel / 2, kernel / 2};
        params.strides = {stride, stride};
        params.groups = groups;
        const Shape& source = shape(x);
        return node(params, {x, weights({channels, source[1] / groups, kernel, kernel}),
                             random({channels})});
    }
};

std::shared_ptr<const Graph> prepared(Graph graph, bool pixels = false) {
    if (pixels) {
        EXPECT_TRUE(
            accept_u8_pixels(graph, 0, {.mean = {10, 20, 30}, .scale = {50, 60, 70}}, false));
    }
    const auto done = prepare(graph, reference::evaluate);
    EXPECT_TRUE(done) << done.error().text();
    EXPECT_TRUE(require_batchable(graph, analyze_batchability(graph)));
    return std::make_shared<const Graph>(std::move(graph));
}

struct Running {
    std::shared_ptr<CompiledModel> model;
    std::unique_ptr<InferRequest> request;

    std::vector<float> infer(const std::vector<std::byte>& input, int rows) {
        std::memcpy(request->input(0).bytes, input.data(), input.size());
        EXPECT_TRUE(request->infer(rows));
        const auto values = request->output(0).as<float>();
        const auto count = rows * model->outputs()[0].row_shape.elements();
        return {values.begin(), values.begin() + count};
    }
};

Running start(const Backend& backend, const std::shared_ptr<const Graph>& graph,
              Precision precision) {
    auto model =
        backend.compile(graph, {.max_batch = kMaxBatch, .threads = 1, .precision = precision});
    EXPECT_TRUE(model) << model.error().text();
    auto request = (*model)->create_request();
    return {*std::move(model), *std::move(request)};
}

std::vector<std::byte> random_rows(const Port& port, int rows) {
    std::mt19937 random(3);
    const auto count = static_cast<size_t>(rows * port.row_shape.elements());
    std::vector<std::byte> bytes(count * size_of(port.type));
    if (port.type == DataType::kU8) {
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xff);
        return bytes;
    }
    std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
    for (size_t i = 0; i < count; ++i) {
        const float value = uniform(random);
        std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
    }
    return bytes;
}

// Rounding may fall on the other side of a half in few places; `step` is what that changes.
void expect_as_reference(const std::shared_ptr<const Graph>& graph, int layers, float step) {
    Running integer = start(cpu_backend(), graph, Precision::kInt8);
    Running reference = start(reference_backend(), graph, Precision::kAuto);
    EXPECT_THAT(integer.model->description(), HasSubstr(std::to_string(layers) + " int8 layers"));
    const auto input = random_rows(integer.model->inputs()[0], kMaxBatch);
    const auto result = integer.infer(input, kMaxBatch);
    const auto expected = reference.infer(input, kMaxBatch);
    size_t off = 0;
    for (size_t i = 0; i < result.size(); ++i) {
        EXPECT_NEAR(result[i], expected[i], 2 * step) << i;
        off += std::abs(result[i] - expected[i]) > 1e-4f + step / 100 ? 1 : 0;
    }
    EXPECT_LE(off, result.size() / 50) << "of " << result.size();

    const size_t row_bytes = input.size() / kMaxBatch;
    const size_t row_values = result.size() / kMaxBatch;
    for (int row = 0; row < kMaxBatch; ++row) {
        const std::vector<std::byte> alone(input.begin() + row * row_bytes,
                                           input.begin() + (row + 1) * row_bytes);
        const auto values = integer.infer(alone, 1);
        EXPECT_EQ(0, std::memcmp(values.data(), result.data() + row * row_values,
                                 row_values * sizeof(float)))
            << "row " << row;
    }
}

}  // namespace

class CpuInteger : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!cpu::onednn::has_byte_products())
            GTEST_SKIP() << "this CPU has no VNNI, or may not use it";
    }
};

TEST_F(CpuInteger, ConvolutionsPassBytesThroughPooling) {
    QuantisedBuilder builder;
    ValueId x = builder.quantize(builder.input("x", {1, 3, 12, 12}), -1.28f, 1.27f);
    x = builder.relu(
        builder.pool(builder.quantised_conv(x, 20, 3), PoolingParams::Kind::kMax, 3, 2));
    x = builder.quantised_conv(builder.quantize(x, 0, 2.55f), 16, 3, 1, 2);
    builder.output(builder.relu(x), "y");
    expect_as_reference(prepared(builder.build()), 2, 0.03f);
}

// 2350 positions: more than one stretch of the loop, and a rest.
TEST_F(CpuInteger, PlanesOfThreeChannelsAreQuantisedToPixels) {
    QuantisedBuilder builder;
    const ValueId x = builder.quantize(builder.input("x", {1, 3, 50, 47}), -1.28f, 1.27f);
    builder.output(builder.quantised_conv(x, 8, 1), "y");
    expect_as_reference(prepared(builder.build()), 1, 0.01f);
}

TEST_F(CpuInteger, MaxPoolingOfBytesTakesPaddingDilationAndRoundingUp) {
    for (const int64_t dilation : {1, 2}) {
        for (const float low : {0.0f, -1.28f}) {
            QuantisedBuilder builder;
            PoolingParams pooling;
            pooling.kernel = {3, 2};
            pooling.strides = {2, 2};
            pooling.dilations = {dilation, dilation};
            pooling.pads_begin = {1, 1};
            pooling.pads_end = {1, 0};
            pooling.ceil_mode = true;
            const ValueId x =
                builder.quantize(builder.input("x", {1, 20, 10, 11}), low, low + 2.55f);
            builder.output(builder.quantised_conv(builder.node(pooling, {x}), 8, 1), "y");
            expect_as_reference(prepared(builder.build()), 1, 0.01f);
        }
    }
}

TEST_F(CpuInteger, PixelsAreQuantisedByTables) {
    QuantisedBuilder builder;
    // Rounded twice before the layer.
    ValueId x = builder.quantize(builder.input("x", {1, 3, 9, 10}), -1.6f, 4.8f, 128);
    x = builder.multiply(x, builder.floats({1, 3, 1, 1}, {0.9f, 1.1f, 0.7f}));
    x = builder.quantize(x, -1.512f, 4.608f);
    builder.output(builder.quantised_conv(x, 8, 3), "y");
    expect_as_reference(prepared(builder.build(), true), 1, 0.01f);
}

TEST_F(CpuInteger, ZeroPointsCountInPaddedConvolutions) {
    QuantisedBuilder builder;
    // Zero is byte 51: neither the lowest nor the middle.
    ValueId x = builder.quantize(builder.input("x", {1, 4, 8, 8}), -0.204f, 0.816f);
    builder.output(builder.quantised_conv(x, 8, 3), "y");
    const auto graph = prepared(builder.build());
    EXPECT_EQ(byte_values(*graph)[graph->nodes[0].outputs[0]]->zero_point, 51);
    expect_as_reference(graph, 1, 0.01f);
}

TEST_F(CpuInteger, ResidualSumsStayBytes) {
    QuantisedBuilder builder;
    const ValueId x = builder.quantize(builder.input("x", {1, 32, 8, 8}), 0.0f, 1.02f);
    ValueId branch = builder.relu(builder.quantised_conv(x, 32, 3));
    branch = builder.quantised_conv(builder.quantize(branch, 0, 2.04f), 32, 3);
    branch = builder.quantize(branch, -2.56f, 2.54f);
    ValueId sum = builder.quantize(builder.relu(builder.add(branch, x)), 0, 2.55f);
    builder.output(builder.quantised_conv(sum, 8, 1), "y");
    expect_as_reference(prepared(builder.build()), 3, 0.05f);
}

TEST_F(CpuInteger, DepthwiseConvolutionsTakeStepsPerChannel) {
    QuantisedBuilder builder;
    const ValueId input = builder.input("x", {1, 16, 9, 9});
    std::vector<float> high;
    for (int channel = 0; channel < 16; ++channel)
        high.push_back(0.4f + 0.1f * static_cast<float>(channel));
    const ValueId low = builder.constant(Tensor::of<float>({1, 16, 1, 1}, std::vector<float>(16)));
    const ValueId top = builder.constant(Tensor::of<float>({1, 16, 1, 1}, high));
    const ValueId x = builder.node(FakeQuantizeParams{256}, {input, low, top, low, top});
    builder.output(builder.quantised_conv(x, 16, 3, 16), "y");
    expect_as_reference(prepared(builder.build()), 1, 0.01f);
}

TEST_F(CpuInteger, ConcatOfEqualStepsIsExactAndOfOthersTakesTheWider) {
    for (const float second : {2.55f, 1.7f}) {
        QuantisedBuilder builder;
        const ValueId x = builder.quantize(builder.input("x", {1, 8, 6, 6}), 0.0f, 1.02f);
        const ValueId a =
            builder.quantize(builder.relu(builder.quantised_conv(x, 16, 1)), 0, 2.55f);
        const ValueId b =
            builder.quantize(builder.relu(builder.quantised_conv(x, 24, 3)), 0, second);
        const ValueId both = builder.node(ConcatParams{1}, {a, b});
        builder.output(builder.quantised_conv(both, 8, 1), "y");
        const auto graph = prepared(builder.build());
        if (second == 2.55f) {
            expect_as_reference(graph, 3, 0.01f);
            continue;
        }
        Running integer = start(cpu_backend(), graph, Precision::kInt8);
        Running reference = start(reference_backend(), graph, Precision::kAuto);
        const auto input = random_rows(integer.model->inputs()[0], 1);
        const auto result = integer.infer(input, 1);
        const auto expected = reference.infer(input, 1);
        for (size_t i = 0; i < result.size(); ++i) EXPECT_NEAR(result[i], expected[i], 0.02f);
    }
}

TEST_F(CpuInteger, InnerProductsTakeFlattenedBytes) {
    QuantisedBuilder builder;
    ValueId x = builder.quantize(builder.input("x", {1, 6, 4, 4}), 0.0f, 1.02f);
    x = builder.quantize(builder.relu(builder.quantised_conv(x, 10, 3)), 0, 1.275f);
    x = builder.reshape(x, {1, 160});
    MatMulParams params;
    params.transpose_b = true;
    x = builder.node(params, {x, builder.weights({12, 160})});
    builder.output(builder.relu(builder.add(x, builder.random({12}))), "y");
    expect_as_reference(prepared(builder.build()), 2, 0.01f);
}

TEST_F(CpuInteger, FloatLayersBesideQuantisedOnesStayFloat) {
    QuantisedBuilder builder;
    const ValueId x = builder.quantize(builder.input("x", {1, 4, 8, 8}), 0.0f, 1.02f);
    const ValueId hidden = builder.relu(builder.quantised_conv(x, 8, 3));
    builder.output(builder.conv(hidden, 5, 1), "y");
    expect_as_reference(prepared(builder.build()), 1, 0.01f);
}

TEST_F(CpuInteger, Fp32EvaluatesQuantisedLayersInFloats) {
    QuantisedBuilder builder;
    const ValueId x = builder.quantize(builder.input("x", {1, 4, 8, 8}), 0.0f, 1.02f);
    builder.output(builder.quantised_conv(x, 8, 3), "y");
    Running floats = start(cpu_backend(), prepared(builder.build()), Precision::kF32);
    EXPECT_THAT(floats.model->description(), ::testing::Not(HasSubstr("int8")));
}

TEST_F(CpuInteger, Int8OfAModelWithoutQuantisedLayersIsRefusedByName) {
    ModelBuilder builder("plain-model");
    builder.output(builder.conv(builder.input("x", {1, 4, 8, 8}), 8, 3), "y");
    const auto model =
        cpu_backend().compile(prepared(builder.build()), {.precision = Precision::kInt8});
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().message, HasSubstr("precision int8: model 'plain-model'"));
    EXPECT_THAT(model.error().message, HasSubstr("facet-quantize"));
}

}  // namespace facet
