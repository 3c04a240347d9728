// SPDX-License-Identifier: MIT
// OpenVINO IR: layers and edges become values and nodes; constants stay in the mapped .bin.
#include "engine/formats/openvino_ir_reader.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <unordered_map>

#include "engine/formats/file_shape.h"
#include "engine/formats/mapped_file.h"
#include "engine/formats/openvino_ir_document.h"
#include "engine/formats/openvino_ir_op.h"

namespace facet {

namespace {

Error at_layer(const IrLayer& layer, const Error& error) {
    return error.within(Node{layer.name, layer.type, {}, {}, {}}.text());
}

Error corrupt_layer(const IrLayer& layer, const std::string& what) {
    return at_layer(layer, {ErrorCode::kCorrupt, what});
}

const IrOpRow* find_row(std::string_view type, int opset) {
    for (const auto table :
         {ir_element_wise_ops(), ir_spatial_ops(), ir_shape_ops(), ir_detection_ops()})
        for (const IrOpRow& row : table)
            if (row.type == type && row.first_opset <= opset && opset <= row.last_opset)
                return &row;
    return nullptr;
}

// Parameter, Const and Result are no operations of the graph.
bool is_operation(const IrLayer& layer) {
    return layer.type != "Parameter" && layer.type != "Const" && layer.type != "Result";
}

// All layer types at once, so that one look at the message tells whether a model is near or far.
Result<void> require_known_types(const IrDocument& document) {
    std::string unknown;
    std::vector<std::string> listed;
    for (const IrLayer& layer : document.layers) {
        if (!is_operation(layer) || find_row(layer.type, opset_number(layer.opset))) continue;
        const std::string type =
            layer.opset.empty() ? layer.type : layer.type + " of " + layer.opset;
        if (std::ranges::find(listed, type) != listed.end()) continue;
        listed.push_back(type);
        unknown += (unknown.empty() ? "" : ", ") + type + " (first in '" + layer.name + "')";
    }
    if (unknown.empty()) return {};
    return Error{ErrorCode::kUnsupported,
                 "layer types " + unknown +
                     "; supported: convolution, pooling, element-wise, shape and SSD layers of "
                     "opset1 to opset8"};
}

// Reads the elements of Const layers. The weights file is opened when the first one has any.
class WeightsFile {
  public:
    explicit WeightsFile(std::filesystem::path path) : path_(std::move(path)) {}

    [[nodiscard]] Result<Tensor> read(IrOp& op) {
        FACET_ASSIGN(const std::string type_name, op.word("element_type"));
        const auto type = ir_data_type(type_name);
        if (!type) return op.here(type.error());
        FACET_ASSIGN(const std::vector<int64_t> extents, op.integers("shape"));
        const auto shape = shape_from_file(extents);
        if (!shape) return op.here(shape.error());
        FACET_ASSIGN(const int64_t offset, op.integer("offset", {}, 0));
        FACET_ASSIGN(const int64_t size, op.integer("size", {}, 0));
        const bool is_double = type_name == "f64";
        const size_t element_size = is_double ? sizeof(double) : size_of(*type);
        if (static_cast<uint64_t>(size) != shape->elements() * element_size) {
            return op.corrupt("size=" + std::to_string(size) + " does not match " + type_name +
                              shape->text());
        }
        FACET_ASSIGN(const std::byte* bytes, locate(op, offset, size));
        if (is_double) return narrowed(bytes, *shape);
        if (size == 0) return Tensor::allocate(*type, *shape);
        return Tensor::from_file_bytes(file_, bytes, *type, *shape);
    }

  private:
    Result<const std::byte*> locate(const IrOp& op, int64_t offset, int64_t size) {
        if (size == 0) return nullptr;
        if (!file_) {
            auto file = MappedFile::open(path_);
            if (!file) return op.here(file.error().within("weights " + path_.string()));
            file_ = *std::move(file);
        }
        const auto bytes = file_->bytes();
        if (static_cast<uint64_t>(offset) > bytes.size() ||
            static_cast<uint64_t>(size) > bytes.size() - static_cast<uint64_t>(offset)) {
            return op.corrupt("offset=" + std::to_string(offset) + " size=" + std::to_string(size) +
                              " lies outside the " + std::to_string(bytes.size()) + " bytes of " +
                              path_.string());
        }
        return bytes.data() + offset;
    }

    static Tensor narrowed(const std::byte* bytes, const Shape& shape) {
        Tensor tensor = Tensor::allocate(DataType::kF32, shape);
        for (float& element : tensor.mutable_view().as<float>()) {
            double value;
            std::memcpy(&value, bytes, sizeof(value));
            element = static_cast<float>(value);
            bytes += sizeof(value);
        }
        return tensor;
    }

    std::filesystem::path path_;
    std::shared_ptr<const MappedFile> file_;
};

// Turns a document into a graph. Invariant: values_[i] holds the input and output values of layer i
// in the order of its ports; an input not yet connected is kNoValue.
class IrAssembler {
  public:
    IrAssembler(const IrDocument& document, std::filesystem::path weights,
                std::optional<Extent2> open_size)
        : document_(document), weights_(std::move(weights)), open_size_(open_size) {}

    [[nodiscard]] Result<Graph> assemble() {
        graph_.name = document_.name;
        FACET_TRY(require_known_types(document_));
        FACET_TRY(index_layers());
        FACET_TRY(read_sources());
        FACET_TRY(connect());
        FACET_TRY(read_operations());
        if (graph_.inputs.empty() || graph_.outputs.empty())
            return Error{ErrorCode::kCorrupt, "has no Parameter or no Result layer"};
        FACET_TRY(finish_graph(graph_));
        return std::move(graph_);
    }

  private:
    struct LayerValues {
        std::vector<ValueId> inputs, outputs;
    };

    // Makes a value for every output port.
    Result<void> index_layers() {
        for (size_t i = 0; i < document_.layers.size(); ++i) {
            const IrLayer& layer = document_.layers[i];
            if (!layer_of_id_.emplace(layer.id, i).second)
                return corrupt_layer(layer, "shares id " + std::to_string(layer.id));
            LayerValues values;
            values.inputs.assign(layer.inputs.size(), kNoValue);
            for (size_t port = 0; port < layer.outputs.size(); ++port) {
                std::string name = layer.name;
                if (port > 0) name.append(1, '.').append(std::to_string(port));
                values.outputs.push_back(graph_.add_value(std::move(name)));
            }
            values_.push_back(std::move(values));
        }
        return {};
    }

    // Parameters and constants come first, so that op readers find every constant.
    Result<void> read_sources() {
        for (size_t i = 0; i < document_.layers.size(); ++i) {
            const IrLayer& layer = document_.layers[i];
            if (layer.type != "Parameter" && layer.type != "Const") continue;
            IrOp op(graph_, layer, {}, values_[i].outputs);
            if (!layer.inputs.empty() || layer.outputs.size() != 1)
                return op.corrupt("must have one output and no input");
            Value& value = graph_.value(values_[i].outputs[0]);
            if (layer.type == "Parameter") {
                FACET_TRY(read_parameter(op, value));
                graph_.inputs.push_back(values_[i].outputs[0]);
                continue;
            }
            FACET_ASSIGN(Tensor tensor, weights_.read(op));
            value.type = tensor.type();
            value.shape = tensor.shape();
            value.constant = std::move(tensor);
        }
        return {};
    }

    Result<void> read_parameter(const IrOp& op, Value& value) const {
        FACET_ASSIGN(const std::string type, op.word("element_type"));
        if (type == "u8") {
            value.type = DataType::kU8;
        } else if (type == "f32" || type == "f16") {
            value.type = DataType::kF32;
        } else {
            return op.unsupported("element_type=" + type, "f32, f16, u8");
        }
        FACET_ASSIGN(const std::string text, op.word("shape"));
        FACET_ASSIGN(const auto extents, parameter_extents(op, text));
        FACET_ASSIGN(value.shape, input_shape_from_file(value.name, extents, open_size_));
        return {};
    }

    // "1,3,62,62"; dynamic extents are "?", "-1" or a range "1..8".
    static Result<std::vector<std::optional<int64_t>>> parameter_extents(const IrOp& op,
                                                                         std::string text) {
        if (text == "...") return op.unsupported("shape=\"...\"", "a fixed number of axes");
        std::vector<std::optional<int64_t>> extents;
        while (!text.empty()) {
            const size_t comma = text.find(',');
            const std::string item = text.substr(0, comma);
            text = comma == std::string::npos ? "" : text.substr(comma + 1);
            const auto number = parse_integers(item);
            if (number && number->size() == 1) {
                const int64_t extent = (*number)[0];
                extents.push_back(extent == -1 ? std::nullopt : std::optional(extent));
            } else if (item.find('?') != std::string::npos ||
                       item.find("..") != std::string::npos) {
                extents.push_back(std::nullopt);
            } else {
                return op.corrupt("shape has the extent '" + item + "'");
            }
        }
        return extents;
    }

    Result<void> connect() {
        for (const IrEdge& edge : document_.edges) {
            FACET_ASSIGN(const size_t from, layer_index(edge.from_layer));
            FACET_ASSIGN(const size_t to, layer_index(edge.to_layer));
            const IrLayer& source = document_.layers[from];
            const IrLayer& target = document_.layers[to];
            const auto output = port_index(source.outputs, edge.from_port);
            if (!output) {
                return corrupt_layer(source, "an edge leaves its missing output port " +
                                                 std::to_string(edge.from_port));
            }
            const auto input = port_index(target.inputs, edge.to_port);
            if (!input) {
                return corrupt_layer(target, "an edge enters its missing input port " +
                                                 std::to_string(edge.to_port));
            }
            ValueId& slot = values_[to].inputs[*input];
            if (slot != kNoValue) {
                return corrupt_layer(
                    target, "two edges enter its input port " + std::to_string(edge.to_port));
            }
            slot = values_[from].outputs[*output];
        }
        return {};
    }

    Result<void> read_operations() {
        for (size_t i = 0; i < document_.layers.size(); ++i) {
            const IrLayer& layer = document_.layers[i];
            const auto& inputs = values_[i].inputs;
            for (size_t port = 0; port < inputs.size(); ++port) {
                if (inputs[port] == kNoValue) {
                    return corrupt_layer(layer, "no edge enters its input port " +
                                                    std::to_string(layer.inputs[port].id));
                }
            }
            if (layer.type == "Result") {
                if (inputs.size() != 1) return corrupt_layer(layer, "must have one input");
                graph_.outputs.push_back(inputs[0]);
            }
            if (!is_operation(layer)) continue;
            IrOp op(graph_, layer, inputs, values_[i].outputs);
            FACET_TRY(find_row(layer.type, op.opset())->read(op));
        }
        return {};
    }

    Result<size_t> layer_index(int64_t id) const {
        if (const auto found = layer_of_id_.find(id); found != layer_of_id_.end())
            return found->second;
        return Error{ErrorCode::kCorrupt,
                     "an edge names layer " + std::to_string(id) + ", which does not exist"};
    }

    static std::optional<size_t> port_index(const std::vector<IrPort>& ports, int64_t id) {
        const auto found = std::ranges::find(ports, id, &IrPort::id);
        if (found == ports.end()) return std::nullopt;
        return found - ports.begin();
    }

    const IrDocument& document_;
    WeightsFile weights_;
    std::optional<Extent2> open_size_;
    Graph graph_;
    std::unordered_map<int64_t, size_t> layer_of_id_;
    std::vector<LayerValues> values_;
};

}  // namespace

Result<Graph> read_openvino_ir(const std::filesystem::path& xml, std::optional<Extent2> open_size) {
    const auto file = MappedFile::open(xml);
    if (!file) return file.error().within(xml.string());
    const auto document = parse_ir_document((*file)->bytes());
    if (!document) return document.error().within(xml.string());
    std::filesystem::path weights = xml;
    weights.replace_extension(".bin");
    auto graph = IrAssembler(*document, std::move(weights), open_size).assemble();
    if (!graph) return graph.error().within(xml.string());
    return graph;
}

}  // namespace facet
