// SPDX-License-Identifier: MIT
// Finds layers with constant weights and rewrites the model's messages around them.
#include "engine/tools/onnx_quantizer.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <set>

namespace facet {

namespace {

constexpr int64_t kOpset = 13;  // the first with steps per channel
constexpr int64_t kIrVersion = 7;
// Operations that set 13 defines as any set from 9 on did, as far as files use them.
constexpr std::array kUnchanged{"Add",          "AveragePool", "BatchNormalization",
                                "Concat",       "Constant",    "Conv",
                                "Div",          "Exp",         "Flatten",
                                "Gemm",         "Identity",    "GlobalAveragePool",
                                "MatMul",       "MaxPool",     "Mul",
                                "LeakyRelu",    "PRelu",       "Relu",
                                "Reshape",      "Shape",       "Sigmoid",
                                "Sqrt",         "Sub",         "Tanh",
                                "Transpose",    "Gather",      "Cast",
                                "GlobalMaxPool"};

Error refused(const std::filesystem::path& path, ErrorCode code, const std::string& message) {
    return {code, path.string() + ": " + message};
}

const onnx::AttributeProto* attribute(const onnx::NodeProto& node, const std::string& name) {
    for (const auto& candidate : node.attribute())
        if (candidate.name() == name) return &candidate;
    return nullptr;
}

int64_t integer(const onnx::NodeProto& node, const std::string& name, int64_t otherwise) {
    const auto* found = attribute(node, name);
    return found ? found->i() : otherwise;
}

// Where weights of a layer have their output channels; nothing for other nodes.
std::optional<int> channel_axis(const onnx::NodeProto& node) {
    if (node.op_type() == "Conv") return 0;
    if (node.op_type() == "MatMul") return 1;
    if (node.op_type() != "Gemm" || integer(node, "transA", 0) != 0) return {};
    const auto* alpha = attribute(node, "alpha");
    if (alpha && alpha->f() != 1.0f) return {};
    return integer(node, "transB", 0) != 0 ? 0 : 1;
}

class QuantizedModel {
  public:
    static Result<QuantizedModel> open(const std::filesystem::path& path) {
        QuantizedModel opened;
        std::ifstream file(path, std::ios::binary);
        if (!file) return refused(path, ErrorCode::kNotFound, "cannot be read");
        if (!opened.model_.ParseFromIstream(&file) || !opened.model_.has_graph())
            return refused(path, ErrorCode::kCorrupt, "is no ONNX model");
        for (auto& tensor : *opened.model_.mutable_graph()->mutable_initializer())
            opened.constants_[tensor.name()] = &tensor;
        if (auto updated = opened.update_opset(); !updated)
            return refused(path, updated.error().code, updated.error().message);
        return opened;
    }

    [[nodiscard]] onnx::GraphProto& graph() { return *model_.mutable_graph(); }

    // The weights of a layer that can be quantised, or null.
    [[nodiscard]] const onnx::TensorProto* weights_of(const onnx::NodeProto& node) const {
        if (!channel_axis(node) || node.input_size() < 2) return nullptr;
        const auto found = constants_.find(node.input(1));
        if (found == constants_.end() || constants_.contains(node.input(0))) return nullptr;
        const onnx::TensorProto& tensor = *found->second;
        const bool fits = tensor.dims_size() == (node.op_type() == "Conv" ? 4 : 2);
        return fits && tensor.data_type() == onnx::TensorProto::FLOAT ? &tensor : nullptr;
    }

    // Yields the number of layers it changed.
    int quantize(const std::map<std::string, ActivationBytes>& bytes) {
        int layers = 0;
        google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
        nodes.Swap(graph().mutable_node());
        for (onnx::NodeProto& node : nodes) {
            const onnx::TensorProto* weights = weights_of(node);
            const auto found = bytes.find(node.input_size() > 0 ? node.input(0) : std::string());
            if (weights && found != bytes.end()) {
                node.set_input(0, rounded_activation(node.input(0), found->second));
                node.set_input(1, rounded_weights(*weights, *channel_axis(node)));
                ++layers;
            }
            *graph().add_node() = std::move(node);
        }
        drop_unread_constants();
        return layers;
    }

    Result<void> save(const std::filesystem::path& path) const {
        std::ofstream file(path, std::ios::binary);
        if (!model_.SerializeToOstream(&file) || !file.flush())
            return refused(path, ErrorCode::kInvalidArgument, "cannot be written");
        return {};
    }

  private:
    Result<void> update_opset() {
        auto* set = model_.mutable_opset_import()->begin() == model_.mutable_opset_import()->end()
                        ? model_.add_opset_import()
                        : model_.mutable_opset_import(0);
        if (set->version() >= kOpset) return {};
        for (onnx::NodeProto& node : *graph().mutable_node()) {
            if (std::ranges::count(kUnchanged, node.op_type()) > 0) continue;
            if (auto updated = update(node); !updated) return updated;
        }
        set->set_version(kOpset);
        model_.set_ir_version(std::max<int64_t>(model_.ir_version(), kIrVersion));
        return {};
    }

    // What later sets take as inputs, and a Softmax flattened from `axis` on, by default 1: the
    // same where nothing lies behind.
    Result<void> update(onnx::NodeProto& node) {
        if (node.op_type() == "Squeeze" || node.op_type() == "Unsqueeze")
            return make_inputs(node, {"axes"});
        if (node.op_type() == "Slice") return make_inputs(node, {"starts", "ends", "axes"});
        if (node.op_type() == "Softmax") {
            if (attribute(node, "axis")) return {};
            auto* axis = node.add_attribute();
            axis->set_name("axis");
            axis->set_type(onnx::AttributeProto::INT);
            axis->set_i(1);
            return {};
        }
        return Error{ErrorCode::kUnsupported,
                     "node '" + node.name() + "' (" + node.op_type() +
                         ") of an operator set below 13; supported: convert the model to 13 first"};
    }

    // Attributes that are lists of integers become constant inputs, in this order.
    Result<void> make_inputs(onnx::NodeProto& node, const std::vector<std::string>& names) {
        for (const std::string& name : names) {
            auto& attributes = *node.mutable_attribute();
            const auto found = std::ranges::find(attributes, name, &onnx::AttributeProto::name);
            if (found == attributes.end()) continue;
            auto* list = graph().add_initializer();
            list->set_name(node.output(0) + "/" + name);
            list->set_data_type(onnx::TensorProto::INT64);
            list->add_dims(found->ints_size());
            for (const int64_t value : found->ints()) list->add_int64_data(value);
            node.add_input(list->name());
            attributes.erase(found);
        }
        return {};
    }

    std::string add_floats(const std::string& name, const std::vector<float>& values, bool scalar) {
        auto* tensor = graph().add_initializer();
        tensor->set_name(name);
        tensor->set_data_type(onnx::TensorProto::FLOAT);
        if (!scalar) tensor->add_dims(static_cast<int64_t>(values.size()));
        for (const float value : values) tensor->add_float_data(value);
        return name;
    }

    std::string add_bytes(const std::string& name, const std::vector<int64_t>& dims,
                          const std::vector<int8_t>& values, bool is_signed) {
        auto* tensor = graph().add_initializer();
        tensor->set_name(name);
        tensor->set_data_type(is_signed ? onnx::TensorProto::INT8 : onnx::TensorProto::UINT8);
        for (const int64_t dim : dims) tensor->add_dims(dim);
        tensor->set_raw_data(values.data(), values.size());
        return name;
    }

    onnx::NodeProto& add_node(const std::string& type, const std::vector<std::string>& inputs,
                              const std::string& output) {
        onnx::NodeProto& node = *graph().add_node();
        node.set_op_type(type);
        node.set_name(output);
        for (const std::string& input : inputs) node.add_input(input);
        node.add_output(output);
        return node;
    }

    std::string rounded_activation(const std::string& name, const ActivationBytes& bytes) {
        const std::string rounded = name + "/rounded";
        if (!made_.insert(rounded).second) return rounded;
        const std::string scale = add_floats(name + "/scale", {bytes.scale}, true);
        const std::string zero =
            add_bytes(name + "/zero_point", {}, {static_cast<int8_t>(bytes.zero_point)}, false);
        add_node("QuantizeLinear", {name, scale, zero}, name + "/bytes");
        add_node("DequantizeLinear", {name + "/bytes", scale, zero}, rounded);
        return rounded;
    }

    std::string rounded_weights(const onnx::TensorProto& weights, int axis) {
        const std::string name = weights.name();
        const std::string rounded = name + "/rounded";
        if (!made_.insert(rounded).second) return rounded;
        const std::vector<float> values = elements_of(weights);
        const std::vector<int64_t> dims(weights.dims().begin(), weights.dims().end());
        int64_t inner = 1;
        for (size_t i = axis + 1; i < dims.size(); ++i) inner *= dims[i];
        std::vector<float> scales(dims[axis], 0.0f);
        const auto channel = [&](size_t e) { return e / inner % scales.size(); };
        for (size_t e = 0; e < values.size(); ++e)
            scales[channel(e)] = std::max(scales[channel(e)], std::abs(values[e]) / 127);
        for (float& scale : scales)
            if (scale == 0) scale = 1;
        std::vector<int8_t> bytes;
        for (size_t e = 0; e < values.size(); ++e)
            bytes.push_back(static_cast<int8_t>(
                std::clamp(std::lrint(values[e] / scales[channel(e)]), -127L, 127L)));
        add_bytes(name + "/bytes", dims, bytes, true);
        add_floats(name + "/scale", scales, false);
        auto& node = add_node("DequantizeLinear", {name + "/bytes", name + "/scale"}, rounded);
        auto* attribute_axis = node.add_attribute();
        attribute_axis->set_name("axis");
        attribute_axis->set_type(onnx::AttributeProto::INT);
        attribute_axis->set_i(axis);
        return rounded;
    }

    static std::vector<float> elements_of(const onnx::TensorProto& tensor) {
        if (!tensor.has_raw_data()) return {tensor.float_data().begin(), tensor.float_data().end()};
        std::vector<float> values(tensor.raw_data().size() / sizeof(float));
        std::memcpy(values.data(), tensor.raw_data().data(), values.size() * sizeof(float));
        return values;
    }

    void drop_unread_constants() {
        std::set<std::string> read, constants;
        for (const auto& node : graph().node())
            read.insert(node.input().begin(), node.input().end());
        auto* tensors = graph().mutable_initializer();
        for (const auto& tensor : *tensors) constants.insert(tensor.name());
        tensors->erase(
            std::remove_if(tensors->begin(), tensors->end(),
                           [&](const auto& tensor) { return !read.contains(tensor.name()); }),
            tensors->end());
        // Files of old operator sets list constants among the inputs, where they could be replaced:
        // other runtimes then fold nothing.
        auto* inputs = graph().mutable_input();
        inputs->erase(
            std::remove_if(inputs->begin(), inputs->end(),
                           [&](const auto& input) { return constants.contains(input.name()); }),
            inputs->end());
    }

    onnx::ModelProto model_;
    std::map<std::string, const onnx::TensorProto*> constants_;
    std::set<std::string> made_;
};

}  // namespace

Result<QuantizableModel> read_quantizable(const std::filesystem::path& model) {
    FACET_ASSIGN(QuantizedModel opened, QuantizedModel::open(model));
    QuantizableModel found;
    std::set<std::string> constants;
    for (const auto& tensor : opened.graph().initializer()) constants.insert(tensor.name());
    for (const auto& input : opened.graph().input())
        if (!constants.contains(input.name())) found.input = input.name();
    for (const auto& node : opened.graph().node()) {
        if (!opened.weights_of(node)) continue;
        ++found.layers;
        if (std::ranges::count(found.activations, node.input(0)) == 0)
            found.activations.push_back(node.input(0));
    }
    if (found.layers == 0)
        return refused(model, ErrorCode::kUnsupported,
                       "no Conv, Gemm or MatMul with constant float weights");
    return found;
}

Result<void> write_with_outputs(const std::filesystem::path& model,
                                const std::vector<std::string>& tensors,
                                const std::filesystem::path& copy) {
    FACET_ASSIGN(QuantizedModel opened, QuantizedModel::open(model));
    opened.graph().clear_output();
    for (const std::string& tensor : tensors) {
        auto* output = opened.graph().add_output();
        output->set_name(tensor);
        output->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    }
    return opened.save(copy);
}

Result<int> write_quantized(const std::filesystem::path& model,
                            const std::map<std::string, ActivationBytes>& bytes,
                            const std::filesystem::path& copy) {
    FACET_ASSIGN(QuantizedModel opened, QuantizedModel::open(model));
    const int layers = opened.quantize(bytes);
    FACET_TRY(opened.save(copy));
    return layers;
}

}  // namespace facet
