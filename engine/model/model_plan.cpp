// SPDX-License-Identifier: MIT
// The checks of options against ranges and each other, and what they imply.
#include "engine/model/model_plan.h"

#include <algorithm>
#include <utility>

#include "engine/base/image_size_list.h"
#include "engine/model/batch_device.h"
#include "engine/model/batch_profiles.h"

namespace facet {

namespace {

constexpr int kMostRequests = 64;

Error refused(const std::string& setting, const std::string& why) {
    return {ErrorCode::kInvalidArgument, "setting '" + setting + "': " + why};
}

Result<void> check_range(const char* setting, int64_t value, int64_t low, int64_t high) {
    if (value >= low && value <= high) return {};
    return refused(setting, std::to_string(value) + " is outside " + std::to_string(low) + ".." +
                                std::to_string(high));
}

Result<void> check(const ModelOptions& options) {
    FACET_TRY(check_range("max_batch", options.max_batch, 0, kLargestBatch));
    FACET_TRY(check_batch_profiles(options.batch_profiles));
    FACET_TRY(check_image_sizes(options.image_size_profiles));
    FACET_TRY(check_range("threads", options.threads, 0, 1024));
    FACET_TRY(check_range("requests", options.requests, 0, kMostRequests));
    FACET_TRY(check_range("num_requests", options.num_requests, 0, kLargestBatch));
    FACET_TRY(
        check_range("auto_batch_timeout", options.auto_batch_timeout.count(), 0, kNever.count()));
    if (!options.batch_profiles.empty() && !options.image_size_profiles.empty())
        return refused("image_size_profiles",
                       "not together with 'batch_profiles'; max_batch bounds the batch");
    if (!options.batch_profiles.empty() && options.max_batch != 0 &&
        options.max_batch != options.batch_profiles.back())
        return refused("max_batch", std::to_string(options.max_batch) +
                                        " is not the largest of 'batch_profiles', " +
                                        std::to_string(options.batch_profiles.back()) +
                                        "; 0 follows them");
    if (options.strict_profiles && options.batch_profiles.empty())
        return refused("strict_profiles", "no 'batch_profiles' to be strict about");
    if (!options.dynamic_batching && !options.batch_profiles.empty())
        return refused("dynamic_batching", "false leaves no use for 'batch_profiles'");
    return {};
}

// What the caller wants to have in hand, which automatic batching takes over.
const char* own_batches(const ModelOptions& options) {
    if (options.max_batch > 1) return "max_batch";
    if (!options.batch_profiles.empty()) return "batch_profiles";
    if (!options.image_size_profiles.empty()) return "image_size_profiles";
    return nullptr;
}

Result<void> plan_auto_batch(const ModelOptions& options, const std::optional<BatchDevice>& named,
                             ModelPlan& plan) {
    const bool by_hint =
        options.hint == PerformanceHint::kThroughput && plan.device.starts_with("GPU");
    if (!named && !by_hint) return {};
    if (!options.allow_auto_batching) {
        plan.reason = "not batched: allow_auto_batching is false";
        return {};
    }
    if (const char* setting = own_batches(options)) {
        if (named)
            return refused(setting, "not together with device '" + options.device +
                                        "', whose requests hold one row each");
        plan.reason = std::string("not batched automatically: '") + setting + "' is given";
        return {};
    }
    int batch = named && named->batch ? *named->batch : kUsualAutoBatch;
    plan.reason = "in batches of up to ";
    if (options.num_requests > 0 && options.num_requests < batch) {
        batch = options.num_requests;
        plan.reason = "num_requests leaves batches of up to ";
    }
    plan.reason += std::to_string(batch);
    if (batch > 1) plan.auto_batch = {.batch = batch, .asked = named.has_value()};
    return {};
}

}  // namespace

Result<ModelPlan> plan_model(const ModelOptions& options, int processors) {
    FACET_TRY(check(options));
    FACET_ASSIGN(const std::optional<BatchDevice> named, parse_batch_device(options.device));
    ModelPlan plan{.device = named ? named->device : options.device,
                   .max_batch = std::max(options.max_batch, 1),
                   .requests = std::max(options.requests, 1),
                   .threads = options.threads};
    if (!options.batch_profiles.empty()) plan.max_batch = options.batch_profiles.back();
    FACET_TRY(plan_auto_batch(options, named, plan));
    const bool many = options.hint == PerformanceHint::kThroughput && plan.device == "CPU" &&
                      !plan.auto_batch && options.requests == 0 && options.threads == 0;
    if (many) {
        plan.requests = std::clamp(processors, 1, kMostRequests);
        plan.threads = 1;
    }
    return plan;
}

}  // namespace facet
