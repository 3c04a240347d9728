// SPDX-License-Identifier: MIT
// Building small ONNX models.
#include "tests/formats/onnx_writer.h"

namespace facet::testing {

namespace {

onnx::AttributeProto& add_attribute(onnx::NodeProto& node, const std::string& name,
                                    onnx::AttributeProto::AttributeType type) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(type);
    return attribute;
}

}  // namespace

OnnxWriter::OnnxWriter(int64_t opset) {
    model_.set_ir_version(8);
    model_.add_opset_import()->set_version(opset);
    model_.mutable_graph()->set_name("graph");
}

std::string OnnxWriter::input(const std::string& name, const std::vector<int64_t>& extents,
                              int type) {
    onnx::ValueInfoProto& value = *graph().add_input();
    value.set_name(name);
    auto& tensor = *value.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape();
    for (int64_t extent : extents) {
        auto& dimension = *tensor.mutable_shape()->add_dim();
        if (extent >= 0)
            dimension.set_dim_value(extent);
        else
            dimension.set_dim_param("n");
    }
    return name;
}

std::string OnnxWriter::floats(const std::string& name, const std::vector<int64_t>& dims,
                               const std::vector<float>& elements) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    for (int64_t extent : dims) tensor.add_dims(extent);
    tensor.set_raw_data(elements.data(), elements.size() * sizeof(float));
    return name;
}

std::string OnnxWriter::integers(const std::string& name, const std::vector<int64_t>& elements) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(static_cast<int64_t>(elements.size()));
    for (int64_t element : elements) tensor.add_int64_data(element);
    return name;
}

onnx::NodeProto& OnnxWriter::node(const std::string& type, const std::vector<std::string>& inputs,
                                  const std::vector<std::string>& outputs) {
    onnx::NodeProto& node = *graph().add_node();
    node.set_op_type(type);
    node.set_name("node_" + outputs[0]);
    for (const std::string& name : inputs) node.add_input(name);
    for (const std::string& name : outputs) node.add_output(name);
    return node;
}

void OnnxWriter::output(const std::string& name) {
    graph().add_output()->set_name(name);
}

void set(onnx::NodeProto& node, const std::string& name, int64_t value) {
    add_attribute(node, name, onnx::AttributeProto::INT).set_i(value);
}

void set(onnx::NodeProto& node, const std::string& name, float value) {
    add_attribute(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void set(onnx::NodeProto& node, const std::string& name, const char* value) {
    add_attribute(node, name, onnx::AttributeProto::STRING).set_s(value);
}

void set(onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values) {
    auto& attribute = add_attribute(node, name, onnx::AttributeProto::INTS);
    for (int64_t value : values) attribute.add_ints(value);
}

}  // namespace facet::testing
