// SPDX-License-Identifier: MIT
// Binds a case's operands, runs it and compares as ONNX's own runner does.
#include "tests/conformance/onnx_case.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <optional>

#include "engine/backends/reference/reference_backend.h"
#include "engine/backends/registry.h"
#include "engine/formats/model_reader.h"
#include "engine/formats/onnx_tensor.h"
#include "engine/graph/pass_steps.h"
#include "tests/conformance/onnx_scope.h"

namespace facet::testing {

namespace {

namespace fs = std::filesystem;

// numpy.testing.assert_allclose as onnx.backend.test.runner calls it.
constexpr double kRelative = 1e-3;
constexpr double kAbsolute = 1e-7;

struct Disputed {
    const char* name;
    const char* reason;
};
constexpr Disputed kDisputed[] = {
    {"test_resize_downsample_scales_cubic_align_corners",
     "the expected values align corners with an output 3.2 pixels wide that has 3"},
    {"test_resize_downsample_scales_linear_align_corners",
     "the expected values align corners with an output 2.4 pixels wide that has 2; ONNX Runtime "
     "leaves the case out as well"},
};

struct DataSet {
    std::vector<onnx::TensorProto> inputs, outputs;
};

template <typename Message>
std::optional<Message> parse(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    Message message;
    if (!file || !message.ParseFromIstream(&file)) return {};
    return message;
}

std::vector<onnx::TensorProto> read_tensors(const fs::path& folder, const std::string& stem) {
    std::vector<onnx::TensorProto> tensors;
    while (auto tensor = parse<onnx::TensorProto>(
               folder / (stem + "_" + std::to_string(tensors.size()) + ".pb")))
        tensors.push_back(std::move(*tensor));
    return tensors;
}

// Of a type that inputs of a graph may have, and not empty, which no input is.
bool may_be_input(const onnx::TensorProto& tensor) {
    if (std::ranges::find(tensor.dims(), 0) != tensor.dims().end()) return false;
    return tensor.data_type() == onnx::TensorProto::FLOAT ||
           tensor.data_type() == onnx::TensorProto::FLOAT16 ||
           tensor.data_type() == onnx::TensorProto::UINT8;
}

// Leaves the inputs that `keeps` names, with the shapes of their data; the others become constants.
onnx::ModelProto bound(const onnx::ModelProto& model, const DataSet& data,
                       const std::function<bool(int)>& keeps) {
    onnx::ModelProto result = model;
    onnx::GraphProto& graph = *result.mutable_graph();
    graph.clear_input();
    const int count = std::min(model.graph().input_size(), static_cast<int>(data.inputs.size()));
    for (int i = 0; i < model.graph().input_size(); ++i) {
        const onnx::ValueInfoProto& declared = model.graph().input(i);
        if (i >= count || !declared.type().has_tensor_type()) {
            *graph.add_input() = declared;
        } else if (keeps(i)) {
            onnx::ValueInfoProto& input = *graph.add_input();
            input = declared;
            auto& shape = *input.mutable_type()->mutable_tensor_type()->mutable_shape();
            shape.clear_dim();
            for (const int64_t extent : data.inputs[i].dims())
                shape.add_dim()->set_dim_value(extent);
        } else {
            onnx::TensorProto& constant = *graph.add_initializer();
            constant = data.inputs[i];
            constant.set_name(declared.name());
        }
    }
    return result;
}

Result<Graph> read_bound(const onnx::ModelProto& model, const fs::path& scratch) {
    const fs::path path = scratch / "model.onnx";
    {
        std::ofstream file(path, std::ios::binary);
        if (!model.SerializeToOstream(&file)) return Error{ErrorCode::kIo, path.string()};
    }
    auto graph = read_model(path);
    if (graph) return graph;
    // The file's name says nothing here.
    Error error = graph.error();
    const std::string place = path.string() + ": ";
    if (error.message.starts_with(place)) error.message.erase(0, place.size());
    return error;
}

std::vector<double> numbers_of(const TensorView& view) {
    Tensor wide = Tensor::allocate(DataType::kF32, view.shape);
    std::vector<double> numbers(view.shape.elements());
    if (view.type == DataType::kI64) {
        std::ranges::copy(view.as<int64_t>(), numbers.begin());
        return numbers;
    }
    const MutableTensorView target = wide.mutable_view();
    if (!reference::run(ConvertParams{DataType::kF32}, {&view, 1}, {&target, 1})) return {};
    std::ranges::copy(wide.as<float>(), numbers.begin());
    return numbers;
}

// Without the rows of -1 that fill up a list whose length ONNX leaves to the data.
TensorView without_filler(TensorView list) {
    while (list.shape[0] > 0 && list.as<int64_t>().back() == -1) --list.shape[0];
    return list;
}

// What differs, or nothing.
std::string difference(TensorView actual, const TensorView& expected) {
    if (actual.type == DataType::kI64 && actual.shape.rank() == 2 && actual.shape[1] == 3 &&
        actual.shape != expected.shape)
        actual = without_filler(actual);
    if (actual.shape != expected.shape)
        return "shape " + actual.shape.text() + " instead of " + expected.shape.text();
    const std::vector<double> a = numbers_of(actual);
    const std::vector<double> b = numbers_of(expected);
    for (size_t i = 0; i < b.size(); ++i) {
        if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
        if (std::abs(a[i] - b[i]) <= kAbsolute + kRelative * std::abs(b[i])) continue;
        return "element " + std::to_string(i) + " is " + std::to_string(a[i]) + " instead of " +
               std::to_string(b[i]);
    }
    return {};
}

Result<std::string> compare_outputs(const DataSet& data,
                                    const std::function<TensorView(size_t)>& output,
                                    size_t outputs) {
    for (size_t i = 0; i < std::min(outputs, data.outputs.size()); ++i) {
        const auto owner = std::make_shared<onnx::TensorProto>(data.outputs[i]);
        FACET_ASSIGN(const Tensor expected, read_onnx_tensor(owner, *owner));
        const std::string what = difference(output(i), expected.view());
        if (!what.empty()) return "output " + std::to_string(i) + ": " + what;
    }
    return std::string();
}

Result<void> write_inputs(const onnx::ModelProto& model, const DataSet& data,
                          const CompiledModel& compiled, InferRequest& request) {
    for (size_t port = 0; port < compiled.inputs().size(); ++port) {
        for (int i = 0; i < model.graph().input_size(); ++i) {
            if (model.graph().input(i).name() != compiled.inputs()[port].name) continue;
            const auto owner = std::make_shared<onnx::TensorProto>(data.inputs[i]);
            FACET_ASSIGN(const Tensor tensor, read_onnx_tensor(owner, *owner));
            const TensorView from = tensor.view();
            const MutableTensorView to = request.input(port);
            FACET_TRY(reference::run(ConvertParams{to.type}, {&from, 1}, {&to, 1}));
        }
    }
    return {};
}

// Each returns what differs, "" for nothing, or the error with which Facet refused the case.
Result<std::string> run_on_backends(const onnx::ModelProto& model, const DataSet& data,
                                    const std::function<bool(int)>& keeps,
                                    const fs::path& scratch) {
    FACET_ASSIGN(Graph graph, read_bound(bound(model, data, keeps), scratch));
    FACET_TRY(prepare(graph, reference::evaluate));
    const auto shared = std::make_shared<const Graph>(std::move(graph));
    for (const char* device : {"REFERENCE", "CPU"}) {
        FACET_ASSIGN(const Backend* backend, find_backend(device));
        for (const Node& node : shared->nodes) FACET_TRY(backend->supports(*shared, node));
        FACET_ASSIGN(const auto compiled, backend->compile(shared, {.max_batch = 1, .threads = 1}));
        FACET_ASSIGN(const auto request, compiled->create_request());
        FACET_TRY(write_inputs(model, data, *compiled, *request));
        FACET_TRY(request->infer(1));
        FACET_ASSIGN(const std::string what, compare_outputs(
                                                 data, [&](size_t i) { return request->output(i); },
                                                 compiled->outputs().size()));
        if (!what.empty()) return std::string(device) + ": " + what;
    }
    return std::string();
}

Result<std::string> run_by_folding(const onnx::ModelProto& model, const DataSet& data,
                                   const fs::path& scratch) {
    onnx::ModelProto constant = bound(model, data, [](int) { return false; });
    // A graph must have an input; nothing reads this one.
    onnx::ValueInfoProto& unused = *constant.mutable_graph()->add_input();
    unused.set_name("facet/unused");
    auto& type = *unused.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    type.mutable_shape()->add_dim()->set_dim_value(1);
    FACET_ASSIGN(Graph graph, read_bound(constant, scratch));
    widen_f16(graph);
    FACET_TRY(fold_constants(graph, reference::evaluate));
    for (const ValueId id : graph.outputs)
        if (!graph.value(id).constant)
            return Error{ErrorCode::kInternal, "a node of constants was not computed"};
    return compare_outputs(
        data, [&](size_t i) { return graph.value(graph.outputs[i]).constant->view(); },
        graph.outputs.size());
}

std::vector<std::string> operators_of(const onnx::ModelProto& model) {
    std::vector<std::string> operators;
    for (const onnx::NodeProto& node : model.graph().node()) operators.push_back(node.op_type());
    return operators;
}

// A refusal is a failure where no reason in words speaks for it.
Outcome judge_refusal(const onnx::ModelProto& model, const std::string& refusal) {
    const std::string reason = reason_out_of_scope(operators_of(model), refusal);
    if (reason.empty()) return {Verdict::kFailed, {}, "refused: " + refusal};
    return {Verdict::kOutOfScope, {}, reason};
}

Outcome run_data_set(const onnx::ModelProto& model, const DataSet& data, const fs::path& scratch) {
    std::vector<int> inputs;
    for (int i = 0; i < static_cast<int>(data.inputs.size()); ++i)
        if (may_be_input(data.inputs[i])) inputs.push_back(i);
    struct Attempt {
        const char* how;
        std::function<Result<std::string>()> run;
    };
    std::vector<Attempt> attempts;
    if (!inputs.empty()) {
        attempts.push_back({"", [&] {
                                return run_on_backends(
                                    model, data,
                                    [&](int i) { return may_be_input(data.inputs[i]); }, scratch);
                            }});
    }
    if (inputs.size() > 1) {
        attempts.push_back({"other operands constant", [&] {
                                return run_on_backends(
                                    model, data, [&](int i) { return i == inputs[0]; }, scratch);
                            }});
    }
    attempts.push_back(
        {"computed while loading", [&] { return run_by_folding(model, data, scratch); }});

    std::string refusal;
    for (const Attempt& attempt : attempts) {
        const auto what = attempt.run();
        if (what && what->empty()) return {Verdict::kPassed, {}, attempt.how};
        if (what) return {Verdict::kFailed, {}, *what};
        if (what.error().code != ErrorCode::kUnsupported)
            return {Verdict::kFailed, {}, what.error().text()};
        if (refusal.empty()) refusal = what.error().message;
    }
    return judge_refusal(model, refusal);
}

}  // namespace

std::vector<OnnxCase> find_onnx_cases(const fs::path& root) {
    std::vector<OnnxCase> cases;
    // "real" holds the addresses of models, not the models.
    for (const char* group : {"node", "simple", "pytorch-converted", "pytorch-operator"}) {
        if (!fs::is_directory(root / group)) continue;
        for (const auto& entry : fs::directory_iterator(root / group))
            if (fs::exists(entry.path() / "model.onnx"))
                cases.push_back({group, entry.path().filename().string(), entry.path()});
    }
    std::ranges::sort(cases, {}, [](const OnnxCase& c) { return std::pair(c.group, c.name); });
    return cases;
}

std::string operator_of(const OnnxCase& onnx_case) {
    const auto model = parse<onnx::ModelProto>(onnx_case.folder / "model.onnx");
    if (!model || model->graph().node_size() != 1) return "(several operators)";
    return model->graph().node(0).op_type();
}

Outcome run_onnx_case(const OnnxCase& onnx_case, const fs::path& scratch) {
    for (const auto& [name, reason] : kDisputed)
        if (onnx_case.name == name) return {Verdict::kOutOfScope, {}, reason};
    const auto model = parse<onnx::ModelProto>(onnx_case.folder / "model.onnx");
    if (!model) return {Verdict::kFailed, {}, "model.onnx is damaged"};
    Outcome outcome{Verdict::kFailed, {}, "has no data"};
    for (int set = 0;; ++set) {
        const fs::path folder = onnx_case.folder / ("test_data_set_" + std::to_string(set));
        if (!fs::is_directory(folder)) return outcome;
        const DataSet data{read_tensors(folder, "input"), read_tensors(folder, "output")};
        outcome = run_data_set(*model, data, scratch);
        if (outcome.verdict != Verdict::kPassed) return outcome;
    }
}

}  // namespace facet::testing
