// SPDX-License-Identifier: MIT
// Requests whose tensors are the device's own memory, each a batch by itself.
#include <algorithm>
#include <utility>

#include "engine/base/mutex.h"
#include "engine/model/batch_profiles.h"
#include "engine/model/model_internal.h"
#include "engine/model/request_state.h"
#include "engine/model/rows.h"

namespace facet {

namespace {

Error refused(std::string message) {
    return {ErrorCode::kInvalidArgument, std::move(message)};
}

std::string list_of(const std::vector<int>& numbers) {
    std::string text;
    for (const int number : numbers) text += (text.empty() ? "" : ", ") + std::to_string(number);
    return text;
}

// Which batches a request of the model may have.
struct BatchRule {
    int most = 1;
    bool dynamic = true;
    bool strict = false;
    std::vector<int> profiles;

    [[nodiscard]] Result<void> check(int rows) const {
        const std::string asked = "batch of " + std::to_string(rows) + " rows";
        if (!dynamic && rows != most)
            return refused(asked +
                           ": dynamic batching is not enabled; supported: " + std::to_string(most));
        if (rows < 1 || rows > most)
            return refused(asked + "; supported: 1 to " + std::to_string(most));
        if (strict && std::ranges::count(profiles, rows) == 0)
            return refused(asked + " is no profile; supported: " + list_of(profiles));
        return {};
    }
};

class DirectModel final : public ModelWithFacts,
                          private BatchRunner,
                          public std::enable_shared_from_this<DirectModel> {
  public:
    DirectModel(ModelFacts facts, BatchRule rule, CostTable costs, std::vector<SizedModel> sizes,
                int requests, Clock& clock)
        : ModelWithFacts(std::move(facts)),
          rule_(std::move(rule)),
          sizes_(std::move(sizes)),
          clock_(clock),
          costs_(std::move(costs)),
          // Each item is a request of its own: the threads take them as they come.
          batcher_({.max_batch = 1, .slots = requests}, clock, *this) {}

    [[nodiscard]] Result<std::unique_ptr<Request>> create_request() override;

    [[nodiscard]] const BatchRule& rule() const { return rule_; }
    [[nodiscard]] const std::vector<SizedModel>& sizes() const { return sizes_; }
    [[nodiscard]] Clock& clock() { return clock_; }
    [[nodiscard]] Batcher& batcher() { return batcher_; }
    [[nodiscard]] std::vector<RunPart> parts_of(int rows) const {
        if (rule_.profiles.empty() || rule_.strict) return {{rows, rows}};
        MutexLock lock(mutex_);
        return plan_parts(rule_.profiles, costs_, rows);
    }
    void observe(int rows, Duration took) {
        MutexLock lock(mutex_);
        costs_.observe(rows, took);
    }

  private:
    void run(Batch batch, int slot) override;
    void discard(std::vector<std::unique_ptr<BatchItem>> items, DiscardReason reason) override;

    const BatchRule rule_;
    const std::vector<SizedModel> sizes_;  // the largest first
    Clock& clock_;
    mutable Mutex mutex_;  // guards costs_
    CostTable costs_ FACET_GUARDED_BY(mutex_);
    Batcher batcher_;  // last: its threads use all of the above
};

class DirectRequest final : public Request, public RequestItem::Target {
  public:
    DirectRequest(std::shared_ptr<DirectModel> model, std::unique_ptr<InferRequest> first)
        : model_(std::move(model)),
          state_(model_->clock()),
          owner_(model_->batcher().open_owner()),
          batch_(model_->rule().most),
          of_size_(model_->sizes().size()) {
        of_size_[0] = std::move(first);
    }
    ~DirectRequest() override {
        model_->batcher().close_owner(owner_);
        state_.wait_until_idle();
    }

    Result<void> set_batch(int rows) override {
        FACET_TRY(model_->rule().check(rows));
        batch_ = rows;
        return {};
    }
    int batch() const override { return batch_; }
    Result<void> set_image_size(ImageSize size) override;
    ImageSize image_size() const override { return model_->sizes()[size_].size; }

    MutableTensorView input(size_t port) override {
        MutableTensorView view = device().input(port);
        view.shape = shape_of_rows(compiled().inputs()[port], batch_);
        return view;
    }
    TensorView output(size_t port) const override {
        TensorView view = joined_.empty() ? of_size_[size_]->output(port) : joined_[port].view();
        view.shape = shape_of_rows(compiled().outputs()[port], batch_);
        return view;
    }

    Result<void> infer() override {
        FACET_TRY(state_.begin({}));
        finish(run());
        return state_.wait();
    }
    Result<void> start(Done done) override {
        FACET_TRY(state_.begin(std::move(done)));
        auto item = std::make_unique<RequestItem>();
        item->owner = owner_;
        item->target = this;
        model_->batcher().push(std::move(item));
        return {};
    }
    Result<void> wait() override { return state_.wait(); }
    std::optional<Result<void>> wait_for(Duration timeout) override {
        return state_.wait_for(timeout);
    }
    void cancel() override { model_->batcher().cancel(owner_, 0); }

    // Infers in the thread that calls.
    Result<void> run();
    void finish(Result<void> result) override { state_.end(std::move(result)); }

  private:
    [[nodiscard]] InferRequest& device() { return *of_size_[size_]; }
    [[nodiscard]] CompiledModel& compiled() const { return *model_->sizes()[size_].compiled; }
    [[nodiscard]] Result<void> infer_rows(InferRequest& request, int rows);
    [[nodiscard]] Result<void> run_parts(const std::vector<RunPart>& parts);

    const std::shared_ptr<DirectModel> model_;
    RequestState state_;
    const OwnerId owner_;
    int batch_;
    size_t size_ = 0;
    std::vector<std::unique_ptr<InferRequest>> of_size_;  // null: not used so far
    // Of a batch that is split: where a part runs, and the outputs of all.
    std::unique_ptr<InferRequest> part_;
    std::vector<Tensor> joined_;  // empty: the outputs are the device's
};

Result<std::unique_ptr<Request>> DirectModel::create_request() {
    FACET_ASSIGN(std::unique_ptr<InferRequest> first, sizes_.front().compiled->create_request());
    return std::unique_ptr<Request>(
        std::make_unique<DirectRequest>(shared_from_this(), std::move(first)));
}

void DirectModel::run(Batch batch, int) {
    auto& request =
        static_cast<DirectRequest&>(*static_cast<RequestItem&>(*batch.items.front()).target);
    request.finish(request.run());
}

void DirectModel::discard(std::vector<std::unique_ptr<BatchItem>> items, DiscardReason) {
    for (const std::unique_ptr<BatchItem>& item : items)
        static_cast<RequestItem&>(*item).target->finish(
            Error{ErrorCode::kCancelled, "withdrawn before it ran"});
}

Result<void> DirectRequest::set_image_size(ImageSize size) {
    const std::vector<SizedModel>& sizes = model_->sizes();
    const auto found = std::ranges::find(sizes, size, &SizedModel::size);
    if (found == sizes.end() || size == ImageSize{}) {
        std::string known;
        for (const ImageSize one : model_->image_sizes())
            known += (known.empty() ? "" : ", ") + one.text();
        return refused("image size " + size.text() +
                       (known.empty() ? ": the model was loaded without 'image_size_profiles'"
                                      : "; supported: " + known));
    }
    const auto index = static_cast<size_t>(found - sizes.begin());
    if (!of_size_[index]) {
        FACET_ASSIGN(of_size_[index], found->compiled->create_request());
    }
    size_ = index;
    part_.reset();
    joined_.clear();
    return {};
}

Result<void> DirectRequest::run() {
    const std::vector<RunPart> parts = model_->parts_of(batch_);
    if (parts.size() > 1) return run_parts(parts);
    joined_.clear();
    return infer_rows(device(), parts.front().run_rows);
}

Result<void> DirectRequest::infer_rows(InferRequest& request, int rows) {
    const Time started = model_->clock().now();
    FACET_TRY(request.infer(rows));
    model_->observe(rows, model_->clock().now() - started);
    return {};
}

// The parts run in buffers beside the request's own, whose inputs must stay as they are.
Result<void> DirectRequest::run_parts(const std::vector<RunPart>& parts) {
    if (!part_) {
        FACET_ASSIGN(part_, compiled().create_request());
    }
    const std::vector<Port>&inputs = compiled().inputs(), &outputs = compiled().outputs();
    std::vector<Tensor> joined;
    for (const Port& port : outputs) joined.push_back(allocate_rows(port, batch_));
    int row = 0;
    for (const RunPart& part : parts) {
        for (size_t port = 0; port < inputs.size(); ++port)
            copy_rows(inputs[port], device().input(port), row, part_->input(port), 0, part.rows);
        FACET_TRY(infer_rows(*part_, part.run_rows));
        for (size_t port = 0; port < outputs.size(); ++port)
            copy_rows(outputs[port], part_->output(port), 0, joined[port].mutable_view(), row,
                      part.rows);
        row += part.rows;
    }
    joined_ = std::move(joined);
    return {};
}

// Runs each profile, so that none is first run by a caller, and knows what it costs.
Result<CostTable> measure_profiles(CompiledModel& compiled, const std::vector<int>& profiles,
                                   Clock& clock) {
    constexpr Duration kMeasureFor{100'000'000};
    FACET_ASSIGN(const std::unique_ptr<InferRequest> request, compiled.create_request());
    const Time end = steady_clock().now() + kMeasureFor;
    std::vector<CostTable::Point> points;
    for (const int rows : profiles) {
        FACET_TRY(request->infer(rows));
        if (steady_clock().now() >= end) continue;
        const Time started = clock.now();
        FACET_TRY(request->infer(rows));
        points.push_back({rows, clock.now() - started});
    }
    return CostTable(std::move(points));
}

}  // namespace

Result<std::shared_ptr<Model>> start_direct_model(const ModelPlan& plan,
                                                  const ModelOptions& options,
                                                  std::vector<SizedModel> sizes, Clock& clock) {
    CostTable costs;
    if (!options.batch_profiles.empty()) {
        FACET_ASSIGN(costs,
                     measure_profiles(*sizes.front().compiled, options.batch_profiles, clock));
    }
    BatchRule rule{.most = plan.max_batch,
                   .dynamic = options.dynamic_batching,
                   .strict = options.strict_profiles,
                   .profiles = options.batch_profiles};
    ModelFacts facts = facts_of(plan, sizes);
    facts.image_sizes = options.image_size_profiles;
    return std::shared_ptr<Model>(std::make_shared<DirectModel>(std::move(facts), std::move(rule),
                                                                std::move(costs), std::move(sizes),
                                                                plan.requests, clock));
}

}  // namespace facet
