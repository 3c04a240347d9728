// SPDX-License-Identifier: MIT
// ONNX operators on quantised operands become dequantise, compute, quantise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/formats/onnx_writer.h"
#include "tests/formats/temporary_model.h"

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::OnnxWriter;
using testing::set;
using testing::TemporaryModel;

Result<Graph> read(const OnnxWriter& writer) {
    return read_model(TemporaryModel().write("model.onnx", writer.bytes()));
}

std::vector<std::string> operations(const Graph& graph) {
    std::vector<std::string> names;
    for (const Node& node : graph.nodes) names.emplace_back(name_of(node.params));
    return names;
}

void bytes(OnnxWriter& writer, const std::string& name, const std::vector<int64_t>& dims,
           int value) {
    onnx::TensorProto& tensor = *writer.graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::UINT8);
    int64_t count = 1;
    for (const int64_t dim : dims) {
        tensor.add_dims(dim);
        count *= dim;
    }
    for (int64_t i = 0; i < count; ++i) tensor.add_int32_data(value);
}

// u8 "q" [1,1,4,4], quantised from "x"; scales and zero points "s" and "z" for all; the test adds
// what makes "r" of it.
OnnxWriter quantised_input() {
    OnnxWriter writer(13);
    writer.input("x", {1, 1, 4, 4});
    writer.floats("s", {}, {0.5f});
    bytes(writer, "z", {}, 128);
    writer.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    writer.node("DequantizeLinear", {"r", "s", "z"}, {"y"});
    writer.output("y");
    return writer;
}

TEST(OnnxQuantised, AConvolutionIsComputedBetweenQuantizers) {
    OnnxWriter writer = quantised_input();
    bytes(writer, "w", {2, 1, 3, 3}, 130);
    auto& conv = writer.node("QLinearConv", {"q", "s", "z", "w", "s", "z", "s", "z"}, {"r"});
    set(conv, "pads", std::vector<int64_t>{1, 1, 1, 1});
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    EXPECT_THAT(operations(*graph),
                ElementsAre("QuantizeLinear", "DequantizeLinear", "DequantizeLinear", "Convolution",
                            "QuantizeLinear", "DequantizeLinear"));
    const auto& params = std::get<ConvolutionParams>(graph->nodes[3].params);
    EXPECT_EQ(params.pads_begin, (Extent2{1, 1}));
    // Scales of the weights belong to the output channels, axis 0.
    EXPECT_EQ(std::get<DequantizeLinearParams>(graph->nodes[2].params).axis, 0);
}

TEST(OnnxQuantised, SumsOfIntegersAreShiftedByTheZeroPoints) {
    OnnxWriter writer(13);
    writer.input("x", {1, 4});
    writer.floats("s", {}, {0.5f});
    bytes(writer, "z", {}, 128);
    bytes(writer, "w", {4, 3}, 130);
    writer.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    writer.node("MatMulInteger", {"q", "w", "z", "z"}, {"sums"});
    set(writer.node("Cast", {"sums"}, {"y"}), "to", int64_t{onnx::TensorProto::FLOAT});
    writer.output("y");
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    const auto names = operations(*graph);
    EXPECT_EQ(std::ranges::count(names, "MatMul"), 1);
    // Each operand less its zero point.
    EXPECT_EQ(std::ranges::count(names, "Eltwise"), 2);
}

TEST(OnnxQuantised, AScaleFromTheRangeOfXMixesTheRowsOfABatch) {
    OnnxWriter writer(13);
    writer.input("x", {1, 4});
    writer.node("DynamicQuantizeLinear", {"x"}, {"bytes", "scale", "zero"});
    writer.node("DequantizeLinear", {"bytes", "scale", "zero"}, {"y"});
    writer.output("y");
    auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    ASSERT_TRUE(prepare(*graph, reference::evaluate).ok());
    const auto batchable = require_batchable(*graph, analyze_batchability(*graph));
    ASSERT_FALSE(batchable.ok());
    EXPECT_THAT(batchable.error().message,
                HasSubstr("(DynamicQuantizeLinear): 'node_bytes/most_of_x' is a scalar and has no "
                          "axis for the batch"));
}

TEST(OnnxQuantised, ALineOfWeightsIsRefusedByTheNode) {
    OnnxWriter writer = quantised_input();
    bytes(writer, "w", {2, 1, 3}, 130);
    writer.node("QLinearConv", {"q", "s", "z", "w", "s", "z", "s", "z"}, {"r"});
    const auto graph = read(writer);
    ASSERT_FALSE(graph.ok());
    EXPECT_THAT(graph.error().message, HasSubstr("(QLinearConv): weights of shape [2,1,3]"));
}

}  // namespace
}  // namespace facet
