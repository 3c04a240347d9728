// SPDX-License-Identifier: MIT
// Requests of one row that run in batches: gathered by the Batcher, scattered when it has run.
#include <algorithm>
#include <mutex>
#include <span>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/mutex.h"
#include "engine/model/model_internal.h"
#include "engine/model/request_state.h"
#include "engine/model/rows.h"

namespace facet {

namespace {

Error refused(std::string message) {
    return {ErrorCode::kInvalidArgument, std::move(message)};
}

class GatheredRequest;

GatheredRequest& request_of(const std::unique_ptr<BatchItem>& item);

// The owner of each request is blocked while it is under way: it has nothing more to give before
// its batch has run, so nobody waits for it.
class GatheredModel final : public ModelWithFacts,
                            private BatchRunner,
                            public std::enable_shared_from_this<GatheredModel> {
  public:
    GatheredModel(ModelFacts facts, CompiledRows compiled,
                  std::vector<std::unique_ptr<InferRequest>> slots, const BatchLimits& limits,
                  Clock& clock)
        : ModelWithFacts(std::move(facts)),
          compiled_(std::move(compiled.model)),
          unchecked_(std::move(compiled.unchecked)),
          slots_(std::move(slots)),
          clock_(clock),
          batcher_(limits, clock, *this) {}

    [[nodiscard]] Result<std::unique_ptr<Request>> create_request() override;

    [[nodiscard]] const CompiledModel& compiled() const { return *compiled_; }
    [[nodiscard]] Clock& clock() { return clock_; }
    [[nodiscard]] Batcher& batcher() { return batcher_; }

  private:
    using Items = std::span<const std::unique_ptr<BatchItem>>;

    void run(Batch batch, int slot) override;
    void discard(std::vector<std::unique_ptr<BatchItem>> items, DiscardReason reason) override;
    void run_items(Items items, InferRequest& request);
    void gather(Items items, InferRequest& request) const;
    void scatter(Items items, const InferRequest& request) const;

    // Whether rows of a batch stay apart on the device; the first call finds out.
    [[nodiscard]] bool keeps_rows_apart();

    const std::shared_ptr<CompiledModel> compiled_;
    const std::optional<RowCheckOptions> unchecked_;
    std::once_flag checked_;
    bool apart_ = true;                                       // after checked_
    const std::vector<std::unique_ptr<InferRequest>> slots_;  // each of one thread of the Batcher
    Clock& clock_;
    Batcher batcher_;  // last: its threads use all of the above
};

class GatheredRequest final : public Request, public RequestItem::Target {
  public:
    explicit GatheredRequest(std::shared_ptr<GatheredModel> model)
        : model_(std::move(model)),
          state_(model_->clock()),
          owner_(model_->batcher().open_owner()) {
        for (const Port& port : model_->compiled().inputs())
            inputs_.push_back(allocate_rows(port, 1));
        for (const Port& port : model_->compiled().outputs())
            outputs_.push_back(allocate_rows(port, 1));
    }
    ~GatheredRequest() override {
        model_->batcher().close_owner(owner_);
        state_.wait_until_idle();
    }

    Result<void> set_batch(int rows) override {
        if (rows == 1) return {};
        return refused("batch of " + std::to_string(rows) +
                       " rows; supported: 1, since the device batches requests by itself");
    }
    int batch() const override { return 1; }
    Result<void> set_image_size(ImageSize size) override {
        return refused("image size " + size.text() +
                       ": the model was loaded without 'image_size_profiles'");
    }
    ImageSize image_size() const override { return {}; }
    MutableTensorView input(size_t port) override { return inputs_[port].mutable_view(); }
    TensorView output(size_t port) const override { return outputs_[port].view(); }

    Result<void> infer() override {
        FACET_TRY(start({}));
        return state_.wait();
    }
    Result<void> start(Done done) override {
        FACET_TRY(state_.begin(std::move(done)));
        auto item = std::make_unique<RequestItem>();
        item->owner = owner_;
        item->target = this;
        MutexLock lock(mutex_);
        model_->batcher().push(std::move(item));
        model_->batcher().set_owner_state(owner_, OwnerState::kBlocked);
        return {};
    }
    Result<void> wait() override { return state_.wait(); }
    std::optional<Result<void>> wait_for(Duration timeout) override {
        return state_.wait_for(timeout);
    }
    void cancel() override { model_->batcher().cancel(owner_, 0); }
    void finish(Result<void> result) override {
        {
            MutexLock lock(mutex_);
            model_->batcher().set_owner_state(owner_, OwnerState::kActive);
        }
        state_.end(std::move(result));
    }
    [[nodiscard]] std::vector<Tensor>& outputs() { return outputs_; }

  private:
    const std::shared_ptr<GatheredModel> model_;
    RequestState state_;
    const OwnerId owner_;
    // Orders the owner's states as the request goes: blocked once its row waits, then active again.
    // Before the Batcher's mutex.
    Mutex mutex_;
    std::vector<Tensor> inputs_, outputs_;  // by port
};

GatheredRequest& request_of(const std::unique_ptr<BatchItem>& item) {
    return static_cast<GatheredRequest&>(*static_cast<RequestItem&>(*item).target);
}

Result<std::unique_ptr<Request>> GatheredModel::create_request() {
    return std::unique_ptr<Request>(std::make_unique<GatheredRequest>(shared_from_this()));
}

void GatheredModel::run(Batch batch, int slot) {
    InferRequest& request = *slots_[static_cast<size_t>(slot)];
    const Items items = batch.items;
    if (items.size() == 1 || keeps_rows_apart()) return run_items(items, request);
    for (size_t i = 0; i < items.size(); ++i) run_items(items.subspan(i, 1), request);
}

bool GatheredModel::keeps_rows_apart() {
    if (!unchecked_) return true;
    std::call_once(checked_, [this] {
        const Result<void> checked = check_rows(*compiled_, *unchecked_);
        apart_ = checked.ok();
        if (!apart_) log(LogLevel::kWarning, "requests run one by one: " + checked.error().message);
    });
    return apart_;
}

void GatheredModel::discard(std::vector<std::unique_ptr<BatchItem>> items, DiscardReason) {
    for (const std::unique_ptr<BatchItem>& item : items)
        request_of(item).finish(Error{ErrorCode::kCancelled, "withdrawn before it ran"});
}

// A failed batch runs again in halves, so that an error stays with the request it belongs to.
void GatheredModel::run_items(Items items, InferRequest& request) {
    gather(items, request);
    const Result<void> ran = request.infer(static_cast<int>(items.size()));
    if (!ran.ok() && items.size() > 1) {
        run_items(items.first(items.size() / 2), request);
        run_items(items.subspan(items.size() / 2), request);
        return;
    }
    if (ran.ok()) scatter(items, request);
    for (const std::unique_ptr<BatchItem>& item : items) request_of(item).finish(ran);
}

void GatheredModel::gather(Items items, InferRequest& request) const {
    for (size_t port = 0; port < compiled_->inputs().size(); ++port)
        for (size_t row = 0; row < items.size(); ++row)
            copy_rows(compiled_->inputs()[port], request_of(items[row]).input(port), 0,
                      request.input(port), static_cast<int>(row), 1);
}

void GatheredModel::scatter(Items items, const InferRequest& request) const {
    for (size_t port = 0; port < compiled_->outputs().size(); ++port)
        for (size_t row = 0; row < items.size(); ++row)
            copy_rows(compiled_->outputs()[port], request.output(port), static_cast<int>(row),
                      request_of(items[row]).outputs()[port].mutable_view(), 0, 1);
}

}  // namespace

Result<std::shared_ptr<Model>> start_gathered_model(const ModelPlan& plan,
                                                    const ModelOptions& options,
                                                    CompiledRows compiled, Clock& clock) {
    const BatchLimits limits{.max_batch = plan.auto_batch->batch,
                             .timeout = options.auto_batch_timeout,
                             .slots = plan.requests};
    if (compiled.unchecked)
        compiled.unchecked->budget = Duration{0};  // the largest batch says enough
    std::vector<std::unique_ptr<InferRequest>> slots;
    for (int slot = 0; slot < plan.requests; ++slot) {
        FACET_ASSIGN(std::unique_ptr<InferRequest> request, compiled.model->create_request());
        slots.push_back(std::move(request));
    }
    ModelFacts facts = facts_of(plan, {{{}, compiled.model}});
    return std::shared_ptr<Model>(std::make_shared<GatheredModel>(
        std::move(facts), std::move(compiled), std::move(slots), limits, clock));
}

}  // namespace facet
