// SPDX-License-Identifier: MIT
// Graph nodes -> ONNX nodes, one function per operation.
#include "tests/bench/peers/onnx_export.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/formats/onnx_writer.h"

namespace facet::bench {
namespace {

using testing::set;

constexpr int kOpset = 13;
constexpr float kMostWeight = 127;  // symmetric i8

// "x" lives on a grid: real = (integer - zero_point) * scale.
struct Grid {
    float scale = 1;
    int zero_point = 0;
};

class Exporter {
  public:
    Exporter(const Graph& graph, ExportNumbers numbers, int rows)
        : graph_(graph), numbers_(numbers), rows_(rows), writer_(kOpset) {}

    Result<std::string> run() {
        for (const ValueId id : graph_.inputs) {
            std::vector<int64_t> extents = extents_of(id);
            extents[0] = rows_ > 0 ? rows_ : -1;
            writer_.input(name(id), extents);
        }
        for (const Node& node : graph_.nodes) {
            node_ = &node;
            FACET_TRY(std::visit([this](const auto& params) { return add(params); }, node.params));
        }
        for (const ValueId id : graph_.outputs)
            if (!replaced(id)) add_output(id);
        return writer_.bytes();
    }

  private:
    // Names of files may clash with those made here.
    [[nodiscard]] std::string name(ValueId id) const { return "v" + std::to_string(id); }
    [[nodiscard]] std::vector<int64_t> extents_of(ValueId id) const {
        const auto extents = graph_.value(id).shape.extents();
        return {extents.begin(), extents.end()};
    }
    [[nodiscard]] Error unsupported() const {
        return {ErrorCode::kUnsupported, "export: " + node_->text()};
    }
    [[nodiscard]] bool replaced(ValueId id) const {
        return std::ranges::any_of(graph_.nodes, [&](const Node& node) {
            return std::holds_alternative<DetectionOutputParams>(node.params) &&
                   node.outputs[0] == id;
        });
    }
    void add_output(ValueId id) {
        onnx::ValueInfoProto& value = *writer_.graph().add_output();
        value.set_name(name(id));
        auto& tensor = *value.mutable_type()->mutable_tensor_type();
        tensor.set_elem_type(onnx::TensorProto::FLOAT);
        const std::vector<int64_t> extents = extents_of(id);
        for (size_t axis = 0; axis < extents.size(); ++axis) {
            auto& dimension = *tensor.mutable_shape()->add_dim();
            if (axis > 0 || rows_ > 0)
                dimension.set_dim_value(axis > 0 ? extents[axis] : rows_);
            else
                dimension.set_dim_param("n");
        }
    }

    // An input of the current node; constants are written where they are read.
    std::string input(size_t index) {
        const ValueId id = node_->inputs[index];
        const Value& value = graph_.value(id);
        if (!value.constant) return name(id);
        const std::string own = fresh();
        const std::vector<int64_t> extents = extents_of(id);
        if (value.type == DataType::kF32) {
            const auto elements = value.constant->as<float>();
            writer_.floats(own, extents, {elements.begin(), elements.end()});
        } else {
            const auto elements = value.constant->as<int64_t>();
            writer_.integers(own, {elements.begin(), elements.end()});
        }
        return own;
    }
    [[nodiscard]] bool has_input(size_t index) const {
        return index < node_->inputs.size() && node_->inputs[index] != kNoValue;
    }
    std::string fresh() { return "c" + std::to_string(fresh_++); }
    std::vector<std::string> outputs() const {
        std::vector<std::string> names;
        for (const ValueId id : node_->outputs) names.push_back(name(id));
        return names;
    }
    std::vector<std::string> all_inputs() {
        std::vector<std::string> names;
        for (size_t i = 0; i < node_->inputs.size(); ++i) names.push_back(input(i));
        return names;
    }
    onnx::NodeProto& plain(const std::string& type) {
        return writer_.node(type, all_inputs(), outputs());
    }

    template <typename T>
    std::string integers(const std::vector<T>& elements, int type,
                         const std::vector<int64_t>& dims) {
        onnx::TensorProto& tensor = *writer_.graph().add_initializer();
        tensor.set_name(fresh());
        tensor.set_data_type(type);
        for (const int64_t extent : dims) tensor.add_dims(extent);
        tensor.set_raw_data(elements.data(), elements.size() * sizeof(T));
        return tensor.name();
    }

    // The grid of the node's data input, when a FakeQuantize made it.
    [[nodiscard]] const Node* quantiser_of(ValueId id) const {
        if (numbers_ == ExportNumbers::kFloat) return nullptr;
        for (const Node& node : graph_.nodes)
            if (std::ranges::count(node.outputs, id) > 0)
                return is_quantiser(node) ? &node : nullptr;
        return nullptr;
    }
    // The FakeQuantize that alone reads a value of the net, at once or behind a Relu or a maximum,
    // both of which leave a grid as it is.
    [[nodiscard]] const Node* quantising_reader_of(ValueId id) const {
        const Node* reader = nullptr;
        for (const Node& node : graph_.nodes) {
            if (std::ranges::count(node.inputs, id) == 0) continue;
            if (reader != nullptr && !is_quantiser(node)) return nullptr;
            reader = &node;
        }
        if (numbers_ == ExportNumbers::kFloat || reader == nullptr) return nullptr;
        if (is_quantiser(*reader)) return reader;
        const auto* activation = std::get_if<ActivationParams>(&reader->params);
        const auto* pooling = std::get_if<PoolingParams>(&reader->params);
        const bool keeps = (activation && activation->kind == ActivationParams::Kind::kRelu) ||
                           (pooling && pooling->kind == PoolingParams::Kind::kMax);
        return keeps ? quantising_reader_of(reader->outputs[0]) : nullptr;
    }
    [[nodiscard]] static bool is_quantiser(const Node& node) {
        return std::holds_alternative<FakeQuantizeParams>(node.params);
    }
    [[nodiscard]] Grid grid_of(const Node& quantiser) const {
        const auto& params = std::get<FakeQuantizeParams>(quantiser.params);
        const float low = graph_.constant_input(quantiser, 1)->as<float>()[0];
        const float high = graph_.constant_input(quantiser, 2)->as<float>()[0];
        const float scale = (high - low) / static_cast<float>(params.levels - 1);
        return {scale, static_cast<int>(std::lround(-low / scale))};
    }

    // Weights [O,...] and bias as integers with a scale per output channel.
    std::vector<std::string> integer_weights(const Grid& data) {
        const Tensor& weights = *graph_.constant_input(*node_, 1);
        const std::vector<int64_t> extents = extents_of(node_->inputs[1]);
        const std::span<const float> real = weights.as<float>();
        const size_t channels = extents[0], size = real.size() / channels;
        std::vector<float> scales(channels), bias_scales(channels);
        std::vector<int8_t> whole(real.size()), zeros(channels, 0);
        for (size_t channel = 0; channel < channels; ++channel) {
            float most = 1e-6f;
            for (size_t i = 0; i < size; ++i)
                most = std::max(most, std::abs(real[channel * size + i]));
            scales[channel] = most / kMostWeight;
            bias_scales[channel] = scales[channel] * data.scale;
            for (size_t i = 0; i < size; ++i)
                whole[channel * size + i] =
                    static_cast<int8_t>(std::lround(real[channel * size + i] / scales[channel]));
        }
        const auto count = static_cast<int64_t>(channels);
        const std::string scale = fresh(), real_weights = fresh();
        writer_.floats(scale, {count}, scales);
        const std::string zero = integers(zeros, onnx::TensorProto::INT8, {count});
        const std::string packed = integers(whole, onnx::TensorProto::INT8, extents);
        set(writer_.node("DequantizeLinear", {packed, scale, zero}, {real_weights}), "axis",
            int64_t{0});
        std::vector<std::string> names{real_weights};
        if (!has_input(2)) return names;
        const auto bias = graph_.constant_input(*node_, 2)->as<float>();
        std::vector<int32_t> whole_bias(channels);
        for (size_t channel = 0; channel < channels; ++channel)
            whole_bias[channel] =
                static_cast<int32_t>(std::lround(bias[channel] / bias_scales[channel]));
        const std::string bias_scale = fresh(), real_bias = fresh();
        writer_.floats(bias_scale, {count}, bias_scales);
        const std::string packed_bias = integers(whole_bias, onnx::TensorProto::INT32, {count});
        set(writer_.node("DequantizeLinear", {packed_bias, bias_scale}, {real_bias}), "axis",
            int64_t{0});
        names.push_back(real_bias);
        return names;
    }

    Result<void> add(const ConvolutionParams& params) {
        if (params.auto_pad != AutoPad::kExplicit) return unsupported();
        std::vector<std::string> names{input(0)};
        // ONNX Runtime computes in integers only what ends in them, and would unpack the weights of
        // the rest at every run.
        const Node* quantiser = quantiser_of(node_->inputs[0]);
        if (quantiser != nullptr && quantising_reader_of(node_->outputs[0]) != nullptr) {
            for (std::string& weight : integer_weights(grid_of(*quantiser)))
                names.push_back(std::move(weight));
        } else {
            for (size_t i = 1; i < node_->inputs.size(); ++i)
                if (has_input(i)) names.push_back(input(i));
        }
        onnx::NodeProto& node = writer_.node("Conv", names, outputs());
        set(node, "strides", std::vector<int64_t>{params.strides[0], params.strides[1]});
        set(node, "dilations", std::vector<int64_t>{params.dilations[0], params.dilations[1]});
        set(node, "pads", pads(params));
        set(node, "group", params.groups);
        const Shape& weights = graph_.value(node_->inputs[1]).shape;
        set(node, "kernel_shape", std::vector<int64_t>{weights[2], weights[3]});
        return {};
    }
    template <typename Params>
    static std::vector<int64_t> pads(const Params& params) {
        return {params.pads_begin[0], params.pads_begin[1], params.pads_end[0], params.pads_end[1]};
    }
    Result<void> add(const PoolingParams& params) {
        const bool average = params.kind == PoolingParams::Kind::kAverage;
        if (params.auto_pad != AutoPad::kExplicit) return unsupported();
        std::string source = input(0);
        // A maximum of whole numbers is cheaper, and lets the convolution before end in them.
        if (const Node* reader = average ? nullptr : quantising_reader_of(node_->outputs[0])) {
            const std::string snapped = fresh();
            quantise(source, grid_of(*reader), snapped);
            source = snapped;
        }
        onnx::NodeProto& node =
            writer_.node(average ? "AveragePool" : "MaxPool", {source}, outputs());
        set(node, "kernel_shape", std::vector<int64_t>{params.kernel[0], params.kernel[1]});
        set(node, "strides", std::vector<int64_t>{params.strides[0], params.strides[1]});
        set(node, "pads", pads(params));
        set(node, "ceil_mode", int64_t{params.ceil_mode});
        if (average) set(node, "count_include_pad", int64_t{params.count_include_pad});
        return {};
    }
    Result<void> add(const MatMulParams& params) {
        if (params.transpose_a) return unsupported();
        if (!params.transpose_b) return plain("MatMul"), Result<void>{};
        onnx::NodeProto& node = plain("Gemm");
        set(node, "transB", int64_t{1});
        return {};
    }
    Result<void> add(const ActivationParams& params) {
        using Kind = ActivationParams::Kind;
        switch (params.kind) {
            case Kind::kRelu:
                plain("Relu");
                return {};
            case Kind::kSigmoid:
                plain("Sigmoid");
                return {};
            case Kind::kTanh:
                plain("Tanh");
                return {};
            case Kind::kExp:
                plain("Exp");
                return {};
            case Kind::kLeakyRelu:
                set(plain("LeakyRelu"), "alpha", params.alpha);
                return {};
            case Kind::kElu:
                set(plain("Elu"), "alpha", params.alpha);
                return {};
            case Kind::kClip: {
                const std::string low = writer_.floats(fresh(), {}, {params.alpha});
                const std::string high = writer_.floats(fresh(), {}, {params.beta});
                writer_.node("Clip", {input(0), low, high}, outputs());
                return {};
            }
            default:
                return unsupported();
        }
    }
    Result<void> add(const PReluParams&) {
        plain("PRelu");
        return {};
    }
    Result<void> add(const EltwiseParams& params) {
        constexpr const char* kNames[] = {"Add", "Sub", "Mul", "Div", "Max", "Min", "Pow"};
        plain(kNames[static_cast<size_t>(params.kind)]);
        return {};
    }
    Result<void> add(const SoftmaxParams& params) {
        if (params.logarithm) return unsupported();
        const Shape& shape = graph_.value(node_->inputs[0]).shape;
        const int64_t axis = params.axis < 0 ? params.axis + shape.rank() : params.axis;
        for (int64_t i = axis + 1; i < static_cast<int64_t>(shape.rank()); ++i)
            if (params.flatten && shape[i] != 1) return unsupported();
        set(plain("Softmax"), "axis", axis);
        return {};
    }
    Result<void> add(const ConcatParams& params) {
        set(plain("Concat"), "axis", params.axis);
        return {};
    }
    Result<void> add(const TransposeParams& params) {
        set(plain("Transpose"), "perm", params.order);
        return {};
    }
    Result<void> add(const SliceParams&) {
        plain("Slice");
        return {};
    }
    Result<void> add(const ReshapeParams&) {
        std::vector<int64_t> target = extents_of(node_->outputs[0]);
        if (graph_.value(node_->outputs[0]).batched) target[0] = rows_ > 0 ? rows_ : -1;
        writer_.node("Reshape", {input(0), writer_.integers(fresh(), target)}, outputs());
        return {};
    }
    Result<void> add(const FakeQuantizeParams& params) {
        if (numbers_ == ExportNumbers::kFloat)
            return writer_.node("Identity", {input(0)}, outputs()), Result<void>{};
        if (params.levels > 256) return unsupported();
        quantise(input(0), grid_of(*node_), name(node_->outputs[0]));
        return {};
    }
    void quantise(const std::string& source, const Grid& grid, const std::string& result) {
        const std::string scale = writer_.floats(fresh(), {}, {grid.scale});
        const std::string zero =
            integers(std::vector<uint8_t>{static_cast<uint8_t>(grid.zero_point)},
                     onnx::TensorProto::UINT8, {});
        const std::string whole = fresh();
        writer_.node("QuantizeLinear", {source, scale, zero}, {whole});
        writer_.node("DequantizeLinear", {whole, scale, zero}, {result});
    }
    Result<void> add(const DetectionOutputParams&) {
        add_output(node_->inputs[0]);
        add_output(node_->inputs[1]);
        return {};
    }
    Result<void> add(const auto&) { return unsupported(); }

    const Graph& graph_;
    const ExportNumbers numbers_;
    const int rows_;
    testing::OnnxWriter writer_;
    const Node* node_ = nullptr;
    int fresh_ = 0;
};

}  // namespace

Result<std::string> export_onnx(const Graph& graph, ExportNumbers numbers, int rows) {
    return Exporter(graph, numbers, rows).run();
}

}  // namespace facet::bench
