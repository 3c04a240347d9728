// SPDX-License-Identifier: MIT
// The batch that the free memory of a device allows.
#include "engine/model/free_memory.h"

#include <gtest/gtest.h>

#include "engine/backends/registry.h"

namespace facet {
namespace {

// A row takes 4000 bytes of ports and 6000 of working memory.
class HungryModel final : public CompiledModel {
  public:
    const std::vector<Port>& inputs() const override { return ports_; }
    const std::vector<Port>& outputs() const override { return ports_; }
    int max_batch() const override { return 16; }
    Result<std::unique_ptr<InferRequest>> create_request(int /*threads*/) override {
        return Error{ErrorCode::kUnsupported, "runs nothing"};
    }
    std::optional<size_t> working_bytes(int rows) override {
        if (!plans_) return {};
        return static_cast<size_t>(rows) * 6'000;
    }
    std::string description() const override { return "hungry"; }

    bool plans_ = true;

  private:
    std::vector<Port> ports_{{"port", DataType::kF32, Shape{1, 500}}};
};

TEST(FreeMemory, HalvesTheBatchUntilItFits) {
    HungryModel model;
    EXPECT_EQ(largest_fitting_batch(model, 1, 320'000), 16) << "exactly half of it";
    EXPECT_EQ(largest_fitting_batch(model, 1, 319'999), 8);
    EXPECT_EQ(largest_fitting_batch(model, 2, 320'000), 8) << "each request needs its own";
    EXPECT_EQ(largest_fitting_batch(model, 1, 0), 1);
}

TEST(FreeMemory, LimitsNothingThatItDoesNotKnow) {
    HungryModel model;
    EXPECT_EQ(largest_fitting_batch(model, 1, {}), 16);
    model.plans_ = false;
    EXPECT_EQ(largest_fitting_batch(model, 1, 1), 16);
    EXPECT_GT(free_memory(**find_backend("CPU")).value_or(0), 0u);
}

}  // namespace
}  // namespace facet
