// SPDX-License-Identifier: MIT
// The seam inside a model: what is compiled, and the two ways to run it. Not installed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/batching/batcher.h"
#include "engine/model.h"
#include "engine/model/compile_model.h"
#include "engine/model/model_plan.h"

namespace facet {

// The model at one size of its image input; without sizes, of which there is one, 0x0.
struct SizedModel {
    ImageSize size;
    std::shared_ptr<CompiledModel> compiled;
};

// What both kinds of model say of themselves.
struct ModelFacts {
    std::vector<ModelPort> inputs, outputs;
    int max_batch = 1;
    std::vector<ImageSize> image_sizes;
    int optimal_batch = 1;
    int optimal_requests = 1;
    std::string description;
};
[[nodiscard]] ModelFacts facts_of(const ModelPlan& plan, const std::vector<SizedModel>& sizes);

class ModelWithFacts : public Model {
  public:
    explicit ModelWithFacts(ModelFacts facts) : facts_(std::move(facts)) {}
    [[nodiscard]] const std::vector<ModelPort>& inputs() const override { return facts_.inputs; }
    [[nodiscard]] const std::vector<ModelPort>& outputs() const override { return facts_.outputs; }
    [[nodiscard]] int max_batch() const override { return facts_.max_batch; }
    [[nodiscard]] const std::vector<ImageSize>& image_sizes() const override {
        return facts_.image_sizes;
    }
    [[nodiscard]] int optimal_batch_size() const override { return facts_.optimal_batch; }
    [[nodiscard]] int optimal_number_of_infer_requests() const override {
        return facts_.optimal_requests;
    }
    [[nodiscard]] std::string description() const override { return facts_.description; }

  private:
    const ModelFacts facts_;
};

// A request as the threads of its model see it.
struct RequestItem final : BatchItem {
    class Target {
      public:
        virtual ~Target() = default;
        // Ends the request; it may be gone afterwards.
        virtual void finish(Result<void> result) = 0;
    };
    Target* target = nullptr;
};

// Requests with the device's buffers: one per size, each compiled for plan.max_batch rows.
[[nodiscard]] Result<std::shared_ptr<Model>> start_direct_model(const ModelPlan& plan,
                                                                const ModelOptions& options,
                                                                std::vector<SizedModel> sizes,
                                                                Clock& clock);

// Requests of one row, run in batches of up to plan.auto_batch->batch by `compiled`. If that has
// not been checked, the first batch begins with it; where rows mix, requests then run one by one,
// and a warning is logged.
[[nodiscard]] Result<std::shared_ptr<Model>> start_gathered_model(const ModelPlan& plan,
                                                                  const ModelOptions& options,
                                                                  CompiledRows compiled,
                                                                  Clock& clock);

}  // namespace facet
