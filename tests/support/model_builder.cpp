// SPDX-License-Identifier: MIT
// Adds nodes to a graph and infers their outputs at once.
#include "tests/support/model_builder.h"

#include <stdexcept>

#include "engine/graph/shape_inference.h"

namespace facet::testing {

ModelBuilder::ModelBuilder(std::string name, uint32_t seed) : random_(seed) {
    graph_.name = std::move(name);
}

ValueId ModelBuilder::input(const std::string& name, const Shape& shape, DataType type) {
    const ValueId id = graph_.add_value(name, type, shape);
    graph_.inputs.push_back(id);
    return id;
}

ValueId ModelBuilder::constant(Tensor tensor, std::string name) {
    if (name.empty()) name = "constant" + std::to_string(graph_.values.size());
    return graph_.add_constant(std::move(name), std::move(tensor));
}

ValueId ModelBuilder::floats(const Shape& shape, std::initializer_list<float> values) {
    return constant(Tensor::of<float>(shape, {values.begin(), values.size()}));
}

ValueId ModelBuilder::integers(std::initializer_list<int64_t> values) {
    return constant(Tensor::of<int64_t>(Shape{static_cast<int64_t>(values.size())},
                                        {values.begin(), values.size()}));
}

ValueId ModelBuilder::random(const Shape& shape, float low, float high) {
    Tensor tensor = Tensor::allocate(DataType::kF32, shape);
    std::uniform_real_distribution<float> distribution(low, high);
    for (float& element : tensor.mutable_view().as<float>()) element = distribution(random_);
    return constant(std::move(tensor));
}

ValueId ModelBuilder::node(OpParams params, std::vector<ValueId> inputs, std::string name) {
    const ValueId id = nodes(std::move(params), std::move(inputs), 1).front();
    if (!name.empty()) graph_.value(id).name = graph_.nodes.back().name = std::move(name);
    return id;
}

std::vector<ValueId> ModelBuilder::nodes(OpParams params, std::vector<ValueId> inputs,
                                         size_t output_count) {
    std::vector<InputInfo> infos;
    for (ValueId id : inputs) {
        if (id == kNoValue) {
            infos.emplace_back();
            continue;
        }
        const Value& value = graph_.value(id);
        infos.push_back(
            {true, {value.type, value.shape}, value.constant ? &*value.constant : nullptr});
    }
    const auto inferred = infer_output_shapes(params, infos, output_count);
    const std::string type(name_of(params));
    if (!inferred) throw std::logic_error(type + ": " + inferred.error().text());
    std::vector<ValueId> outputs;
    for (const TypedShape& typed : *inferred) {
        const std::string name = type + std::to_string(graph_.values.size());
        outputs.push_back(graph_.add_value(name, typed.type, typed.shape));
    }
    const std::string name = graph_.value(outputs.front()).name;
    graph_.add_node({name, type, std::move(params), std::move(inputs), outputs});
    return outputs;
}

ValueId ModelBuilder::conv(ValueId x, int64_t channels, int64_t kernel, ConvolutionParams params,
                           bool bias) {
    if (shape(x).rank() != 4) throw std::logic_error("conv of " + shape(x).text());
    const ValueId weights = random(Shape{channels, shape(x)[1] / params.groups, kernel, kernel});
    std::vector<ValueId> inputs{x, weights};
    if (bias) inputs.push_back(random(Shape{channels}));
    return node(std::move(params), std::move(inputs));
}

ValueId ModelBuilder::fully_connected(ValueId x, int64_t columns) {
    if (shape(x).rank() != 2) throw std::logic_error("fully_connected of " + shape(x).text());
    const ValueId product = node(MatMulParams{}, {x, random(Shape{shape(x)[1], columns})});
    return add(product, random(Shape{1, columns}));
}

ValueId ModelBuilder::batch_norm(ValueId x) {
    if (shape(x).rank() < 2) throw std::logic_error("batch_norm of " + shape(x).text());
    const Shape channels{shape(x)[1]};
    const ValueId scale = random(channels, 0.5f, 1.5f);
    const ValueId bias = random(channels);
    const ValueId mean = random(channels);
    const ValueId variance = random(channels, 0.2f, 2.0f);
    return node(BatchNormParams{}, {x, scale, bias, mean, variance});
}

ValueId ModelBuilder::relu(ValueId x) {
    return activation(x, ActivationParams::Kind::kRelu);
}

ValueId ModelBuilder::activation(ValueId x, ActivationParams::Kind kind, float alpha, float beta) {
    return node(ActivationParams{kind, alpha, beta}, {x});
}

ValueId ModelBuilder::pool(ValueId x, PoolingParams::Kind kind, int64_t kernel, int64_t stride) {
    PoolingParams params;
    params.kind = kind;
    params.kernel = {kernel, kernel};
    params.strides = {stride, stride};
    return node(params, {x});
}

ValueId ModelBuilder::eltwise(EltwiseParams::Kind kind, ValueId a, ValueId b) {
    return node(EltwiseParams{kind}, {a, b});
}

ValueId ModelBuilder::reshape(ValueId x, std::initializer_list<int64_t> target) {
    const ValueId target_id = integers(target);
    return node(ReshapeParams{}, {x, target_id});
}

ValueId ModelBuilder::softmax(ValueId x, int64_t axis) {
    return node(SoftmaxParams{axis, false}, {x});
}

void ModelBuilder::output(ValueId value, const std::string& name) {
    if (!name.empty()) graph_.value(value).name = name;
    graph_.outputs.push_back(value);
}

}  // namespace facet::testing
