// SPDX-License-Identifier: MIT
// The running half of a session: items in, batches through the request slots, results out.
#include "engine/session_runtime.h"

#include <algorithm>
#include <set>
#include <utility>

#include "engine/base/mutex.h"
#include "engine/batching/batcher.h"
#include "engine/crop_pool.h"
#include "engine/request_slot.h"

namespace facet {

namespace {

struct SessionItem final : BatchItem {
    CropBuffer crops;
    Done done;
    ItemResult result;

    // Returns the crops before it calls back: whoever learns of the result finds the buffer free.
    void finish() {
        crops = {};
        if (done) std::exchange(done, nullptr)(std::move(result));
    }
};

SessionItem& session_item(const std::unique_ptr<BatchItem>& item) {
    return static_cast<SessionItem&>(*item);
}

int64_t microseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

// The distinct crops of `models`, and for each model which one it takes.
std::pair<std::vector<CropSpec>, std::vector<size_t>> share_crops(
    const std::vector<SessionModel>& models) {
    std::vector<CropSpec> specs;
    std::vector<size_t> spec_of_model;
    for (const SessionModel& model : models) {
        const auto found = std::ranges::find(specs, model.crop);
        spec_of_model.push_back(found - specs.begin());
        if (found == specs.end()) specs.push_back(model.crop);
    }
    return {std::move(specs), std::move(spec_of_model)};
}

class SessionImpl final : public Session, private BatchRunner {
  public:
    // `models` are shared with the slots, which point into them.
    SessionImpl(const SessionSettings& settings, Clock& clock,
                std::shared_ptr<const std::vector<SessionModel>> models,
                std::vector<CropSpec> specs, std::vector<RequestSlot> slots)
        : settings_(settings),
          clock_(clock),
          models_(std::move(models)),
          specs_(std::move(specs)),
          slots_(std::move(slots)),
          // As many as may be in flight at once, and one more batch being filled.
          crops_(specs_, static_cast<size_t>(settings.max_batch) * (settings.requests + 1)),
          counters_{.batch_sizes = std::vector<uint64_t>(settings.max_batch + 1)},
          batcher_({.max_batch = settings.max_batch,
                    .timeout = settings.timeout,
                    .slots = settings.requests},
                   clock, *this) {}

    const SessionSettings& settings() const override { return settings_; }
    const std::vector<CropSpec>& crop_specs() const override { return specs_; }
    bool yields(size_t model, Yield what) const override;
    std::vector<std::string> descriptions() const override;

    OwnerId open_owner() override { return batcher_.open_owner(); }
    void close_owner(OwnerId owner) override { batcher_.close_owner(owner); }
    void set_owner_state(OwnerId owner, OwnerState state) override {
        batcher_.set_owner_state(owner, state);
    }
    CropBuffer acquire_crops() override { return crops_.acquire(); }
    void submit(std::vector<Item> items) override;
    void cancel(OwnerId owner, uint32_t generation) override { batcher_.cancel(owner, generation); }
    SessionCounters counters() const override;

  private:
    using Items = std::vector<std::unique_ptr<BatchItem>>;

    void run(Batch batch, int slot) override;
    void discard(Items items, DiscardReason reason) override;

    [[nodiscard]] bool has_crops(Item& item) const;
    void run_items(std::span<const std::unique_ptr<BatchItem>> items, RequestSlot& slot);
    void describe(const Batch& batch) const;
    void count(const Batch& batch);

    const SessionSettings settings_;
    Clock& clock_;
    const std::shared_ptr<const std::vector<SessionModel>> models_;
    const std::vector<CropSpec> specs_;
    std::vector<RequestSlot> slots_;  // each touched by the Batcher's thread of the same number
    CropPool crops_;
    mutable Mutex counters_mutex_;  // guards counters_
    SessionCounters counters_ FACET_GUARDED_BY(counters_mutex_);
    Batcher batcher_;  // last: its threads use all of the above
};

bool SessionImpl::yields(size_t model, Yield what) const {
    return std::ranges::any_of((*models_)[model].outputs, [&](const SessionModel::Output& output) {
        return output.yield.value_or(what) == what;
    });
}

std::vector<std::string> SessionImpl::descriptions() const {
    std::vector<std::string> lines;
    for (const SessionModel& model : *models_)
        lines.push_back(model.name + " on " + model.device + ": " + model.compiled->description());
    return lines;
}

bool SessionImpl::has_crops(Item& item) const {
    for (size_t spec = 0; spec < specs_.size(); ++spec)
        if (item.crops.pixels(spec).size() != specs_[spec].byte_size()) return false;
    return true;
}

void SessionImpl::submit(std::vector<Item> items) {
    Items accepted, refused;
    for (Item& item : items) {
        auto waiting = std::make_unique<SessionItem>();
        Items& list = has_crops(item) ? accepted : refused;
        waiting->owner = item.owner;
        waiting->generation = item.generation;
        waiting->deadline = item.deadline.value_or(kNever);
        waiting->crops = std::move(item.crops);
        waiting->done = std::move(item.done);
        list.push_back(std::move(waiting));
    }
    {
        MutexLock lock(counters_mutex_);
        counters_.items += items.size();
        counters_.failed_items += refused.size();
    }
    for (const std::unique_ptr<BatchItem>& item : refused) {
        session_item(item).result.error =
            Error{ErrorCode::kInvalidArgument, "the item has no crops of this session's sizes"};
        session_item(item).finish();
    }
    if (!accepted.empty()) batcher_.push(std::move(accepted));
}

SessionCounters SessionImpl::counters() const {
    MutexLock lock(counters_mutex_);
    return counters_;
}

void SessionImpl::run(Batch batch, int slot) {
    run_items(batch.items, slots_[slot]);
    describe(batch);
    count(batch);
    for (const std::unique_ptr<BatchItem>& item : batch.items) session_item(item).finish();
}

void SessionImpl::discard(Items items, DiscardReason reason) {
    {
        MutexLock lock(counters_mutex_);
        counters_.cancelled_items += items.size();
    }
    for (const std::unique_ptr<BatchItem>& item : items) {
        session_item(item).result.error =
            reason == DiscardReason::kOverload
                ? Error{ErrorCode::kOverload, "shed: it would have come too late"}
                : Error{ErrorCode::kCancelled, "withdrawn before its batch started"};
        session_item(item).finish();
    }
}

// A failed run is split until the items at fault are alone, so that the others get their results.
void SessionImpl::run_items(std::span<const std::unique_ptr<BatchItem>> items, RequestSlot& slot) {
    std::vector<CropBuffer*> crops;
    for (const std::unique_ptr<BatchItem>& item : items) crops.push_back(&session_item(item).crops);
    std::vector<Converted> converted(items.size());
    const Result<void> ran = slot.run(crops, converted);
    if (!ran.ok() && items.size() > 1) {
        run_items(items.first(items.size() / 2), slot);
        run_items(items.subspan(items.size() / 2), slot);
        return;
    }
    for (size_t row = 0; row < items.size(); ++row) {
        ItemResult& result = session_item(items[row]).result;
        result.provenance.batch_size = static_cast<int>(items.size());
        if (!ran.ok()) {
            result.error = ran.error();
            continue;
        }
        result.detections = std::move(converted[row].detections);
        result.attributes = std::move(converted[row].attributes);
    }
}

void SessionImpl::describe(const Batch& batch) const {
    const int64_t infer_us = microseconds(clock_.now() - batch.started);
    std::set<OwnerId> owners;
    for (const std::unique_ptr<BatchItem>& item : batch.items) owners.insert(item->owner);
    for (const std::unique_ptr<BatchItem>& item : batch.items) {
        Provenance& provenance = session_item(item).result.provenance;
        provenance.device = models_->front().device;
        provenance.batch_id = batch.id;
        provenance.owners = static_cast<int>(owners.size());
        provenance.wait_us = microseconds(batch.started - item->enqueued);
        provenance.infer_us = infer_us;
    }
}

void SessionImpl::count(const Batch& batch) {
    const auto failed =
        std::ranges::count_if(batch.items, [](const std::unique_ptr<BatchItem>& item) {
            return session_item(item).result.error.has_value();
        });
    MutexLock lock(counters_mutex_);
    ++counters_.batches;
    ++counters_.batch_sizes[batch.items.size()];
    counters_.failed_items += failed;
}

}  // namespace

Result<std::shared_ptr<Session>> start_session(const SessionSettings& settings, Clock& clock,
                                               std::vector<SessionModel> models) {
    const auto shared = std::make_shared<const std::vector<SessionModel>>(std::move(models));
    auto [specs, spec_of_model] = share_crops(*shared);
    std::vector<RequestSlot> slots;
    for (int slot = 0; slot < settings.requests; ++slot) {
        FACET_ASSIGN(RequestSlot created, RequestSlot::create(*shared, spec_of_model));
        slots.push_back(std::move(created));
    }
    FACET_TRY(slots.front().warm_up(settings.max_batch));
    return std::shared_ptr<Session>(
        std::make_shared<SessionImpl>(settings, clock, shared, std::move(specs), std::move(slots)));
}

}  // namespace facet
