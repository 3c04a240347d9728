// SPDX-License-Identifier: MIT
// The conformance runner sees what it is there to see: a backend that is off, or that mixes rows.
#include "tests/conformance/conformance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <variant>

#include "engine/backends/reference/reference_backend.h"

namespace facet::testing {
namespace {

// Adds to every output element: `error`, and `error_per_row` for each row of the batch it ran in.
struct Fault {
    float error = 0;
    float error_per_row = 0;
};

class FaultyRequest final : public InferRequest {
  public:
    FaultyRequest(std::unique_ptr<InferRequest> good, size_t outputs, Fault fault)
        : good_(std::move(good)), outputs_(outputs), fault_(fault) {}
    MutableTensorView input(size_t port) override { return good_->input(port); }
    TensorView output(size_t port) const override { return outputs_[port].view(); }
    Result<void> infer(int rows) override {
        FACET_TRY(good_->infer(rows));
        const float added = fault_.error + fault_.error_per_row * static_cast<float>(rows);
        for (size_t port = 0; port < outputs_.size(); ++port) {
            const TensorView good = good_->output(port);
            outputs_[port] = Tensor::allocate(good.type, good.shape);
            const auto values = outputs_[port].mutable_view().as<float>();
            for (size_t i = 0; i < values.size(); ++i) values[i] = good.as<float>()[i] + added;
        }
        return {};
    }

  private:
    const std::unique_ptr<InferRequest> good_;
    std::vector<Tensor> outputs_;
    const Fault fault_;
};

class FaultyModel final : public CompiledModel {
  public:
    FaultyModel(std::shared_ptr<CompiledModel> good, Fault fault)
        : good_(std::move(good)), fault_(fault) {}
    const std::vector<Port>& inputs() const override { return good_->inputs(); }
    const std::vector<Port>& outputs() const override { return good_->outputs(); }
    int max_batch() const override { return good_->max_batch(); }
    std::string description() const override { return "faulty"; }
    Result<std::unique_ptr<InferRequest>> create_request(int /*threads*/) override {
        FACET_ASSIGN(auto good, good_->create_request());
        return std::unique_ptr<InferRequest>(
            std::make_unique<FaultyRequest>(std::move(good), outputs().size(), fault_));
    }

  private:
    const std::shared_ptr<CompiledModel> good_;
    const Fault fault_;
};

class FaultyBackend final : public Backend {
  public:
    explicit FaultyBackend(Fault fault) : fault_(fault) {}
    std::string_view name() const override { return "FAULTY"; }
    Result<void> supports(const Graph&, const Node&) const override { return {}; }
    Result<std::shared_ptr<CompiledModel>> compile(std::shared_ptr<const Graph> graph,
                                                   const CompileOptions& options) const override {
        FACET_ASSIGN(auto good, reference_backend().compile(std::move(graph), options));
        return std::shared_ptr<CompiledModel>(
            std::make_shared<FaultyModel>(std::move(good), fault_));
    }

  private:
    const Fault fault_;
};

Tensor values(const std::vector<float>& elements) {
    return Tensor::of<float>(Shape{static_cast<int64_t>(elements.size())},
                             std::span<const float>(elements));
}

TEST(Conformance, MeasuresABackendThatIsOff) {
    const auto difference = run_case(FaultyBackend({0.25f, 0}), op_cases().front(), 2);
    ASSERT_TRUE(difference) << difference.error().text();
    EXPECT_NEAR(difference->max_absolute, 0.25, 1e-6);
    EXPECT_GT(difference->max_relative, op_cases().front().tolerance);
}

TEST(Conformance, SeesRowsThatDependOnTheBatch) {
    const OpCase& op_case = op_cases().front();
    const auto mixed = compare_rows(FaultyBackend({0, 0.125f}), op_case, 3);
    ASSERT_TRUE(mixed) << mixed.error().text();
    EXPECT_NEAR(mixed->max_absolute, 0.25, 1e-6);
    const auto apart = compare_rows(FaultyBackend({0.125f, 0}), op_case, 3);
    ASSERT_TRUE(apart) << apart.error().text();
    EXPECT_EQ(apart->max_absolute, 0.0);
}

TEST(Conformance, NoDifferenceIsHiddenByInfinitiesOrShapes) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    EXPECT_EQ(compare({values({1, kInfinity})}, {values({1, kInfinity})}).max_absolute, 0.0);
    EXPECT_TRUE(std::isinf(compare({values({NAN})}, {values({1})}).max_relative));
    EXPECT_TRUE(std::isinf(compare({values({1})}, {values({-kInfinity})}).max_relative));
    EXPECT_TRUE(std::isinf(compare({values({1, 2})}, {values({1})}).max_relative));
    EXPECT_TRUE(std::isinf(compare({}, {values({1})}).max_relative));
    EXPECT_TRUE(std::isinf(compare({values({1e-9f})}, {values({0})}).max_relative));
}

TEST(Conformance, InputsOfARowDoNotDependOnTheBatch) {
    const OpCase& op_case = op_cases().front();
    const auto graph = prepare_case(op_case);
    ASSERT_TRUE(graph) << graph.error().text();
    const Tensor one = case_inputs(op_case, **graph, 1)[0];
    const Tensor two = case_inputs(op_case, **graph, 2)[0];
    const auto first = two.as<float>().first(one.as<float>().size());
    const auto second = two.as<float>().last(one.as<float>().size());
    EXPECT_TRUE(std::ranges::equal(one.as<float>(), first));
    EXPECT_FALSE(std::ranges::equal(first, second));
}

template <size_t... Index>
std::set<std::string_view> all_operations(std::index_sequence<Index...>) {
    return {name_of(OpParams(std::in_place_index<Index>))...};
}

// ShapeOf, the prior boxes and what becomes a Reshape or nothing never survive prepare(). The suite
// runs batches, so what mixes rows has no place in it: ONNX's own cases and the tests of the
// reference backend judge those.
TEST(Conformance, HasACaseForEveryOperationThatABackendMeetsInBatches) {
    std::set<std::string_view> without_case =
        all_operations(std::make_index_sequence<std::variant_size_v<OpParams>>());
    std::set<std::string> names;
    for (const OpCase& op_case : op_cases()) {
        EXPECT_TRUE(names.insert(op_case.name).second) << op_case.name << " is there twice";
        const auto graph = prepare_case(op_case);
        ASSERT_TRUE(graph) << graph.error().text();
        for (const Node& node : (*graph)->nodes) without_case.erase(name_of(node.params));
    }
    const std::set<std::string_view> folded{"ShapeOf",  "Squeeze",  "Unsqueeze",        "Flatten",
                                            "Identity", "PriorBox", "PriorBoxClustered"};
    const std::set<std::string_view> mixing{"NonMaxSuppression", "RoiPooling"};
    std::set<std::string_view> expected = folded;
    expected.insert(mixing.begin(), mixing.end());
    EXPECT_EQ(without_case, expected);
}

}  // namespace
}  // namespace facet::testing
