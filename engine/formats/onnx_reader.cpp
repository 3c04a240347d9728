// SPDX-License-Identifier: MIT
// ONNX: the parsed message becomes values and nodes; initializers stay in the message.
#include "engine/formats/onnx_reader.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "engine/formats/file_shape.h"
#include "engine/formats/mapped_file.h"
#include "engine/formats/onnx_op.h"
#include "engine/formats/onnx_tensor.h"

namespace facet {

namespace {

bool is_default_domain(const std::string& domain) {
    return domain.empty() || domain == "ai.onnx";
}

const OnnxOpRow* find_row(std::span<const OnnxOpRow> table, const onnx::NodeProto& node,
                          int opset) {
    if (!is_default_domain(node.domain())) return nullptr;
    for (const OnnxOpRow& row : table)
        if (row.type == node.op_type() && row.first_opset <= opset && opset <= row.last_opset)
            return &row;
    return nullptr;
}

const OnnxOpRow* find_row(const onnx::NodeProto& node, int opset) {
    for (const auto table :
         {onnx_constant_ops(), onnx_element_wise_ops(), onnx_spatial_ops(), onnx_window_ops(),
          onnx_shape_ops(), onnx_normalize_ops(), onnx_select_ops(), onnx_quantised_ops()})
        if (const OnnxOpRow* row = find_row(table, node, opset)) return row;
    return nullptr;
}

bool is_constant(const onnx::NodeProto& node, int opset) {
    return find_row(onnx_constant_ops(), node, opset) != nullptr;
}

Result<std::shared_ptr<const onnx::ModelProto>> parse(std::span<const std::byte> bytes) {
    if (bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max()))
        return Error{ErrorCode::kUnsupported, "is larger than the 2 GiB a protobuf message may be"};
    auto model = std::make_shared<onnx::ModelProto>();
    if (!model->ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return Error{ErrorCode::kCorrupt, "is not an ONNX model: the protobuf message is damaged"};
    if (!model->has_graph())
        return Error{ErrorCode::kCorrupt, "is not an ONNX model: it has no graph"};
    return std::shared_ptr<const onnx::ModelProto>(std::move(model));
}

Result<int> default_opset(const onnx::ModelProto& model) {
    for (const onnx::OperatorSetIdProto& import : model.opset_import()) {
        if (!is_default_domain(import.domain())) continue;
        if (import.version() < kOldestOpset || import.version() > kNewestOpset) {
            return Error{ErrorCode::kUnsupported,
                         "ONNX operator set " + std::to_string(import.version()) + "; supported: " +
                             std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset)};
        }
        return static_cast<int>(import.version());
    }
    if (model.opset_import_size() > 0) {
        return Error{ErrorCode::kUnsupported, "operator sets of the domain '" +
                                                  model.opset_import(0).domain() +
                                                  "' alone; supported: the default domain"};
    }
    return Error{ErrorCode::kCorrupt, "names no operator set of the default domain"};
}

// All operators at once, so that one look at the message tells whether a model is near or far.
Result<void> require_known_operators(const onnx::GraphProto& graph, int opset) {
    std::string unknown;
    std::vector<std::string> listed;
    for (const onnx::NodeProto& node : graph.node()) {
        if (find_row(node, opset) != nullptr) continue;
        const std::string type = is_default_domain(node.domain())
                                     ? node.op_type()
                                     : node.domain() + "." + node.op_type();
        if (std::ranges::find(listed, type) != listed.end()) continue;
        listed.push_back(type);
        std::string name = node.name();
        if (name.empty() && node.output_size() > 0) name = node.output(0);
        unknown += (unknown.empty() ? "" : ", ") + type + " (first in '" + name + "')";
    }
    if (unknown.empty()) return {};
    return Error{ErrorCode::kUnsupported,
                 "operators " + unknown + " of operator set " + std::to_string(opset) +
                     "; supported: convolution, pooling, element-wise and shape operators of the "
                     "default domain"};
}

// Turns a message into a graph. Invariant: value_of_ maps every tensor name seen so far; written_
// holds those that are an input, an initializer or some node's output.
class OnnxAssembler {
  public:
    OnnxAssembler(std::shared_ptr<const onnx::ModelProto> model, int opset,
                  std::optional<Extent2> open_size)
        : model_(std::move(model)), proto_(model_->graph()), opset_(opset), open_size_(open_size) {}

    [[nodiscard]] Result<Graph> assemble() {
        graph_.name = proto_.name();
        FACET_TRY(require_known_operators(proto_, opset_));
        FACET_TRY(read_initializers());
        FACET_TRY(read_inputs());
        for (const bool constants : {true, false}) {
            for (const onnx::NodeProto& node : proto_.node())
                if (is_constant(node, opset_) == constants) FACET_TRY(read_node(node));
        }
        FACET_TRY(read_outputs());
        FACET_TRY(require_no_use_of_outputs_left_out());
        FACET_TRY(finish_graph(graph_));
        return std::move(graph_);
    }

  private:
    Result<void> read_initializers() {
        if (proto_.sparse_initializer_size() > 0)
            return Error{ErrorCode::kUnsupported, "sparse initializers; supported: dense ones"};
        for (const onnx::TensorProto& initializer : proto_.initializer()) {
            FACET_TRY(write(initializer.name(), "initializer"));
            FACET_ASSIGN(Tensor tensor, read_onnx_tensor(model_, initializer));
            Value& value = graph_.value(value_of(initializer.name()));
            value.type = tensor.type();
            value.shape = tensor.shape();
            value.constant = std::move(tensor);
        }
        return {};
    }

    // Below IR version 4 initializers are listed as inputs too.
    Result<void> read_inputs() {
        for (const onnx::ValueInfoProto& input : proto_.input()) {
            const auto known = value_of_.find(input.name());
            if (known != value_of_.end() && graph_.value(known->second).constant) continue;
            FACET_TRY(write(input.name(), "input"));
            const ValueId id = value_of(input.name());
            FACET_TRY(read_input_type(input, graph_.value(id)));
            graph_.inputs.push_back(id);
        }
        if (graph_.inputs.empty()) return Error{ErrorCode::kCorrupt, "the graph has no input"};
        return {};
    }

    Result<void> read_input_type(const onnx::ValueInfoProto& input, Value& value) const {
        const std::string place = "input '" + input.name() + "'";
        if (!input.type().has_tensor_type())
            return Error{ErrorCode::kUnsupported, place + ": is no tensor; supported: tensors"};
        const auto& tensor_type = input.type().tensor_type();
        switch (tensor_type.elem_type()) {
            case onnx::TensorProto::FLOAT:
            case onnx::TensorProto::FLOAT16:
                value.type = DataType::kF32;
                break;
            case onnx::TensorProto::UINT8:
                value.type = DataType::kU8;
                break;
            default:
                return Error{ErrorCode::kUnsupported, place + ": element type " +
                                                          std::to_string(tensor_type.elem_type()) +
                                                          "; supported: FLOAT, FLOAT16, UINT8"};
        }
        if (!tensor_type.has_shape())
            return Error{ErrorCode::kUnsupported, place + ": has no shape; supported: known axes"};
        std::vector<std::optional<int64_t>> extents;
        for (const auto& dimension : tensor_type.shape().dim()) {
            // Some exporters write a dynamic extent as 0 or -1.
            const bool known = dimension.has_dim_value() && dimension.dim_value() > 0;
            extents.push_back(known ? std::optional(dimension.dim_value()) : std::nullopt);
        }
        FACET_ASSIGN(value.shape, input_shape_from_file(input.name(), extents, open_size_));
        return {};
    }

    Result<void> read_node(const onnx::NodeProto& node) {
        std::vector<ValueId> inputs, outputs;
        for (const std::string& name : node.input())
            inputs.push_back(name.empty() ? kNoValue : value_of(name));
        // Trailing empty names only pad the list.
        while (!inputs.empty() && inputs.back() == kNoValue) inputs.pop_back();
        for (const std::string& name : node.output()) {
            if (!name.empty()) FACET_TRY(write(name, "output of a node"));
            outputs.push_back(name.empty() ? kNoValue : value_of(name));
        }
        OnnxOp op(graph_, model_, node, opset_, std::move(inputs), std::move(outputs));
        FACET_TRY(find_row(node, opset_)->read(op));
        note_outputs_left_out(node);
        return {};
    }

    // Optional outputs that the node's reader does not provide.
    void note_outputs_left_out(const onnx::NodeProto& node) {
        const auto is_written = [&](ValueId id) {
            return graph_.value(id).constant ||
                   std::ranges::any_of(graph_.nodes, [id](const Node& written) {
                       return std::ranges::find(written.outputs, id) != written.outputs.end();
                   });
        };
        for (int i = 1; i < node.output_size(); ++i) {
            if (node.output(i).empty() || is_written(value_of(node.output(i)))) continue;
            left_out_.emplace(value_of(node.output(i)),
                              Node{node.name(), node.op_type(), {}, {}, {}}.text() + ": output " +
                                  std::to_string(i) + " '" + node.output(i) + "'");
        }
    }

    Result<void> require_no_use_of_outputs_left_out() const {
        std::vector<ValueId> used = graph_.outputs;
        for (const Node& node : graph_.nodes)
            used.insert(used.end(), node.inputs.begin(), node.inputs.end());
        for (const auto& [id, what] : left_out_) {
            if (std::ranges::find(used, id) != used.end())
                return Error{ErrorCode::kUnsupported, what + "; supported: the outputs before it"};
        }
        return {};
    }

    Result<void> read_outputs() {
        for (const onnx::ValueInfoProto& output : proto_.output()) {
            if (!written_.contains(output.name())) {
                return Error{ErrorCode::kCorrupt,
                             "output '" + output.name() + "' is written by no node"};
            }
            graph_.outputs.push_back(value_of(output.name()));
        }
        if (graph_.outputs.empty()) return Error{ErrorCode::kCorrupt, "the graph has no output"};
        return {};
    }

    Result<void> write(const std::string& name, const char* what) {
        if (!name.empty() && written_.insert(name).second) return {};
        return Error{ErrorCode::kCorrupt,
                     std::string(what) + " '" + name + "': the name is empty or written twice"};
    }

    ValueId value_of(const std::string& name) {
        const auto [entry, is_new] = value_of_.try_emplace(name, kNoValue);
        if (is_new) entry->second = graph_.add_value(name);
        return entry->second;
    }

    std::shared_ptr<const onnx::ModelProto> model_;
    const onnx::GraphProto& proto_;
    int opset_;
    std::optional<Extent2> open_size_;
    Graph graph_;
    std::unordered_map<std::string, ValueId> value_of_;
    std::unordered_set<std::string> written_;
    std::unordered_map<ValueId, std::string> left_out_;  // value -> how errors name it
};

}  // namespace

Result<Graph> read_onnx(const std::filesystem::path& path, std::optional<Extent2> open_size) {
    const std::string place = path.string();
    const auto file = MappedFile::open(path);
    if (!file) return file.error().within(place);
    auto model = parse((*file)->bytes());
    if (!model) return model.error().within(place);
    const auto opset = default_opset(**model);
    if (!opset) return opset.error().within(place);
    auto graph = OnnxAssembler(*std::move(model), *opset, open_size).assemble();
    if (!graph) return graph.error().within(place);
    return graph;
}

}  // namespace facet
