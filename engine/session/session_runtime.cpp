// SPDX-License-Identifier: MIT
// The running half of a session: items in, batches through the request slots, results out.
#include "engine/session/session_runtime.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/mutex.h"
#include "engine/base/processors.h"
#include "engine/batching/batcher.h"
#include "engine/batching/derive_limits.h"
#include "engine/session/crop_pool.h"
#include "engine/session/planned_slots.h"
#include "engine/session/request_slot.h"
#include "engine/session/session_costs.h"
#include "engine/session/stats_recorder.h"
#include "engine/session/trace_file.h"

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
    SessionImpl(const SessionSettings& settings, Clock& clock, std::vector<SessionDevice> devices,
                const BatchLimits& limits, BatcherOptions options)
        : settings_(settings),
          clock_(clock),
          devices_(std::move(devices)),
          specs_(devices_.front().specs),
          slots_(all_slots(devices_)),
          limits_(limits),
          // As many as may be in flight at once, and one more batch being filled.
          crops_(specs_, static_cast<size_t>(limits.max_batch) * (slots_.size() + 1)),
          recorder_(limits.max_batch),
          batcher_(limits, clock, *this, std::move(options)) {}

    const SessionSettings& settings() const override { return settings_; }
    const std::vector<CropSpec>& crop_specs() const override { return specs_; }
    bool yields(size_t model, Yield what) const override;
    std::vector<std::string> descriptions() const override;

    OwnerId open_owner() override;
    void close_owner(OwnerId owner) override;
    void set_owner_state(OwnerId owner, OwnerState state) override {
        batcher_.set_owner_state(owner, state);
    }
    void set_owner_weight(OwnerId owner, double weight) override {
        batcher_.set_owner_weight(owner, weight);
    }
    void set_owner_sheds(OwnerId owner, bool sheds) override {
        batcher_.set_owner_sheds(owner, sheds);
    }
    CropBuffer acquire_crops() override { return crops_.acquire(); }
    void submit(std::vector<Item> items) override;
    void cancel(OwnerId owner, uint32_t generation) override { batcher_.cancel(owner, generation); }
    SessionCounters counters() const override { return recorder_.counters(); }
    SessionStats stats() const override;
    SessionLimits limits() const override;
    Duration expected_wait() const override { return batcher_.expected_wait(); }
    Duration service_bound() const override {
        return batcher_.costs().cost(static_cast<int>(largest_batch(limits_)));
    }
    std::string costs() const override { return batcher_.costs().text(); }

  private:
    using Items = std::vector<std::unique_ptr<BatchItem>>;

    void run(Batch batch, int slot) override;
    void discard(Items items, DiscardReason reason) override;

    struct Slot {
        SessionDevice* device;
        RequestSlot* request;
    };

    [[nodiscard]] static std::vector<Slot> all_slots(std::vector<SessionDevice>& devices);
    [[nodiscard]] bool has_crops(Item& item) const;
    // Gives the items their results; on an error they have none.
    [[nodiscard]] Result<void> run_items(std::span<const std::unique_ptr<BatchItem>> items,
                                         int rows, RequestSlot& slot);
    // Runs the halves of items that failed with `error` together.
    void run_apart(std::span<const std::unique_ptr<BatchItem>> items, const Error& error,
                   RequestSlot& slot);
    // Whether another device runs the batch, which failed for its device's fault.
    [[nodiscard]] bool hand_over(Batch& batch, int slot, const Error& error);
    // The rows that so few items of a failed batch run at.
    [[nodiscard]] int rows_for(size_t items) const;
    void describe(const Batch& batch, const std::string& device, Duration service) const;

    const SessionSettings settings_;
    Clock& clock_;
    std::vector<SessionDevice> devices_;
    const std::vector<CropSpec> specs_;
    const std::vector<Slot> slots_;  // each used by the Batcher's thread of the same number
    const BatchLimits limits_;
    CropPool crops_;
    StatsRecorder recorder_;
    Mutex lost_mutex_;  // guards lost_; no other lock is taken while it is held
    std::set<const SessionDevice*> lost_ FACET_GUARDED_BY(lost_mutex_);  // and said so
    Batcher batcher_;  // last: its threads use all of the above
};

std::vector<SessionImpl::Slot> SessionImpl::all_slots(std::vector<SessionDevice>& devices) {
    std::vector<Slot> slots;
    for (SessionDevice& device : devices)
        for (RequestSlot& request : device.slots) slots.push_back({&device, &request});
    return slots;
}

bool SessionImpl::yields(size_t model, Yield what) const {
    const std::vector<SessionModel>& models = *devices_.front().models;
    return std::ranges::any_of(models[model].outputs, [&](const SessionModel::Output& output) {
        return output.yield.value_or(what) == what;
    });
}

std::vector<std::string> SessionImpl::descriptions() const {
    std::vector<std::string> lines;
    for (const SessionDevice& device : devices_)
        for (const SessionModel& model : *device.models)
            lines.push_back(model.name + " on " + model.device + ": " +
                            model.compiled->description());
    return lines;
}

SessionLimits SessionImpl::limits() const {
    return {.max_batch = static_cast<int>(largest_batch(limits_)),
            .timeout = limits_.timeout,
            .latency_budget = limits_.latency_budget,
            .margin = limits_.margin,
            .profiles = limits_.profiles,
            .requests = devices_.front().plan.requests,
            .threads = devices_.front().plan.threads};
}

SessionStats SessionImpl::stats() const {
    SessionStats stats = recorder_.stats();
    stats.queue_depth = batcher_.waiting();
    for (const SessionDevice& device : devices_) {
        const std::vector<LayerCounters> layers = counters_of(device.layers);
        stats.layers.insert(stats.layers.end(), layers.begin(), layers.end());
    }
    return stats;
}

OwnerId SessionImpl::open_owner() {
    const OwnerId owner = batcher_.open_owner();
    recorder_.opened(owner);
    return owner;
}

void SessionImpl::close_owner(OwnerId owner) {
    batcher_.close_owner(owner);
    recorder_.closed(owner);
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
        waiting->due = item.due.value_or(kNever);
        waiting->filler = item.filler;
        waiting->value = item.value;
        waiting->crops = std::move(item.crops);
        waiting->done = std::move(item.done);
        list.push_back(std::move(waiting));
    }
    recorder_.submitted(items.size(), refused.size(), batcher_.waiting() + accepted.size());
    for (const std::unique_ptr<BatchItem>& item : refused) {
        session_item(item).result.error =
            Error{ErrorCode::kInvalidArgument, "the item has no crops of this session's sizes"};
        session_item(item).finish();
    }
    if (!accepted.empty()) batcher_.push(std::move(accepted));
}

void SessionImpl::run(Batch batch, int slot) {
    RequestSlot& request = *slots_[slot].request;
    const Result<void> ran = run_items(batch.items, static_cast<int>(batch.run_size), request);
    if (!ran.ok()) {
        if (hand_over(batch, slot, ran.error())) return;
        run_apart(batch.items, ran.error(), request);
    }
    const Duration service = clock_.now() - batch.started;
    const auto failed = static_cast<size_t>(
        std::ranges::count_if(batch.items, [](const std::unique_ptr<BatchItem>& item) {
            return session_item(item).result.error.has_value();
        }));
    if (failed == 0) batcher_.observe(static_cast<int>(batch.run_size), service, slot);
    describe(batch, slots_[slot].device->name, service);
    recorder_.ran(batch, service, failed);
    for (const std::unique_ptr<BatchItem>& item : batch.items) session_item(item).finish();
}

bool SessionImpl::hand_over(Batch& batch, int slot, const Error& error) {
    if (error.code != ErrorCode::kDevice && error.code != ErrorCode::kOutOfMemory) return false;
    if (!batcher_.hand_over(batch, slot)) return false;
    const SessionDevice& device = *slots_[slot].device;
    std::string left;
    {
        MutexLock lock(lost_mutex_);
        if (!lost_.insert(&device).second) return true;
        for (const SessionDevice& other : devices_)
            if (!lost_.contains(&other)) left += (left.empty() ? "" : ", ") + other.name;
    }
    log(LogLevel::kWarning,
        device.name + " is out of use from now on, its work goes to " + left + ": " + error.text());
    return true;
}

void SessionImpl::discard(Items items, DiscardReason reason) {
    recorder_.discarded(items, reason);
    for (const std::unique_ptr<BatchItem>& item : items) {
        session_item(item).result.error =
            reason == DiscardReason::kOverload
                ? Error{ErrorCode::kOverload, "shed: it would have come too late"}
                : Error{ErrorCode::kCancelled, "withdrawn before its batch started"};
        session_item(item).finish();
    }
}

Result<void> SessionImpl::run_items(std::span<const std::unique_ptr<BatchItem>> items, int rows,
                                    RequestSlot& slot) {
    std::vector<CropBuffer*> crops;
    for (const std::unique_ptr<BatchItem>& item : items) crops.push_back(&session_item(item).crops);
    std::vector<Converted> converted(items.size());
    FACET_TRY(slot.run(crops, rows, converted));
    for (size_t row = 0; row < items.size(); ++row) {
        ItemResult& result = session_item(items[row]).result;
        result.provenance.batch_size = static_cast<int>(items.size());
        result.detections = std::move(converted[row].detections);
        result.attributes = std::move(converted[row].attributes);
    }
    return {};
}

// Until the items at fault are alone, so that the others get their results.
void SessionImpl::run_apart(std::span<const std::unique_ptr<BatchItem>> items, const Error& error,
                            RequestSlot& slot) {
    if (items.size() == 1) {
        ItemResult& result = session_item(items.front()).result;
        result.provenance.batch_size = 1;
        result.error = error;
        return;
    }
    const auto first = items.first(items.size() / 2);
    for (const auto half : {first, items.subspan(first.size())}) {
        const Result<void> ran = run_items(half, rows_for(half.size()), slot);
        if (!ran.ok()) run_apart(half, ran.error(), slot);
    }
}

int SessionImpl::rows_for(size_t items) const {
    const int rows = static_cast<int>(items);
    const auto profile = std::ranges::lower_bound(limits_.profiles, rows);
    return profile == limits_.profiles.end() ? rows : *profile;
}

void SessionImpl::describe(const Batch& batch, const std::string& device, Duration service) const {
    const int64_t infer_us = microseconds(service);
    std::set<OwnerId> owners;
    for (const std::unique_ptr<BatchItem>& item : batch.items) owners.insert(item->owner);
    for (const std::unique_ptr<BatchItem>& item : batch.items) {
        Provenance& provenance = session_item(item).result.provenance;
        provenance.device = device;
        provenance.batch_id = batch.id;
        provenance.owners = static_cast<int>(owners.size());
        provenance.wait_us = microseconds(batch.started - item->enqueued);
        provenance.infer_us = infer_us;
    }
}

// Sessions on other processors do not take turns with it.
std::shared_ptr<DeviceGate> gate_of(const SessionDevice& device, const SessionSettings& settings) {
    const bool apart = device.plan.threads > 0 && !settings.processors.empty();
    return device_gate(apart ? device.name + ' ' + processors_text(settings.processors)
                             : device.name);
}

}  // namespace

Result<SessionDevice> prepare_device(const SessionSettings& settings, int largest, Clock& clock,
                                     std::vector<SessionModel> models) {
    SessionDevice device;
    device.name = models.front().device;
    device.models = std::make_shared<const std::vector<SessionModel>>(std::move(models));
    std::vector<size_t> spec_of_model;
    std::tie(device.specs, spec_of_model) = share_crops(*device.models);
    FACET_ASSIGN(PlannedSlots planned,
                 plan_slots(settings, largest, *device.models, spec_of_model));
    device.plan = planned.plan;
    device.slots = std::move(planned.slots);
    FACET_ASSIGN(device.costs, measure_costs(settings, largest, clock, device.slots));
    if (!settings.trace_path.empty()) {
        FACET_ASSIGN(device.layers, time_layers(*device.models, device.slots.front(), largest));
    }
    return device;
}

Result<std::shared_ptr<Session>> start_session(const SessionSettings& settings, int largest,
                                               Clock& clock, std::vector<SessionDevice> devices) {
    const SessionDevice& first = devices.front();
    const BatchLimits limits = derive_limits({.max_batch = settings.max_batch,
                                              .ceiling = largest,
                                              .timeout = settings.timeout,
                                              .latency_budget = settings.latency_budget,
                                              .profiles = settings.batch_profiles,
                                              .slots = first.plan.requests},
                                             first.costs);
    BatcherOptions options{.costs = first.costs,
                           .gate = gate_of(first, settings),
                           .width = std::max(1, first.plan.threads)};
    for (const SessionDevice& device : std::span(devices).subspan(1))
        options.further.push_back({.costs = device.costs,
                                   .slots = device.plan.requests,
                                   .width = std::max(1, device.plan.threads),
                                   .gate = gate_of(device, settings)});
    if (!settings.trace_path.empty()) {
        FACET_ASSIGN(options.trace, open_trace_file(settings.trace_path));
        for (const SessionDevice& device : devices) {
            const auto written = write_executed_graphs(settings.trace_path, device.layers);
            if (!written.ok()) log(LogLevel::kWarning, written.error().text());
        }
    }
    return std::shared_ptr<Session>(std::make_shared<SessionImpl>(
        settings, clock, std::move(devices), limits, std::move(options)));
}

}  // namespace facet
