// SPDX-License-Identifier: MIT
// The self-test passes models that keep rows apart, tells of rounding and refuses those that mix.
#include "engine/backends/row_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "engine/base/log.h"

namespace facet {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kPixels = 12;

// Output row i is the sum of row i's pixels plus `leak` times that of the row after it.
class LeakyModel final : public CompiledModel {
  public:
    LeakyModel(int max_batch, float leak) : max_batch_(max_batch), leak_(leak) {}

    const std::vector<Port>& inputs() const override { return inputs_; }
    const std::vector<Port>& outputs() const override { return outputs_; }
    int max_batch() const override { return max_batch_; }
    std::string description() const override { return "leaky"; }
    Result<std::unique_ptr<InferRequest>> create_request(int /*threads*/) override;

    std::set<int> sizes_run;
    const int max_batch_;
    const float leak_;

  private:
    const std::vector<Port> inputs_{{"image", DataType::kU8, Shape{1, kPixels}}};
    const std::vector<Port> outputs_{{"sum", DataType::kF32, Shape{1, 1}}};
};

class LeakyRequest final : public InferRequest {
  public:
    explicit LeakyRequest(LeakyModel& model)
        : model_(model),
          input_(Tensor::allocate(DataType::kU8, Shape{model.max_batch_, kPixels})),
          output_(Tensor::allocate(DataType::kF32, Shape{model.max_batch_, 1})) {}

    MutableTensorView input(size_t) override { return input_.mutable_view(); }
    TensorView output(size_t) const override { return output_.view(); }
    Result<void> infer(int rows) override {
        model_.sizes_run.insert(rows);
        for (int row = 0; row < rows; ++row)
            output_.mutable_view().as<float>()[row] =
                sum_of(row) + model_.leak_ * (row + 1 < rows ? sum_of(row + 1) : 0);
        return {};
    }

  private:
    [[nodiscard]] float sum_of(int row) const {
        const auto pixels = input_.as<uint8_t>().subspan(row * kPixels, kPixels);
        return std::accumulate(pixels.begin(), pixels.end(), 0.0f);
    }

    LeakyModel& model_;
    Tensor input_, output_;
};

Result<std::unique_ptr<InferRequest>> LeakyModel::create_request(int /*threads*/) {
    return std::unique_ptr<InferRequest>(std::make_unique<LeakyRequest>(*this));
}

class RowCheck : public ::testing::Test {
  protected:
    RowCheck() {
        set_log_sink([this](LogLevel level, std::string_view message) {
            if (level == LogLevel::kWarning) warnings_.emplace_back(message);
        });
    }
    ~RowCheck() override { set_log_sink({}); }

    std::vector<std::string> warnings_;
};

TEST_F(RowCheck, PassesAModelThatKeepsRowsApartAndTriesSeveralSizes) {
    LeakyModel model(16, 0);
    EXPECT_TRUE(check_rows(model, {}).ok());
    EXPECT_THAT(warnings_, IsEmpty());
    EXPECT_EQ(model.sizes_run, (std::set<int>{1, 2, 3, 5, 8, 13, 16}));
}

TEST_F(RowCheck, RefusesAModelThatMixesRowsAndNamesOutputRowAndBatch) {
    LeakyModel model(4, 1);
    const Result<void> checked = check_rows(model, {});
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().code, ErrorCode::kDevice);
    EXPECT_THAT(checked.error().message, HasSubstr("output 'sum': row 0 of a batch of 4"));
}

TEST_F(RowCheck, WarnsOfADifferenceThatIsMoreThanRounding) {
    LeakyModel model(2, 1e-3f);
    EXPECT_TRUE(check_rows(model, {}).ok());
    EXPECT_THAT(warnings_, SizeIs(1));
}

TEST_F(RowCheck, AListThatDiffersIsAWarning) {
    LeakyModel model(2, 1);
    EXPECT_TRUE(check_rows(model, {.listing_outputs = {"sum"}}).ok());
    EXPECT_THAT(warnings_, SizeIs(1));
}

TEST_F(RowCheck, BeginsNoFurtherSizeOnceItsTimeIsUp) {
    LeakyModel model(16, 0);
    EXPECT_TRUE(check_rows(model, {.budget = Duration{0}}).ok());
    EXPECT_EQ(model.sizes_run, (std::set<int>{1, 16}));
}

}  // namespace
}  // namespace facet
