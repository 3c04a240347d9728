// SPDX-License-Identifier: MIT
// Opens sessions: checks settings, loads models, creates and warms up requests; and runs single
// items for programs without streams.
#include "engine/session.h"

#include <future>
#include <map>
#include <optional>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/mutex.h"
#include "engine/base/processors.h"
#include "engine/model/batch_device.h"
#include "engine/model/batch_profiles.h"
#include "engine/session/auto_devices.h"
#include "engine/session/session_internal.h"
#include "engine/session/session_runtime.h"

namespace facet {

namespace {

struct DeviceLoaders {
    Mutex mutex;  // guards by_device
    std::map<std::string, ModelLoader> by_device FACET_GUARDED_BY(mutex);
};

DeviceLoaders& device_loaders() {
    static DeviceLoaders loaders;
    return loaders;
}

ModelLoader loader_for(const std::string& device) {
    DeviceLoaders& loaders = device_loaders();
    MutexLock lock(loaders.mutex);
    const auto found = loaders.by_device.find(device);
    return found == loaders.by_device.end() ? ModelLoader(load_model) : found->second;
}

Result<void> check_range(const char* setting, int64_t value, int64_t low, int64_t high) {
    if (value >= low && value <= high) return {};
    return Error{ErrorCode::kInvalidArgument,
                 std::string("setting '") + setting + "': " + std::to_string(value) +
                     " is outside " + std::to_string(low) + ".." + std::to_string(high)};
}

Result<void> check(const SessionSettings& settings) {
    if (settings.models.empty())
        return Error{ErrorCode::kInvalidArgument, "setting 'models': at least one is needed"};
    FACET_TRY(check_range("max_batch", settings.max_batch, 0, 2048));
    FACET_TRY(check_range("latency_budget", settings.latency_budget.count(), 0, kNever.count()));
    FACET_TRY(check_batch_profiles(settings.batch_profiles));
    FACET_TRY(check_range("timeout", settings.timeout.count(), 0, kNever.count()));
    FACET_TRY(check_range("requests", settings.requests, 0, 64));
    FACET_TRY(check_range("threads", settings.threads, 0, 1024));
    if (settings.threshold && !(*settings.threshold >= 0 && *settings.threshold <= 1))
        return Error{
            ErrorCode::kInvalidArgument,
            "setting 'threshold': " + std::to_string(*settings.threshold) + " is outside 0..1"};
    return {};
}

// Items of a session come together in batches by nature: of "BATCH:CPU(8)" the number is left.
Result<SessionSettings> without_batch_device(SessionSettings settings) {
    FACET_ASSIGN(const std::optional<BatchDevice> named, parse_batch_device(settings.device));
    if (!named) return settings;
    settings.device = named->device;
    if (named->batch) settings.max_batch = *named->batch;
    return settings;
}

// The largest batch that the models are compiled for.
int largest_compiled(const SessionSettings& settings) {
    constexpr int kLargestChosen = 32;
    if (!settings.batch_profiles.empty()) return settings.batch_profiles.back();
    return settings.max_batch > 0 ? settings.max_batch : kLargestChosen;
}

Result<SessionDevice> open_device(const SessionSettings& settings, const std::string& name,
                                  Clock& clock) {
    const ModelLoader load = loader_for(name);
    SessionSettings compiled = settings;
    compiled.device = name;
    compiled.max_batch = largest_compiled(settings);
    std::vector<SessionModel> models;
    for (const ModelSettings& model : settings.models) {
        FACET_ASSIGN(SessionModel loaded, load(model, compiled));
        models.push_back(std::move(loaded));
    }
    return prepare_device(compiled, compiled.max_batch, clock, std::move(models));
}

}  // namespace

void set_device_loader(const std::string& device, ModelLoader loader) {
    DeviceLoaders& loaders = device_loaders();
    MutexLock lock(loaders.mutex);
    if (loader)
        loaders.by_device.insert_or_assign(device, std::move(loader));
    else
        loaders.by_device.erase(device);
}

Result<std::shared_ptr<Session>> Session::open(const SessionSettings& asked, Clock& clock) {
    FACET_TRY(check(asked));
    FACET_ASSIGN(const SessionSettings settings, without_batch_device(asked));
    FACET_ASSIGN(const std::vector<std::string> names, devices_of(settings.device));
    // Threads stay where they were made.
    Result<std::unique_ptr<ProcessorScope>> scope = ProcessorScope::enter(settings.processors);
    if (!scope.ok()) return scope.error().within("setting 'processors'");
    std::vector<SessionDevice> devices;
    std::optional<Error> refused;  // the last device's that is not used
    std::string remarks;
    for (const std::string& name : names) {
        Result<SessionDevice> device = open_device(settings, name, clock);
        if (device.ok()) {
            devices.push_back(*std::move(device));
            continue;
        }
        refused = device.error();
        remarks += (remarks.empty() ? "" : "; ") + name + " is not used: " + refused->text();
    }
    if (devices.empty()) return *refused;
    if (!remarks.empty()) log(LogLevel::kWarning, remarks);
    return start_session(settings, largest_compiled(settings), clock, std::move(devices));
}

SessionLimits Session::limits() const {
    return {.max_batch = settings().max_batch, .timeout = settings().timeout};
}

bool Session::yields(size_t, Yield) const {
    return true;
}

Result<ItemResult> Session::run(const ImageView& image, const Rect& region) {
    Item item;
    item.crops = acquire_crops();
    for (size_t spec = 0; spec < crop_specs().size(); ++spec)
        FACET_TRY(crop(image, region, crop_specs()[spec], item.crops.pixels(spec)));

    // Shared, because set_value() may still be at work on it when get() has returned.
    const auto promise = std::make_shared<std::promise<ItemResult>>();
    item.done = [promise](ItemResult result) { promise->set_value(std::move(result)); };
    item.owner = open_owner();
    const OwnerId owner = item.owner;
    // The caller waits here, so nobody need wait for more of it; callers side by side batch.
    set_owner_state(owner, OwnerState::kBlocked);
    std::vector<Item> items;
    items.push_back(std::move(item));
    submit(std::move(items));
    ItemResult result = promise->get_future().get();
    close_owner(owner);
    if (result.error) return *result.error;
    return result;
}

}  // namespace facet
